import { OPERATIONS_PER_ELEMENT, type ElementFunction } from "../../../operators/operations-per-element.ts";
import { inferredType } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { TensorId } from "../../../model/model.ts";
import { liftActivation, liftPRelu, liftSoftmax } from "../../../neutral/element-forms.ts";
import type { ActivationForm, SoftmaxForm } from "../../../neutral/forms.ts";
import { newWeights } from "../../../neutral/weights.ts";
import { NotLiftable } from "../../../neutral/native-layer.ts";
import type { Lowering, Operator } from "../../../neutral/operator.ts";
import type { Activation } from "../../../operators/operation.ts";
import { fusedOption } from "../restructure/fused-activation.ts";
import type { Attributes, OperatorWriter } from "../restructure/operator-writer.ts";
import type { TfliteLayer } from "../restructure/tflite-layer.ts";
import { writeWeights } from "../restructure/weight-writer.ts";
import { outputType, type Rules } from "./common.ts";

/** @param told what it is with its parameters; default: the function that is costed */
function activation(
  cost: ElementFunction | ((view: NodeView) => ElementFunction),
  told?: (view: NodeView) => Activation,
): Operator<TfliteLayer> {
  return {
    describe: (view) => {
      const fn = typeof cost === "function" ? cost(view) : cost;
      const computed = told ? told(view) : { fn };
      return {
        outputs: [inferredType(outputType(view), view.shape(0))],
        operation: {
          kind: "activation",
          geometry: { opsPerElement: OPERATIONS_PER_ELEMENT[fn], activation: computed },
        },
      };
    },
    lift: liftActivation,
    inPlace: [0],
  };
}

function clip(minimum: number, maximum: number): Operator<TfliteLayer> {
  return activation("clip", () => ({ fn: "clip", minimum, maximum }));
}

/** Over the last axis. */
function softmax(isLog: boolean): Operator<TfliteLayer> {
  return {
    describe: (view) => {
      const rank = view.shape(0)?.length;
      const settings = rank === undefined ? undefined : { isLog, axes: [rank - 1] };
      return {
        outputs: [inferredType(outputType(view), view.shape(0))],
        operation: { kind: "softmax", ...(settings && { settings }) },
      };
    },
    lift: (layer) => {
      if (!isLog && layer.view.int("beta", 1) !== 1) throw new NotLiftable("its beta is not 1");
      return liftSoftmax(layer);
    },
    inPlace: [0],
  };
}

/** A square and a sum for each element, then its product with the reciprocal root. */
const L2_NORMALIZATION_OPS = 3;

/** Operations beside the window's squares and sums: scale, bias, power, quotient. */
const LRN_OPS = 4;

function norm(opsPerElement: (view: NodeView) => number): OperatorRule {
  return {
    describe: (view) => ({
      outputs: [inferredType(outputType(view), view.shape(0))],
      operation: { kind: "norm", geometry: { opsPerElement: opsPerElement(view) } },
    }),
    inPlace: [0],
  };
}

function withoutEditing(fn: ElementFunction): OperatorRule {
  const { lift, ...rule } = activation(fn);
  return rule;
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

async function writeActivation(form: ActivationForm, writer: OperatorWriter): Promise<void> {
  const { fn, slopes, alpha = 1 } = form;
  if (fn === "clip") await writeClip(form, writer);
  else if (fn === "pRelu" && slopes) {
    const stored = await writeWeights(writer, slopes, { role: "slopes", channelAxis: 0, isPerChannel: false });
    writer.operator("PRELU", [writer.input, stored]);
  } else if (fn === "elu" && alpha === 1) writer.operator("ELU", [writer.input]);
  else if (fn === "silu") writeSilu(writer);
  else {
    const known = FUNCTIONS[fn];
    if (known === undefined) throw writer.error(`TFLite has no operator for ${fn}`);
    writer.operator(known.op, [writer.input], known.attributes?.(form));
  }
}

/** Two ranges have operators of their own. */
async function writeClip(
  { minimum = -Infinity, maximum = Infinity }: Activation,
  writer: OperatorWriter,
): Promise<void> {
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

function writeSilu(writer: OperatorWriter): void {
  const gate = writer.tensor("gate");
  writer.helper("sigmoid", "LOGISTIC", [writer.input], {}, gate);
  writer.operator("MUL", [writer.input, gate], fusedOption(undefined));
}

function writeSoftmax({ axes, isLog }: SoftmaxForm, writer: OperatorWriter): void {
  if (axes.length > 1 || axes[0] !== writer.shape(writer.input).length - 1)
    throw writer.error("TFLite's softmax is over the last axis");
  if (isLog) writer.operator("LOG_SOFTMAX", [writer.input]);
  else writer.operator("SOFTMAX", [writer.input], { beta: 1 });
}

export const WRITE_ACTIVATION: Lowering<OperatorWriter> = { activation: writeActivation, softmax: writeSoftmax };

/** Activation functions, softmax and normalisation. */
export const ACTIVATION: Rules = {
  RELU: activation("relu"),
  RELU6: activation("relu6"),
  RELU_N1_TO_1: clip(-1, 1),
  RELU_0_TO_1: clip(0, 1),
  LEAKY_RELU: activation("leakyRelu", (view) => ({ fn: "leakyRelu", alpha: view.int("alpha", 0) })),
  PRELU: { ...activation("pRelu"), lift: liftPRelu },
  ELU: activation("elu", () => ({ fn: "elu", alpha: 1 })),
  LOGISTIC: activation("sigmoid"),
  TANH: activation("tanh"),
  HARD_SWISH: activation("hardSwish"),
  GELU: activation((view) => (view.flag("approximate") ? "geluTanh" : "gelu")),
  STABLEHLO_LOGISTIC: withoutEditing("sigmoid"),
  STABLEHLO_TANH: withoutEditing("tanh"),

  SOFTMAX: softmax(false),
  LOG_SOFTMAX: softmax(true),
  L2_NORMALIZATION: norm(() => L2_NORMALIZATION_OPS),
  // Each element takes the squares of its neighbours in the window of 2 · radius + 1 channels.
  LOCAL_RESPONSE_NORMALIZATION: {
    ...norm((view) => 2 * (2 * view.int("radius", 0) + 1) + LRN_OPS),
    lift: (layer) => {
      const { view } = layer;
      const around = { before: view.int("radius", 0), after: view.int("radius", 0) };
      const [alpha, beta, bias] = [view.int("alpha", 0), view.int("beta", 0), view.int("bias", 0)];
      return layer.lifted({ kind: "local-response-norm", ...around, alpha, beta, bias });
    },
  },
};
