import type { FormatAdapter, LayerToLower } from "../../../neutral/adapter.ts";
import type { GraphBuilder } from "../../../neutral/graph-builder.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import { WRITE_ACTIVATION } from "../operators/activation.ts";
import { WRITE_ELEMENTWISE } from "../operators/elementwise.ts";
import { WRITE_CONVOLUTION } from "../operators/convolution.ts";
import { WRITE_POOLING } from "../operators/pooling.ts";
import { LOWER_LAYOUT } from "./lower-layout.ts";
import { WRITE_PRODUCTS } from "../operators/matmul.ts";
import { WRITE_REDUCTION } from "../operators/reduction.ts";
import { WRITE_NORMALIZATION } from "../operators/normalization.ts";
import { WRITE_RECURRENT } from "../operators/recurrent.ts";
import type { Lower, Lowers } from "./lower-rule.ts";
import { isOnIntegers, lowerQuantized } from "./lower-quantized.ts";
import { LOWER_SIMPLE } from "./lower-simple.ts";
import { NodeWriter } from "./node-writer.ts";

const LOWERS: Lowers = {
  ...WRITE_ACTIVATION,
  ...WRITE_ELEMENTWISE,
  ...WRITE_CONVOLUTION,
  ...WRITE_POOLING,
  ...WRITE_NORMALIZATION,
  ...WRITE_RECURRENT,
  ...WRITE_PRODUCTS,
  ...WRITE_REDUCTION,
  ...LOWER_LAYOUT,
  ...LOWER_SIMPLE,
};

/** ONNX nodes for a layer; a fused activation becomes a node of its own. */
export const lowerLayer: FormatAdapter["lower"] = async (layer: LayerToLower, draft: GraphBuilder) => {
  const { form } = layer;
  const fused = "activation" in form ? form.activation : undefined;
  const lower = LOWERS[form.kind] as Lower | undefined;
  if (lower === undefined) throw new LoweringError(`${layer.name}: a layer of kind ${form.kind} is not written`);
  const writer = new NodeWriter(layer, draft);
  if (isOnIntegers(writer) && (await lowerQuantized(form, writer)) === "written") return;
  if (fused === undefined) {
    await lower(form, writer);
    return;
  }
  const between = writer.tensor("linear");
  await lower(form, new NodeWriter({ ...layer, outputs: [between] }, draft));
  const activation = { ...layer, name: `${layer.name}.${fused.fn}`, inputs: [between] };
  await lowerLayer({ ...activation, form: { kind: "activation", ...fused } }, draft);
};
