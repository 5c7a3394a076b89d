import { ownEntry } from "../../../own-entry.ts";
import { ABSENT, type Node, type TensorId } from "../../../model/model.ts";
import type { DataType } from "../../../model/data-type.ts";
import type { InferredGraph, InferredNode } from "../../../operators/infer.ts";
import { UNKNOWN, type InferredType } from "../../../operators/inferred-type.ts";

/** Scale and zero point of one tensor. */
export interface Scheme {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** A tensor as quantized operators see it. */
export interface Quantized {
  /** What holds the integers: a tensor of the file, or the float one itself where the runtime puts a pair between its neighbours. */
  readonly id: TensorId;
  readonly dataType: DataType | undefined;
  /** undefined where scale and zero point are not both given as constant numbers, one for the tensor. */
  readonly scheme: Scheme | undefined;
  /** The QuantizeLinear or DequantizeLinear of the file. */
  readonly node?: InferredNode;
}

/**
 * Where a graph's QuantizeLinear and DequantizeLinear stand, and where ONNX Runtime puts more of them: operators that only move numbers
 * hand a scheme on to what is behind them (DequantizeLinear) and in front of them (QuantizeLinear).
 * Source: ONNX Runtime 1.27.0, optimizer/qdq_transformer/qdq_propagation.cc.
 */
export class QuantizedGraph {
  readonly #makers = new Map<TensorId, InferredNode>();
  readonly #readers = new Map<TensorId, Reader[]>();
  readonly #handedOn = new Map<TensorId, Quantized>();
  readonly #outputs: ReadonlySet<TensorId>;

  constructor(readonly inferred: InferredGraph) {
    this.#outputs = new Set(inferred.graph.outputs);
    for (const inferredNode of inferred.nodes) {
      const { node } = inferredNode;
      for (const id of node.outputs) if (id !== ABSENT) this.#makers.set(id, inferredNode);
      node.inputs.forEach((id, position) => this.#addReader(id, { inferredNode, position }));
      for (const id of readInBodies(node)) this.#addReader(id, { inferredNode, position: undefined });
    }
    for (const node of inferred.nodes) if (isQuantize(node)) this.#handBackward(node);
    for (const node of inferred.nodes) if (isDequantize(node)) this.#handForward(node);
  }

  typeOf(id: TensorId | undefined): InferredType {
    return this.inferred.inferredTypes[id ?? ABSENT] ?? UNKNOWN;
  }

  maker(id: TensorId | undefined): InferredNode | undefined {
    return id === undefined ? undefined : this.#makers.get(id);
  }

  readers(id: TensorId): readonly Reader[] {
    return this.#readers.get(id) ?? [];
  }

  isOutput(id: TensorId): boolean {
    return this.#outputs.has(id);
  }

  /** What is dequantized to give the tensor. */
  before(id: TensorId | undefined): Quantized | undefined {
    const maker = this.maker(id);
    if (maker && isDequantize(maker)) return this.#dequantized(maker);
    return id === undefined ? undefined : this.#handedOn.get(id);
  }

  /** What the tensor is quantized to, where nothing else reads it. */
  behind(id: TensorId): Quantized | undefined {
    const handedOn = this.#handedOn.get(id);
    if (handedOn) return handedOn;
    const quantize = this.onlyReader(id)?.inferredNode;
    return quantize && isQuantize(quantize) ? this.#quantized(quantize) : undefined;
  }

  /** The one node that reads a tensor as an input of its own; undefined where the graph gives it to its caller, too. */
  onlyReader(id: TensorId): Reader | undefined {
    const readers = this.readers(id);
    return this.isOutput(id) || readers.length !== 1 || readers[0]?.position === undefined ? undefined : readers[0];
  }

  #addReader(id: TensorId, reader: Reader): void {
    if (id === ABSENT) return;
    const known = this.#readers.get(id);
    if (known === undefined) this.#readers.set(id, [reader]);
    else known.push(reader);
  }

  #dequantized(inferredNode: InferredNode): Quantized {
    const { node } = inferredNode;
    const id = node.inputs[0] ?? ABSENT;
    return { id, dataType: this.typeOf(id).dataType, scheme: schemeOf(inferredNode), node: inferredNode };
  }

  #quantized(inferredNode: InferredNode): Quantized {
    const id = inferredNode.node.outputs[0] ?? ABSENT;
    return { id, dataType: this.typeOf(id).dataType, scheme: schemeOf(inferredNode), node: inferredNode };
  }

  /** Up through operators that only move numbers, as long as nothing else reads what is in front of them. */
  #handBackward(quantize: InferredNode): void {
    const { dataType, scheme } = this.#quantized(quantize);
    if (scheme === undefined) return;
    let id = quantize.node.inputs[0] ?? ABSENT;
    for (;;) {
      const mover = this.maker(id);
      if (mover === undefined || !isMover(mover) || this.onlyReader(id) === undefined) return;
      id = mover.node.inputs[0] ?? ABSENT;
      const source = this.maker(id);
      if (source === undefined || isDequantize(source) || this.onlyReader(id) === undefined) return;
      if (!this.#handedOn.has(id)) this.#handedOn.set(id, { id, dataType, scheme });
    }
  }

  /** Down through operators that only move numbers, to all that read what is behind them and do not quantize it themselves. */
  #handForward(dequantize: InferredNode): void {
    const { dataType, scheme } = this.#dequantized(dequantize);
    if (scheme === undefined) return;
    const next = dequantize.node.outputs.slice(0, 1);
    for (const id of next) {
      for (const { inferredNode, position } of this.readers(id)) {
        const behind = inferredNode.node.outputs[0] ?? ABSENT;
        if (position !== 0 || !isMover(inferredNode) || this.#handedOn.has(behind)) continue;
        const readers = this.readers(behind);
        const isKept = readers.length > 0 && this.isOutput(behind);
        if (isKept || readers.some((reader) => isQuantize(reader.inferredNode))) continue;
        this.#handedOn.set(behind, { id: behind, dataType, scheme });
        next.push(behind);
      }
    }
  }
}

export interface Reader {
  readonly inferredNode: InferredNode;
  /** undefined: in a body of the node. */
  readonly position: number | undefined;
}

const QDQ_DOMAINS: ReadonlySet<string> = new Set(["", "com.microsoft"]);

function isQuantize({ node: { op, domain } }: InferredNode): boolean {
  return op === "QuantizeLinear" && QDQ_DOMAINS.has(domain);
}

export function isDequantize({ node: { op, domain } }: InferredNode): boolean {
  return op === "DequantizeLinear" && QDQ_DOMAINS.has(domain);
}

/** Operators that hand a scheme on, by the first operator set in which ONNX Runtime knows them as such. */
export const MOVERS: Readonly<Record<string, number>> = {
  MaxPool: 12,
  Reshape: 5,
  Transpose: 1,
  Squeeze: 1,
  Unsqueeze: 1,
  Slice: 1,
};

function isMover({ node: { op, domain, version } }: InferredNode): boolean {
  return domain === "" && Object.hasOwn(MOVERS, op) && version >= (ownEntry(MOVERS, op) ?? Infinity);
}

function schemeOf({ view }: InferredNode): Scheme | undefined {
  const scale = view.number(1);
  const zeroPoint = view.has(2) ? view.number(2) : 0;
  if (scale === undefined || zeroPoint === undefined) return undefined;
  return view.input(1).constant === undefined ? undefined : { scale, zeroPoint };
}

/** Tensors of this graph that the bodies of a node use. */
function readInBodies({ bodies }: Node): readonly TensorId[] {
  // A body's own bodies reach this graph only through the body's tensors.
  return bodies.flatMap(({ graph }) => graph.tensors.flatMap(({ outer }) => outer ?? []));
}
