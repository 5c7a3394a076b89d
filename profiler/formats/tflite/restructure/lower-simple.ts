import type { ElementFunction } from "../../../operators/operations-per-element.ts";
import type { TensorId } from "../../../model/model.ts";
import { newWeights, type Activation, type ActivationForm, type FormOf } from "../../../neutral/forms.ts";
import type { Lowers } from "./lower-rule.ts";
import { fusedOption } from "./fused-activation.ts";
import type { Attributes, OperatorWriter } from "./operator-writer.ts";
import { writeWeights } from "./weight-writer.ts";

const ELEMENTWISE: Readonly<Record<FormOf<"elementwise">["fn"], string>> = {
  add: "ADD",
  subtract: "SUB",
  multiply: "MUL",
  divide: "DIV",
  minimum: "MINIMUM",
  maximum: "MAXIMUM",
  power: "POW",
};

const WITHOUT_FUSED_OPTION = new Set(["MINIMUM", "MAXIMUM", "POW"]);

async function elementwise(form: FormOf<"elementwise">, writer: OperatorWriter): Promise<void> {
  const { fn, constant, isConstantFirst } = form;
  const { input, layer } = writer;
  const op = ELEMENTWISE[fn];
  const options = WITHOUT_FUSED_OPTION.has(op) ? {} : fusedOption(form.activation);
  if (constant === undefined) {
    writer.operator(op, layer.inputs, options);
    return;
  }
  const operand = await writeWeights(writer, constant, { role: "operand", channelAxis: 0, isPerChannel: false });
  writer.operator(op, isConstantFirst ? [operand, input] : [input, operand], options);
}

/** Functions that one operator computes. */
interface Function {
  readonly op: string;
  readonly attributes?: (activation: Activation) => Attributes;
}

const FUNCTIONS: Partial<Record<ElementFunction, Function>> = {
  relu: { op: "RELU" },
  relu6: { op: "RELU6" },
  leakyRelu: { op: "LEAKY_RELU", attributes: ({ alpha = 0 }) => ({ alpha }) },
  sigmoid: { op: "LOGISTIC" },
  tanh: { op: "TANH" },
  hardSwish: { op: "HARD_SWISH" },
  gelu: { op: "GELU", attributes: () => ({ approximate: false }) },
  geluTanh: { op: "GELU", attributes: () => ({ approximate: true }) },
};

async function activation(form: ActivationForm, writer: OperatorWriter): Promise<void> {
  const { fn, slopes, alpha = 1 } = form;
  if (fn === "clip") await clip(form, writer);
  else if (fn === "pRelu" && slopes) {
    const stored = await writeWeights(writer, slopes, { role: "slopes", channelAxis: 0, isPerChannel: false });
    writer.operator("PRELU", [writer.input, stored]);
  } else if (fn === "elu" && alpha === 1) writer.operator("ELU", [writer.input]);
  else if (fn === "silu") silu(writer);
  else {
    const known = FUNCTIONS[fn];
    if (known === undefined) throw writer.error(`TFLite has no operator for ${fn}`);
    writer.operator(known.op, [writer.input], known.attributes?.(form));
  }
}

/** Two ranges have operators of their own. */
async function clip({ minimum = -Infinity, maximum = Infinity }: Activation, writer: OperatorWriter): Promise<void> {
  if (maximum === 1 && minimum === -1) {
    writer.operator("RELU_N1_TO_1", [writer.input]);
    return;
  }
  if (maximum === 1 && minimum === 0) {
    writer.operator("RELU_0_TO_1", [writer.input]);
    return;
  }
  const low = await bound(minimum, "minimum", writer);
  const high = await bound(maximum, "maximum", writer);
  if (low !== undefined && high !== undefined) raiseAndCut(low, high, writer);
  else if (low !== undefined) writer.operator("MAXIMUM", [writer.input, low]);
  else if (high !== undefined) writer.operator("MINIMUM", [writer.input, high]);
  else throw writer.error("it has no bounds");
}

function raiseAndCut(low: TensorId, high: TensorId, writer: OperatorWriter): void {
  const raised = writer.tensor("raised");
  writer.helper("raise", "MAXIMUM", [writer.input, low], {}, raised);
  writer.operator("MINIMUM", [raised, high]);
}

function bound(value: number, role: string, writer: OperatorWriter): Promise<TensorId | undefined> {
  if (!Number.isFinite(value)) return Promise.resolve(undefined);
  const weights = newWeights([1], Float32Array.of(value));
  return writeWeights(writer, weights, { role, channelAxis: 0, isPerChannel: false });
}

function silu(writer: OperatorWriter): void {
  const gate = writer.tensor("gate");
  writer.helper("sigmoid", "LOGISTIC", [writer.input], {}, gate);
  writer.operator("MUL", [writer.input, gate], fusedOption(undefined));
}

/** As it was, to other sizes. */
function resize({ to }: FormOf<"resize">, writer: OperatorWriter): void {
  const { before } = writer.layer;
  if (before === undefined || to === undefined || !("sizes" in to))
    throw writer.error("it cannot be resized otherwise");
  writer.operator(before.op, [writer.input, writer.setting("size", to.sizes)]);
}

export const LOWER_SIMPLE: Lowers = { elementwise, activation, resize };
