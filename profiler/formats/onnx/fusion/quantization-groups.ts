import { ownEntry } from "../../../own-entry.ts";
import type { Grouping, GroupTensor, OperatorGroup } from "../../../layers/operator-group.ts";
import { ABSENT, type Node, type TensorId } from "../../../model/model.ts";
import type { InferredGraph, InferredNode } from "../../../operators/infer.ts";
import { isRedundantCut } from "./redundant-cut.ts";
import { isDequantize, QuantizedGraph, type Quantized } from "./quantized-graph.ts";
import {
  isBlockwiseProduct,
  QUANTIZED_OPERATORS,
  type Candidate,
  type QuantizedOperator,
} from "./quantized-operators.ts";

/**
 * QuantizeLinear and DequantizeLinear with the operator between them, where ONNX Runtime runs them as one on integers. What it does not
 * take together stays as it is: a Conv without a QuantizeLinear behind it computes in float.
 */
export const QUANTIZATION_GROUPS: Grouping = { isIn: isDequantize, find: quantizationGroups };

function quantizationGroups(inferred: InferredGraph): readonly OperatorGroup[] {
  const graph = new QuantizedGraph(inferred);
  const drafts = inferred.nodes.flatMap((inferredNode) => groupOf(graph, inferredNode) ?? []);
  return withDequantizers(graph, drafts);
}

/** Without the DequantizeLinears in front of it: others may read them, too. */
interface Draft extends OperatorGroup {
  readonly dequantizers: readonly InferredNode[];
}

function groupOf(graph: QuantizedGraph, inferredNode: InferredNode): Draft | undefined {
  const { node } = inferredNode;
  const rule =
    node.domain === "" && Object.hasOwn(QUANTIZED_OPERATORS, node.op)
      ? ownEntry(QUANTIZED_OPERATORS, node.op)
      : undefined;
  if (rule === undefined) return undefined;
  const inputs = node.inputs.map((id) => graph.before(id));
  if (inputs.every((input) => input === undefined)) return undefined;
  const clip = clipBehind(graph, inferredNode);
  const isClipped = clip !== undefined;
  const outputs = node.outputs.map((id, position) => graph.behind(position === 0 && isClipped ? outputOf(clip) : id));
  // A Relu that the quantization does not make redundant keeps the operator before it from becoming one with anything.
  if (isClipped && !isRedundantCut(clip, outputs[0])) return undefined;
  const candidate = { inferredNode, inputs, outputs, hasRedundantClip: isClipped, graph };
  if (rule.select(candidate)) return draftOf(candidate, clip, rule);
  const isProduct = node.op === "MatMul" || node.op === "Gemm";
  return isProduct && isBlockwiseProduct(candidate) ? blockwiseDraft(candidate) : undefined;
}

function draftOf(
  { inferredNode: { node }, inputs, outputs }: Candidate,
  clip: InferredNode | undefined,
  { isMove, isView }: QuantizedOperator,
): Draft {
  const quantizers = outputs.flatMap((output) => output?.node ?? []);
  return {
    node,
    absorbed: [...(clip ? [clip.node] : []), ...quantizers.map((quantizer) => quantizer.node)],
    dequantizers: inputs.flatMap((input) => input?.node ?? []),
    inputs: byPosition(inputs),
    outputs: byPosition(outputs),
    computesIn: isMove ? undefined : inputs.find((input) => input !== undefined)?.dataType,
    isInPlace: isMove === true,
    ...(isView && { isView: true as const }),
  };
}

function blockwiseDraft({ inferredNode: { node }, inputs }: Candidate): Draft {
  const weight = inputs[1];
  return {
    node,
    absorbed: [],
    dequantizers: weight?.node ? [weight.node] : [],
    inputs: byPosition([undefined, weight]),
    outputs: new Map(),
    computesIn: "int8",
    isInPlace: false,
  };
}

function byPosition(tensors: readonly (Quantized | undefined)[]): ReadonlyMap<number, GroupTensor> {
  const found = new Map<number, GroupTensor>();
  tensors.forEach((tensor, position) => {
    if (tensor) found.set(position, { id: tensor.id, dataType: tensor.dataType });
  });
  return found;
}

/** A Relu or a Clip that alone reads what a node makes, and that only one reads. */
function clipBehind(graph: QuantizedGraph, { node }: InferredNode): InferredNode | undefined {
  const [output] = node.outputs;
  const clip = output === undefined || node.outputs.length > 1 ? undefined : graph.onlyReader(output)?.inferredNode;
  if (clip?.node.domain !== "" || !(clip.node.op === "Relu" || clip.node.op === "Clip")) return undefined;
  return graph.onlyReader(outputOf(clip)) === undefined ? undefined : clip;
}

function outputOf({ node }: InferredNode): TensorId {
  return node.outputs[0] ?? ABSENT;
}

/** Each group has a DequantizeLinear of its own, a copy where others read it: the file's is gone when all its readers are. */
function withDequantizers(graph: QuantizedGraph, drafts: readonly Draft[]): readonly OperatorGroup[] {
  const uses = new Map<Node, number>();
  const groups = new Map<Node, Draft>(drafts.map((draft) => [draft.node, draft]));
  for (const { dequantizers, node } of drafts) {
    for (const dequantizer of new Set(dequantizers)) {
      const id = outputOf(dequantizer);
      const times = graph.readers(id).filter((reader) => reader.inferredNode.node === node).length;
      uses.set(dequantizer.node, (uses.get(dequantizer.node) ?? 0) + times);
    }
  }
  const isGone = ({ node }: InferredNode): boolean => {
    const id = node.outputs[0] ?? ABSENT;
    return !graph.isOutput(id) && uses.get(node) === graph.readers(id).length;
  };
  return [...groups.values()].map(({ dequantizers, ...group }) => ({
    ...group,
    absorbed: [...new Set([...group.absorbed, ...dequantizers.filter(isGone).map(({ node }) => node)])],
  }));
}
