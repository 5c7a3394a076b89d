import type { FormatAdapter } from "../../../neutral/adapter.ts";
import type { Form, FormKind } from "../../../neutral/forms.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import { fusedName } from "./fused-activation.ts";
import { WRITE_ACTIVATION } from "../operators/activation.ts";
import { WRITE_ELEMENTWISE } from "../operators/elementwise.ts";
import { WRITE_CONVOLUTION } from "../operators/convolution.ts";
import { TFLITE_OPERATORS } from "../operators/index.ts";
import { WRITE_REDUCTION } from "../operators/reduction.ts";
import { WRITE_POOLING } from "../operators/pooling.ts";
import { DraftTypes } from "./draft-types.ts";
import { LOWER_LAYOUT } from "./lower-layout.ts";
import { WRITE_DENSE } from "../operators/dense.ts";
import type { Lower, Lowers } from "./lower-rule.ts";
import { LOWER_SIMPLE } from "./lower-simple.ts";
import { OperatorWriter } from "./operator-writer.ts";

const LOWERS: Lowers = {
  ...WRITE_ACTIVATION,
  ...WRITE_ELEMENTWISE,
  ...WRITE_CONVOLUTION,
  ...WRITE_POOLING,
  ...WRITE_DENSE,
  ...WRITE_REDUCTION,
  ...LOWER_LAYOUT,
  ...LOWER_SIMPLE,
};

/** Forms whose operators compute an activation along with their result; of elementwise ones some do. */
const FUSES: ReadonlySet<FormKind> = new Set<FormKind>(["conv", "dense", "pool"]);
const FUSING_FUNCTIONS = new Set(["add", "subtract", "multiply", "divide"]);

/** TFLite operators for a layer; an activation that cannot be fused becomes an operator of its own. */
export const lowerLayer: FormatAdapter["lower"] = async (layer, draft) => {
  const { form } = layer;
  const fused = "activation" in form ? form.activation : undefined;
  const lower = LOWERS[form.kind] as Lower | undefined;
  if (lower === undefined) throw new LoweringError(`${layer.name}: a layer of kind ${form.kind} is not written`);
  const types = DraftTypes.of(draft, TFLITE_OPERATORS);
  const writer = new OperatorWriter(layer, draft, types);
  if (fused === undefined || (fuses(form) && fusedName(fused) !== undefined)) {
    await lower(form, writer);
    return;
  }
  const between = writer.tensor("linear");
  const linear = { ...form, activation: undefined } as Form;
  await lower(linear, new OperatorWriter({ ...layer, form: linear, outputs: [between] }, draft, types));
  const { outputs } = layer;
  const activation: Form = { kind: "activation", ...fused };
  await lowerLayer({ name: `${layer.name}.${fused.fn}`, form: activation, inputs: [between], outputs }, draft);
};

function fuses(form: Form): boolean {
  if (form.kind === "pool") return !form.isGlobal;
  return FUSES.has(form.kind) || (form.kind === "elementwise" && FUSING_FUNCTIONS.has(form.fn));
}
