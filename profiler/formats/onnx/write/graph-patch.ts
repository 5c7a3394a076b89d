import type { ByteSource } from "../../../bytes/byte-source.ts";
import { ABSENT, type Constant, type Graph, type Node, type Tensor, type TensorId } from "../../../model/model.ts";
import { MessageWriter } from "../wire/message-writer.ts";
import type { WireField, WireWalker } from "../wire/walk.ts";
import { GRAPH, graphFields, textOf, type GraphFields } from "./graph-fields.ts";
import { touchedOf, type Touched } from "./touched-fields.ts";
import { encodeNode, NODE } from "./encode-node.ts";
import { fieldSegments, TENSOR } from "./encode-tensor.ts";
import { encodeType, encodeValue, VALUE } from "./encode-value.ts";
import { bytesSegment, lengthOf, type ByteSegment } from "../../../bytes/byte-segments.ts";

const DEVICES_SHARDING = 2;
const SHARDING_TENSOR = 1;

/** Before IR version 4 every initializer had to be an input of the graph as well. */
const FIRST_WITH_OWN_INITIALIZERS = 4;

export interface PatchContext {
  readonly source: ByteSource;
  readonly walker: WireWalker;
  readonly irVersion: number;
  /** Makes the TensorProto of a new constant. */
  readonly tensor: (name: string, constant: Constant) => Promise<readonly ByteSegment[]>;
}

/**
 * The graph of a file as an edited model has it: every field that no edit touched is copied from where it stands, in its order. New
 * nodes stand where they run, new initializers behind the old ones.
 */
export async function patchedGraph(
  graph: Graph,
  place: WireField,
  context: PatchContext,
): Promise<readonly ByteSegment[]> {
  const file = await graphFields(place, context.walker);
  const { at, behind } = await new GraphPatch(graph, file, context).changes();
  const parts = file.fields.map((field) => at.get(field) ?? [copied(context.source, field)]);
  const last = new Map(file.fields.map(({ field }, index) => [field, index]));
  for (const [field, segments] of behind) {
    const index = last.get(field);
    if (index === undefined) parts.push(segments);
    else parts[index] = [...(parts[index] ?? []), ...segments];
  }
  return parts.flat();
}

/**
 * Bytes of `patchedGraph`.
 * @param base that the graph was edited from: only what the edit touched is looked at
 */
export async function patchedGraphBytes(
  graph: Graph,
  place: WireField,
  context: PatchContext,
  base?: Graph,
): Promise<number> {
  const file = await graphFields(place, context.walker);
  const { at, behind } = await new GraphPatch(graph, file, context, base).changes();
  let bytes = place.length;
  for (const [field, segments] of at) bytes += lengthOf(segments) - copied(context.source, field).length;
  for (const segments of behind.values()) bytes += lengthOf(segments);
  return bytes;
}

/** What an edited model has otherwise than its file. */
interface GraphChanges {
  /** What stands where a field of the file stood. */
  readonly at: ReadonlyMap<WireField, readonly ByteSegment[]>;
  /** What comes behind the last field of a number. */
  readonly behind: ReadonlyMap<number, readonly ByteSegment[]>;
}

class GraphPatch {
  readonly #touch: Touched;
  /** Tensors that an edit made, changed or took out, by their names. */
  readonly #touched: ReadonlyMap<string, Tensor>;

  constructor(
    private readonly graph: Graph,
    private readonly file: GraphFields,
    private readonly context: PatchContext,
    base?: Graph,
  ) {
    this.#touch = touchedOf(graph, file, base);
    this.#touched = new Map(this.#touch.tensors.map((tensor) => [tensor.name, tensor]));
  }

  async changes(): Promise<GraphChanges> {
    const at = new Map<WireField, readonly ByteSegment[]>();
    const behind = new Map<number, readonly ByteSegment[]>();
    const append = (field: number, segments: readonly ByteSegment[]): void => {
      if (segments.length > 0) behind.set(field, [...(behind.get(field) ?? []), ...segments]);
    };
    const { groups, rest, added } = this.#touch;
    for (const [field, nodes] of groups) at.set(field, await this.#nodes(nodes));
    append(GRAPH.node, await this.#nodes(rest));
    for (const [name, tensor] of this.#touched)
      for (const field of this.file.byName.get(name) ?? []) at.set(field, await this.#field(field, tensor));
    for (const { name, constant } of added) {
      if (constant)
        append(GRAPH.initializer, fieldSegments(GRAPH.initializer, await this.context.tensor(name, constant)));
    }
    for (const [field, ids] of [
      [GRAPH.input, this.graph.inputs],
      [GRAPH.output, this.graph.outputs],
    ] as const)
      this.#changeInputsOrOutputs(field, ids, at, append);
    if (this.context.irVersion < FIRST_WITH_OWN_INITIALIZERS) append(GRAPH.input, added.flatMap(initializerInput));
    return { at, behind };
  }

  /** Inputs or outputs that the graph does not have go, and those that the file does not have come behind: of a part of its graph. */
  #changeInputsOrOutputs(
    number: number,
    ids: readonly TensorId[],
    at: Map<WireField, readonly ByteSegment[]>,
    append: (field: number, segments: readonly ByteSegment[]) => void,
  ): void {
    const wanted = new Map(ids.map((id) => [this.#name(id), this.graph.tensors[id]]));
    for (const { field, name } of this.file.inputsAndOutputs.get(number) ?? [])
      if (!wanted.delete(name)) at.set(field, []);
    for (const [name, tensor] of wanted) {
      const value = encodeValue(name, tensor?.declared ?? { dataType: undefined, shape: undefined });
      append(number, fieldSegments(number, [bytesSegment(value)]));
    }
  }

  async #nodes(nodes: readonly Node[]): Promise<readonly ByteSegment[]> {
    const written = await Promise.all(nodes.map((node) => this.#node(node)));
    return written.flatMap((segments) => fieldSegments(GRAPH.node, segments));
  }

  /** The node's bytes in the file, other names of tensors put in where it reads or makes others now. */
  async #node(node: Node): Promise<readonly ByteSegment[]> {
    const { span } = node;
    if (span === undefined)
      return [bytesSegment(encodeNode(node, (id) => this.#name(id))), ...(await this.#notes(node))];
    const { source, walker } = this.context;
    const whole = [{ source, ...span }];
    if (node.isRewired !== true) return whole;
    const fields = await walker.fields(span.offset, span.length);
    const wanted = new Map<number, string[]>([
      [NODE.input, node.inputs.map((id) => this.#name(id))],
      [NODE.output, node.outputs.map((id) => this.#name(id))],
    ]);
    const segments: ByteSegment[] = [];
    let isChanged = false;
    for (const field of fields) {
      const name = wanted.get(field.field)?.shift();
      if (name === undefined || name === (await walker.text(field))) segments.push(copied(source, field));
      else {
        segments.push(bytesSegment(new MessageWriter().text(field.field, name).bytes));
        isChanged = true;
      }
    }
    return isChanged ? segments : whole;
  }

  /** What the file notes about the node that this one came from. */
  async #notes({ notes, inputs, outputs }: Node): Promise<readonly ByteSegment[]> {
    if (notes === undefined) return [];
    const { source, walker } = this.context;
    const names = new Set([...inputs, ...outputs].map((id) => this.#name(id)));
    const segments: ByteSegment[] = [];
    for (const field of await walker.fields(notes.offset, notes.length)) {
      if (field.field === NODE.docString || field.field === NODE.metadata) segments.push(copied(source, field));
      if (field.field === NODE.devices) segments.push(...(await this.#devices(field, names)));
    }
    return segments;
  }

  /** On which devices the node runs; how tensors are shared out among them goes for those that the node still has. */
  async #devices(field: WireField, names: ReadonlySet<string>): Promise<readonly ByteSegment[]> {
    const { source, walker } = this.context;
    const kept: ByteSegment[] = [];
    for (const part of await walker.fields(field.offset, field.length)) {
      const isKept = part.field !== DEVICES_SHARDING || names.has(await textOf(part, SHARDING_TENSOR, walker));
      if (isKept) kept.push(copied(source, part));
    }
    return fieldSegments(NODE.devices, kept);
  }

  async #field(field: WireField, tensor: Tensor): Promise<readonly ByteSegment[]> {
    if (this.#touch.isGone(tensor)) return [];
    const { name, isNew, isMoved, constant } = tensor;
    switch (field.field) {
      case GRAPH.initializer:
      case GRAPH.sparseInitializer:
        if ((isNew || isMoved) && constant) return this.#successor(name, constant, field);
        break;
      case GRAPH.input:
        // A default that a caller may override is no constant to ONNX Runtime: what decodes it would run at every inference.
        if (isNew && constant && this.context.irVersion >= FIRST_WITH_OWN_INITIALIZERS) return [];
        return this.#typed(field, tensor);
      case GRAPH.output:
      case GRAPH.valueInfo:
        return this.#typed(field, tensor);
      default:
    }
    return [copied(this.context.source, field)];
  }

  async #typed(field: WireField, tensor: Tensor): Promise<readonly ByteSegment[]> {
    const { isNew, constant, declared } = tensor;
    const changed = isNew ? constant : declared?.isEdited ? declared : undefined;
    return changed === undefined ? [copied(this.context.source, field)] : this.#retyped(field, changed);
  }

  /** A new constant under the name of one of the file, which leaves it what was noted about it. */
  async #successor(name: string, constant: Constant, field: WireField): Promise<readonly ByteSegment[]> {
    const { source, walker } = this.context;
    const old = field.field === GRAPH.initializer ? await walker.fields(field.offset, field.length) : [];
    const notes = old.filter((part) => part.field === TENSOR.docString || part.field === TENSOR.metadata);
    const segments = await this.context.tensor(name, constant);
    return fieldSegments(GRAPH.initializer, [...segments, ...notes.map((part) => copied(source, part))]);
  }

  async #retyped(field: WireField, changed: Parameters<typeof encodeType>[0]): Promise<readonly ByteSegment[]> {
    const { source, walker } = this.context;
    const fields = await walker.fields(field.offset, field.length);
    const kept = fields.filter((part) => part.field !== VALUE.type).map((part) => copied(source, part));
    const type = fieldSegments(VALUE.type, [bytesSegment(encodeType(changed))]);
    return fieldSegments(field.field, [...kept, ...type]);
  }

  #name(id: number): string {
    return id === ABSENT ? "" : (this.graph.tensors[id]?.name ?? "");
  }
}

function copied(source: ByteSource, { start, offset, length }: WireField): ByteSegment {
  return { source, offset: start, length: offset + length - start };
}

function initializerInput({ name, constant }: Tensor): readonly ByteSegment[] {
  if (constant === undefined) return [];
  return fieldSegments(GRAPH.input, [bytesSegment(encodeValue(name, constant))]);
}
