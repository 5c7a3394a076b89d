import type { ElementFunction } from "../../../operators/operations-per-element.ts";
import type { TensorId } from "../../../model/model.ts";
import {
  newWeights,
  type Activation,
  type ActivationForm,
  type FormOf,
  type PoolForm,
} from "../../../neutral/forms.ts";
import type { Lowers } from "./lower-rule.ts";
import { fusedOption } from "./lower-products.ts";
import type { Attributes, OperatorWriter } from "./operator-writer.ts";
import { writeWeights } from "./weight-writer.ts";
import { writePadded } from "./write-padded.ts";

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

/** The least float32: what it pads with no maximum ever is. */
const LEAST_FLOAT = -3.4028234663852886e38;

function pool(form: PoolForm, writer: OperatorWriter): void {
  const { mode, isGlobal, kernel, strides, dilations, padsBegin, padsEnd, countsPadding, ceils } = form;
  if (isGlobal) {
    const axes = writer.setting("axes", [1, 2]);
    writer.operator(mode === "max" ? "REDUCE_MAX" : "MEAN", [writer.input, axes], { keep_dims: true });
    return;
  }
  if (kernel.length !== 2) throw writer.error(`TFLite pools over two axes, not ${kernel.length}`);
  if (ceils || dilations.some((dilation) => dilation !== 1)) throw writer.error("TFLite has no such pool");
  // TFLite's averages leave out what SAME adds, and count what a PAD adds.
  const isPadded = [...padsBegin, ...padsEnd].some((pad) => pad !== 0);
  if (mode === "average" && countsPadding && isPadded) throw writer.error("TFLite's averages do not count padding");
  const { input, padding } = writePadded(form, kernel, writer, mode === "max" ? LEAST_FLOAT : 0);
  if (mode === "average" && input !== writer.input)
    throw writer.error("TFLite has no average pool that leaves out such padding");
  writer.operator(mode === "max" ? "MAX_POOL_2D" : "AVERAGE_POOL_2D", [input], {
    padding,
    stride_w: strides[1] ?? 1,
    stride_h: strides[0] ?? 1,
    filter_width: kernel[1] ?? 1,
    filter_height: kernel[0] ?? 1,
    ...fusedOption(form.activation),
  });
}

/** As it was, to other sizes. */
function resize({ to }: FormOf<"resize">, writer: OperatorWriter): void {
  const { before } = writer.layer;
  if (before === undefined || to === undefined || !("sizes" in to))
    throw writer.error("it cannot be resized otherwise");
  writer.operator(before.op, [writer.input, writer.setting("size", to.sizes)]);
}

export const LOWER_SIMPLE: Lowers = { elementwise, activation, pool, resize };
