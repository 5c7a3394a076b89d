import type { ElementFunction } from "../../../operators/operations-per-element.ts";
import { ABSENT, type Attribute, type TensorId } from "../../../model/model.ts";
import type { Activation, FormOf } from "../../../neutral/forms.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import type { Lowers } from "./lower-rule.ts";
import type { NodeWriter } from "./node-writer.ts";

const ELEMENTWISE: Readonly<Record<FormOf<"elementwise">["fn"], string>> = {
  add: "Add",
  subtract: "Sub",
  multiply: "Mul",
  divide: "Div",
  minimum: "Min",
  maximum: "Max",
  power: "Pow",
};

/** Since then operands are broadcast as NumPy does. */
const FIRST_WITH_BROADCAST = 7;
const FIRST_WITH_CLIP_INPUTS = 11;

/** Functions that one operator computes: its name, the operator set that brought it, and its attributes. */
interface Function {
  readonly op: string;
  readonly since: number;
  readonly attributes?: (activation: Activation) => Readonly<Record<string, Attribute>>;
}

const FUNCTIONS: Partial<Record<ElementFunction, Function>> = {
  relu: { op: "Relu", since: 1 },
  leakyRelu: { op: "LeakyRelu", since: 1, attributes: ({ alpha = 0.01 }) => ({ alpha }) },
  elu: { op: "Elu", since: 1, attributes: ({ alpha = 1 }) => ({ alpha }) },
  selu: { op: "Selu", since: 1 },
  sigmoid: { op: "Sigmoid", since: 1 },
  hardSigmoid: { op: "HardSigmoid", since: 1, attributes: ({ alpha = 0.2, beta = 0.5 }) => ({ alpha, beta }) },
  hardSwish: { op: "HardSwish", since: 14 },
  mish: { op: "Mish", since: 18 },
  softplus: { op: "Softplus", since: 1 },
  tanh: { op: "Tanh", since: 1 },
  gelu: { op: "Gelu", since: 20 },
  geluTanh: { op: "Gelu", since: 20, attributes: () => ({ approximate: "tanh" }) },
};

async function elementwise(form: FormOf<"elementwise">, writer: NodeWriter): Promise<void> {
  const { fn, constant, isConstantFirst } = form;
  writer.needsOpset(FIRST_WITH_BROADCAST, "broadcasting");
  const operand = constant && (await writer.weights("operand", constant));
  const inputs = operand === undefined ? writer.layer.inputs : withOperand(writer.input, operand, isConstantFirst);
  writer.node(ELEMENTWISE[fn], inputs);
}

function withOperand(input: TensorId, operand: TensorId, isFirst: boolean): readonly TensorId[] {
  return isFirst ? [operand, input] : [input, operand];
}

async function activation(form: FormOf<"activation">, writer: NodeWriter): Promise<void> {
  const { fn, slopes } = form;
  const known = FUNCTIONS[fn];
  if (fn === "relu6") clip(0, 6, writer);
  else if (fn === "clip") clip(form.minimum ?? -Infinity, form.maximum ?? Infinity, writer);
  else if (fn === "silu") silu(writer);
  else if (fn === "pRelu" && slopes) writer.node("PRelu", [writer.input, await writer.weights("slopes", slopes)]);
  else if (known === undefined) throw new LoweringError(`${writer.layer.name}: ONNX has no operator for ${fn}`);
  else {
    writer.needsOpset(known.since, known.op);
    writer.node(known.op, [writer.input], known.attributes?.(form));
  }
}

/** Bounds are attributes up to opset 10 and inputs since. */
function clip(minimum: number, maximum: number, writer: NodeWriter): void {
  if (writer.opset >= FIRST_WITH_CLIP_INPUTS) {
    writer.node("Clip", [writer.input, writer.scalar("minimum", minimum), writer.scalar("maximum", maximum)]);
    return;
  }
  const bounds = { ...(minimum > -Infinity && { min: minimum }), ...(maximum < Infinity && { max: maximum }) };
  writer.node("Clip", [writer.input], bounds);
}

function silu(writer: NodeWriter): void {
  const gate = writer.tensor("gate");
  writer.helper("sigmoid", "Sigmoid", [writer.input], {}, gate);
  writer.node("Mul", [writer.input, gate]);
}

function identity(_: FormOf<"identity">, writer: NodeWriter): void {
  writer.node("Identity", [writer.input]);
}

/** As it was, to other sizes: batch and channels stay as they are told. */
async function resize({ to }: FormOf<"resize">, writer: NodeWriter): Promise<void> {
  const { node } = writer.layer.before ?? {};
  const told = await writer.draft.lifted[node?.inputs[3] ?? ABSENT]?.constant?.read();
  if (node === undefined || to === undefined || !("sizes" in to) || told === undefined)
    throw new LoweringError(`${writer.layer.name}: it cannot be resized otherwise`);
  const [, region = ABSENT] = node.inputs;
  const sizes = writer.setting("sizes", [...told.slice(0, 2), ...to.sizes]);
  writer.node("Resize", [writer.input, region, ABSENT, sizes], Object.fromEntries(node.attributes));
}

export const LOWER_SIMPLE: Lowers = { elementwise, activation, identity, resize };
