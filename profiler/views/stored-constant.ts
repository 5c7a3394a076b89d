import { isConstant, type Constant, type Graph, type Model, type Node, type Quantization } from "../model/model.ts";
import { elementsOf } from "../model/shape.ts";

/** A graph of the file and the graph around it, whose tensors its own may stand for. */
export interface Scope {
  readonly graph: Graph;
  readonly outer?: Scope;
}

/** A tensor as the file stores it. */
export interface StoredTensor {
  /** The stored tensor's own name: not that of the tensor it was asked for, where operators stand in between. */
  readonly name: string;
  readonly constant?: Constant;
  readonly quantization?: Quantization;
  /** Operators in between give it other axes. */
  readonly isRearranged?: boolean;
}

/** The scope of every node of a model. */
export function scopesOf({ entries }: Model): ReadonlyMap<Node, Scope> {
  const scopes = new Map<Node, Scope>();
  const visit = (scope: Scope): void => {
    for (const node of scope.graph.nodes) {
      scopes.set(node, scope);
      for (const { graph } of node.bodies) visit({ graph, outer: scope });
    }
  };
  for (const { graph } of entries) visit({ graph });
  return scopes;
}

/** Operators that keep the elements of their first input, or only widen them: what is behind them is what the file stores. */
const HANDS_ON: ReadonlySet<string> = new Set([
  "Identity",
  "DequantizeLinear",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Transpose",
  "Cast",
  "DEQUANTIZE",
  "DENSIFY",
  "RESHAPE",
  "TRANSPOSE",
]);

const REARRANGES: ReadonlySet<string> = new Set([
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Transpose",
  "RESHAPE",
  "TRANSPOSE",
]);

/** Exporters put two or three of them before a weight; a file made to harm could put any number. */
const LONGEST_CHAIN = 16;

/** What the file stores of a tensor: itself, or what it is handed on from. Without `constant` it is computed. */
export function storedTensor(scope: Scope, id: number, chain = LONGEST_CHAIN): StoredTensor | undefined {
  const tensor = scope.graph.tensors[id];
  if (!tensor) return undefined;
  if (tensor.outer !== undefined && scope.outer) return storedTensor(scope.outer, tensor.outer, chain);
  const own = { name: tensor.name, ...(tensor.quantization && { quantization: tensor.quantization }) };
  if (tensor.constant) return { ...own, constant: tensor.constant };
  const producer = chain > 0 ? scope.graph.nodes.find(({ outputs }) => outputs.includes(id)) : undefined;
  const value = producer?.op === "Constant" ? producer.attributes.get("value") : undefined;
  if (value !== undefined && isConstant(value)) return { ...own, constant: value };
  const [source] = producer?.inputs ?? [];
  if (!producer || source === undefined || !HANDS_ON.has(producer.op)) return own;
  const stored = storedTensor(scope, source, chain - 1);
  if (!stored?.constant) return own;
  // Scales that follow an axis are those of what DequantizeLinear reads: behind a Reshape the stored tensor has other axes.
  const isScaled = producer.op === "DequantizeLinear" && !stored.isRearranged;
  const quantization = isScaled ? dequantization(scope, producer, stored.constant.shape.length) : undefined;
  return {
    ...stored,
    ...(quantization && { quantization }),
    ...(REARRANGES.has(producer.op) && { isRearranged: true }),
  };
}

/** Scales and zero points of ONNX's operator, where the file has them: their numbers only where they are few. */
function dequantization(scope: Scope, { inputs, attributes }: Node, rank: number): Quantization | undefined {
  const [scale, zeroPoint] = inputs.slice(1).map((id) => storedTensor(scope, id)?.constant);
  if (!scale || scale.storage.kind === "none") return undefined;
  const count = elementsOf(scale.shape) ?? 0;
  const axis = attributes.get("axis");
  const place = typeof axis === "number" ? axis : 1;
  const blockSize = attributes.get("block_size");
  const isBlocks = typeof blockSize === "number" && blockSize > 0;
  return {
    granularity: isBlocks ? "block" : count === 1 ? "tensor" : "channel",
    ...((isBlocks || count > 1) && { axis: place < 0 ? place + rank : place }),
    ...(isBlocks && { blockSize }),
    scales: scale.values ?? [],
    zeroPoints: zeroPoint?.values ?? scale.values?.map(() => 0) ?? [],
    stored: { scales: scale, ...(zeroPoint && { zeroPoints: zeroPoint }) },
  };
}
