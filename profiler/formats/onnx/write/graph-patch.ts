import type { ByteSource } from "../../../bytes/byte-source.ts";
import { ABSENT, type Constant, type Graph, type Node, type Tensor } from "../../../model/model.ts";
import { MessageWriter } from "../wire/message-writer.ts";
import type { WireField, WireWalker } from "../wire/walk.ts";
import { encodeNode, NODE } from "./encode-node.ts";
import { fieldPieces, TENSOR } from "./encode-tensor.ts";
import { encodeType, encodeValue, VALUE } from "./encode-value.ts";
import { bytesSegment, type ByteSegment } from "../../../bytes/byte-segments.ts";

/** Fields of GraphProto. */
const GRAPH = {
  node: 1,
  initializer: 5,
  input: 11,
  output: 12,
  valueInfo: 13,
  annotation: 14,
  sparseInitializer: 15,
} as const;

const ANNOTATION_TENSOR = 1;
const SPARSE_VALUES = 1;
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
  const fields = await context.walker.fields(place.offset, place.length);
  return new GraphPatch(graph, fields, await namesOf(fields, context.walker), context).segments();
}

/** What initializers, values and annotations of a file's graph are called, by their fields; found once for all edits of the file. */
const NAMES = new WeakMap<readonly WireField[], ReadonlyMap<WireField, string>>();

async function namesOf(fields: readonly WireField[], walker: WireWalker): Promise<ReadonlyMap<WireField, string>> {
  const known = NAMES.get(fields);
  if (known) return known;
  const names = new Map<WireField, string>();
  for (const field of fields) {
    const name = await nameOf(field, walker);
    if (name !== undefined) names.set(field, name);
  }
  NAMES.set(fields, names);
  return names;
}

async function nameOf(field: WireField, walker: WireWalker): Promise<string | undefined> {
  switch (field.field) {
    case GRAPH.initializer:
      return textOf(field, TENSOR.name, walker);
    case GRAPH.sparseInitializer: {
      const values = await childOf(field, SPARSE_VALUES, walker);
      return values ? textOf(values, TENSOR.name, walker) : "";
    }
    case GRAPH.input:
    case GRAPH.output:
    case GRAPH.valueInfo:
      return textOf(field, VALUE.name, walker);
    case GRAPH.annotation:
      return textOf(field, ANNOTATION_TENSOR, walker);
    default:
      return undefined;
  }
}

/** The last text with this number in a message, as protobuf reads it. */
async function textOf(message: WireField, number: number, walker: WireWalker): Promise<string> {
  const child = await childOf(message, number, walker);
  return child ? walker.text(child) : "";
}

async function childOf(
  { offset, length }: WireField,
  number: number,
  walker: WireWalker,
): Promise<WireField | undefined> {
  const fields = await walker.fields(offset, length);
  return fields.findLast(({ field }) => field === number);
}

class GraphPatch {
  readonly #byName: ReadonlyMap<string, Tensor>;
  /** Names that the file has and the graph has no longer. */
  readonly #gone: ReadonlySet<string>;
  /** Names of the file's initializers. */
  readonly #stored = new Set<string>();
  /** Names of inputs and outputs that the graph has, by field; those that were written go. */
  readonly #ends: ReadonlyMap<number, Set<string>>;

  constructor(
    private readonly graph: Graph,
    private readonly fields: readonly WireField[],
    private readonly names: ReadonlyMap<WireField, string>,
    private readonly context: PatchContext,
  ) {
    const alive = new Set([...graph.inputs, ...graph.nodes.flatMap(({ outputs }) => outputs)]);
    this.#byName = new Map(graph.tensors.map((tensor) => [tensor.name, tensor]));
    const gone = graph.tensors.filter(({ id, constant }) => constant === undefined && !alive.has(id));
    this.#gone = new Set(gone.map(({ name }) => name));
    const namesOf = (ids: Graph["inputs"]): Set<string> => new Set(ids.map((id) => this.#name(id)));
    this.#ends = new Map([
      [GRAPH.input, namesOf(graph.inputs)],
      [GRAPH.output, namesOf(graph.outputs)],
    ]);
  }

  async segments(): Promise<readonly ByteSegment[]> {
    const groups = this.#nodeGroups();
    const parts: ByteSegment[][] = [];
    const behind = new Map<number, number>();
    for (const field of this.fields) {
      const isKept = field.field === GRAPH.node && isUntouched(groups.at(field));
      if (isKept) parts.push([copied(this.context.source, field)]);
      else if (field.field === GRAPH.node) parts.push([...(await this.#nodes(groups.at(field)))]);
      else {
        const part = this.#field(field);
        parts.push([...(part instanceof Promise ? await part : part)]);
      }
      behind.set(field.field, parts.length - 1);
    }
    const append = (field: number, segments: readonly ByteSegment[]): void => {
      const last = parts[behind.get(field) ?? -1];
      if (last) last.push(...segments);
      else parts.push([...segments]);
    };
    append(GRAPH.node, await this.#nodes(groups.rest));
    const added = this.graph.tensors.filter(({ constant, name }) => constant !== undefined && !this.#stored.has(name));
    for (const { name, constant } of added) {
      if (constant)
        append(GRAPH.initializer, fieldPieces(GRAPH.initializer, await this.context.tensor(name, constant)));
    }
    // Ends that the file does not have: of a part of its graph.
    for (const [field, names] of this.#ends) {
      for (const name of names) {
        const value = encodeValue(name, this.#byName.get(name)?.declared ?? { dataType: undefined, shape: undefined });
        append(field, fieldPieces(field, [bytesSegment(value)]));
      }
    }
    if (this.context.irVersion < FIRST_WITH_OWN_INITIALIZERS) append(GRAPH.input, added.flatMap(initializerInput));
    return parts.flat();
  }

  /** Which nodes to write at which node field of the file: those that were there stay in their places while their order is the same. */
  #nodeGroups(): { readonly at: (field: WireField) => readonly Node[]; readonly rest: readonly Node[] } {
    const places = this.fields.filter(({ field }) => field === GRAPH.node).map(({ offset }) => offset);
    const kept = this.graph.nodes.flatMap(({ span }) => span?.offset ?? []);
    const isSorted = kept.every((offset, index) => index === 0 || offset > (kept[index - 1] ?? 0));
    const groups = new Map<number, readonly Node[]>();
    let pending: Node[] = [];
    for (const node of isSorted ? this.graph.nodes : []) {
      pending.push(node);
      if (node.span === undefined) continue;
      groups.set(node.span.offset, pending);
      pending = [];
    }
    const [first] = places;
    if (!isSorted && first !== undefined) groups.set(first, this.graph.nodes);
    return { at: ({ offset }) => groups.get(offset) ?? [], rest: pending };
  }

  async #nodes(nodes: readonly Node[]): Promise<readonly ByteSegment[]> {
    const written = await Promise.all(nodes.map((node) => this.#node(node)));
    return written.flatMap((segments) => fieldPieces(GRAPH.node, segments));
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
    const pieces: ByteSegment[] = [];
    for (const field of await walker.fields(notes.offset, notes.length)) {
      if (field.field === NODE.docString || field.field === NODE.metadata) pieces.push(copied(source, field));
      if (field.field === NODE.devices) pieces.push(...(await this.#devices(field, names)));
    }
    return pieces;
  }

  /** On which devices the node runs; how tensors are shared out among them goes for those that the node still has. */
  async #devices(field: WireField, names: ReadonlySet<string>): Promise<readonly ByteSegment[]> {
    const { source, walker } = this.context;
    const kept: ByteSegment[] = [];
    for (const part of await walker.fields(field.offset, field.length)) {
      const isKept = part.field !== DEVICES_SHARDING || names.has(await textOf(part, SHARDING_TENSOR, walker));
      if (isKept) kept.push(copied(source, part));
    }
    return fieldPieces(NODE.devices, kept);
  }

  /** At once where the field is copied or left out, as most are. */
  #field(field: WireField): readonly ByteSegment[] | Promise<readonly ByteSegment[]> {
    const name = this.names.get(field) ?? "";
    const copy = copied(this.context.source, field);
    switch (field.field) {
      case GRAPH.initializer:
      case GRAPH.sparseInitializer: {
        this.#stored.add(name);
        const { isNew, constant } = this.#byName.get(name) ?? {};
        if (isNew && constant) return this.#successor(name, constant, field);
        return this.#gone.has(name) ? [] : [copy];
      }
      case GRAPH.input:
      case GRAPH.output:
      case GRAPH.valueInfo:
        return this.#value(field, name, copy);
      case GRAPH.annotation:
        return this.#gone.has(name) ? [] : [copy];
      default:
        return [copy];
    }
  }

  /** A new constant under the name of one of the file, which leaves it what was noted about it. */
  async #successor(name: string, constant: Constant, field: WireField): Promise<readonly ByteSegment[]> {
    const { source, walker } = this.context;
    const old = field.field === GRAPH.initializer ? await walker.fields(field.offset, field.length) : [];
    const notes = old.filter((part) => part.field === TENSOR.docString || part.field === TENSOR.metadata);
    const pieces = await this.context.tensor(name, constant);
    return fieldPieces(GRAPH.initializer, [...pieces, ...notes.map((part) => copied(source, part))]);
  }

  #value(field: WireField, name: string, copy: ByteSegment): readonly ByteSegment[] | Promise<readonly ByteSegment[]> {
    if (this.#gone.has(name)) return [];
    const { declared, isNew, constant } = this.#byName.get(name) ?? {};
    const isEnd = this.#ends.get(field.field)?.delete(name) ?? true;
    if (!isEnd && constant === undefined) return [];
    const changed = isNew ? constant : declared?.isEdited ? declared : undefined;
    return changed === undefined ? [copy] : this.#retyped(field, changed);
  }

  async #retyped(field: WireField, changed: Parameters<typeof encodeType>[0]): Promise<readonly ByteSegment[]> {
    const { source, walker } = this.context;
    const fields = await walker.fields(field.offset, field.length);
    const kept = fields.filter((part) => part.field !== VALUE.type).map((part) => copied(source, part));
    const type = fieldPieces(VALUE.type, [bytesSegment(encodeType(changed))]);
    return fieldPieces(field.field, [...kept, ...type]);
  }

  #name(id: number): string {
    return id === ABSENT ? "" : (this.graph.tensors[id]?.name ?? "");
  }
}

/** Whether one node stands in its place, as the file has it. */
function isUntouched([node, ...others]: readonly Node[]): boolean {
  return others.length === 0 && node?.span !== undefined && node.isRewired !== true;
}

function copied(source: ByteSource, { start, offset, length }: WireField): ByteSegment {
  return { source, offset: start, length: offset + length - start };
}

function initializerInput({ name, constant }: Tensor): readonly ByteSegment[] {
  if (constant === undefined) return [];
  return fieldPieces(GRAPH.input, [bytesSegment(encodeValue(name, constant))]);
}
