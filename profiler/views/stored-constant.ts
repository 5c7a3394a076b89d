import { formatOf, type Format } from "../formats/formats.ts";
import type { Constant, Graph, Model, Node, Quantization } from "../model/model.ts";
import { elementsOf } from "../model/shape.ts";
import type { StoredSource } from "../model/stored-source.ts";

/** A graph of the file and the graph around it, whose tensors its own may stand for. */
export interface Scope {
  readonly graph: Graph;
  readonly format: Format;
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
export function scopesOf(model: Model): ReadonlyMap<Node, Scope> {
  const scopes = new Map<Node, Scope>();
  const format = formatOf(model);
  const visit = (scope: Scope): void => {
    for (const node of scope.graph.nodes) {
      scopes.set(node, scope);
      for (const { graph } of node.bodies) visit({ graph, format, outer: scope });
    }
  };
  for (const { graph } of model.entries) visit({ graph, format });
  return scopes;
}

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
  const source = producer && scope.format.storedSource(producer);
  if (source?.constant) return { ...own, constant: source.constant };
  const [behind] = producer?.inputs ?? [];
  if (!producer || !source || behind === undefined) return own;
  const stored = storedTensor(scope, behind, chain - 1);
  if (!stored?.constant) return own;
  // Scales that follow an axis are those of what the operator reads: behind a reshape the stored tensor has other axes.
  const quantization =
    source.scaling && !stored.isRearranged
      ? dequantization(scope, producer, source.scaling, stored.constant.shape.length)
      : undefined;
  return { ...stored, ...(quantization && { quantization }), ...(source.isRearranged && { isRearranged: true }) };
}

/** Scales and zero points of an operator that widens, where the file has them: their numbers only where they are few. */
function dequantization(
  scope: Scope,
  { inputs }: Node,
  { axis, blockSize }: NonNullable<StoredSource["scaling"]>,
  rank: number,
): Quantization | undefined {
  const [scale, zeroPoint] = inputs.slice(1).map((id) => storedTensor(scope, id)?.constant);
  if (!scale || scale.storage.kind === "none") return undefined;
  const count = elementsOf(scale.shape) ?? 0;
  const isBlocks = blockSize !== undefined;
  return {
    granularity: isBlocks ? "block" : count === 1 ? "tensor" : "channel",
    ...((isBlocks || count > 1) && { axis: axis < 0 ? axis + rank : axis }),
    ...(isBlocks && { blockSize }),
    scales: scale.values ?? [],
    zeroPoints: zeroPoint?.values ?? scale.values?.map(() => 0) ?? [],
    stored: { scales: scale, ...(zeroPoint && { zeroPoints: zeroPoint }) },
  };
}
