import { ownEntry } from "../../../own-entry.ts";
import type { Model, TensorId } from "../../../model/model.ts";
import {
  whyNoIntegers,
  type IntegerRule,
  type IntegerSupport,
  type LayerSurroundings,
} from "../../../neutral/integer-support.ts";
import { isKind, type NeutralLayer } from "../../../neutral/neutral-graph.ts";
import { QUANTIZED_OPERATORS } from "../fusion/quantized-operators.ts";

/** Since then a DequantizeLinear takes a scale for each channel; before, QuantizeLinear is there, with one scale. */
const FIRST_PER_CHANNEL = 13;
const FIRST_WITH_QUANTIZE = 10;
const FIRST_WITH_ROUND = 11;
/** Since then MaxPool takes integers. */
const FIRST_INTEGER_POOL = 12;
const FIRST_INTEGER_RESIZE = 10;

/**
 * What ONNX Runtime runs on integers between DequantizeLinear and QuantizeLinear: by its own table, which costs of quantized models go by
 * too.
 */
export function onnxIntegers(model: Model): IntegerSupport {
  const opset = model.opsets.get("") ?? 1;
  const whyNone = whyNoPairs(model, opset);
  return {
    // Unsigned ones have the faster kernels on x86, and a Relu is absorbed by their range.
    dataType: "uint8",
    hasChannelScales: () => opset >= FIRST_PER_CHANNEL,
    whyChannelScales: undefined,
    keepsFloatIo: true,
    ioTypes: [],
    needsBias: false,
    packsWeights: true,
    ruleOf: (layer, graph) => whyNone ?? ruleOf(layer, graph),
  };
}

/** Why no layer of a model may stand between DequantizeLinear and QuantizeLinear; undefined where they may. */
function whyNoPairs({ entries: [{ graph }] }: Model, opset: number): string | undefined {
  if (opset < FIRST_WITH_QUANTIZE)
    return `QuantizeLinear needs operator set ${FIRST_WITH_QUANTIZE}, and the model uses ${opset}`;
  if (opset >= FIRST_WITH_ROUND) return undefined;
  // Between such pairs it rounds float biases when it loads a file, that of an Add behind a MatMul too, and then cannot load it.
  const products = new Set(graph.nodes.flatMap(({ op, outputs }) => (op === "MatMul" ? outputs : [])));
  const isConstant = (id: TensorId): boolean => graph.tensors[id]?.constant !== undefined;
  const biased = graph.nodes.find(
    ({ op, inputs }) =>
      (op === "ConvTranspose" && inputs.length > 2) ||
      (op === "Add" && inputs.some((id) => products.has(id)) && inputs.some(isConstant)),
  );
  return (
    biased &&
    `ONNX Runtime rounds the bias of ${biased.op} by an operator that operator set ${FIRST_WITH_ROUND} has first, and the model uses ${opset}`
  );
}

function ruleOf(layer: NeutralLayer, graph: LayerSurroundings): IntegerRule | string {
  const { node, op, inputs } = layer;
  const known =
    node.domain === "" && Object.hasOwn(QUANTIZED_OPERATORS, op) ? ownEntry(QUANTIZED_OPERATORS, op) : undefined;
  if (known === undefined) return `ONNX Runtime has no ${op} of integers`;
  const reason = typeReason(layer, graph);
  if (reason !== undefined) return reason;
  if (isKind<"conv">(layer, "conv")) return { inputs, isProduct: true };
  if (isKind<"dense">(layer, "dense")) return { inputs, isProduct: true, canEndInFloat: true };
  if (op === "MatMul") return { inputs, isProduct: true, canEndInFloat: true };
  if (op === "Conv" || op === "Gemm")
    return layer.form.kind === "opaque" ? layer.form.why : `ONNX Runtime has no ${op} of integers like it`;
  if (known.isView) return "only a Relu or a Clip right behind a layer goes into its rounding";
  if (known.isMove) {
    if (op === "MaxPool" && node.version < FIRST_INTEGER_POOL)
      return `MaxPool takes integers since operator set ${FIRST_INTEGER_POOL}`;
    if (op === "Resize" && !isIntegerResize(layer))
      return "ONNX Runtime resizes integers by neighbours or linearly alone";
    return MOVED.has(op) ? { inputs: inputs.slice(0, 1), moves: true } : `${op} of integers is not written`;
  }
  if (!COMPUTED.has(op)) return `${op} of integers is not written`;
  const hasConstant = isKind<"elementwise">(layer, "elementwise") && layer.form.constant !== undefined;
  if (hasConstant && graph.producer(inputs[0])?.op === "MatMul")
    return "a bias is added to what a MatMul of integers makes in float";
  return { inputs, ...(hasConstant && { quantizesConstant: true as const }) };
}

/** Of the table those whose pairs are written: what reads indices or conditions is not. */
const MOVED: ReadonlySet<string> = new Set([
  ...["MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split", "Resize"],
  ...["Expand", "Tile", "DepthToSpace", "ReduceMax", "ReduceMin"],
]);
const COMPUTED: ReadonlySet<string> = new Set([
  ...["Add", "Mul", "Concat", "AveragePool", "GlobalAveragePool", "LeakyRelu", "Sigmoid"],
]);

function isIntegerResize({ node }: NeutralLayer): boolean {
  return node.version >= FIRST_INTEGER_RESIZE && node.attributes.get("mode") !== "cubic";
}

function typeReason({ op, node, inputs, outputs }: NeutralLayer, graph: LayerSurroundings): string | undefined {
  const looked = [...(inputs.length > 0 ? inputs : node.inputs).slice(0, 1), ...outputs.slice(0, 1)];
  const reason = whyNoIntegers(op, looked, graph);
  if (reason !== undefined) return reason;
  return looked.some((id) => graph.tensor(id).isCaptured) ? "a branch or a loop reads it, too" : undefined;
}
