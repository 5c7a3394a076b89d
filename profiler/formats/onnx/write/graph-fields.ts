import type { WireField, WireWalker } from "../wire/walk.ts";
import { TENSOR } from "./encode-tensor.ts";
import { VALUE } from "./encode-value.ts";

/** Fields of GraphProto. */
export const GRAPH = {
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
/** The graph of a file, by its fields. */
export interface GraphFields {
  readonly fields: readonly WireField[];
  /** By where their value starts: see `Node.span`. */
  readonly nodes: ReadonlyMap<number, WireField>;
  /** Initializers, values and annotations of each name. */
  readonly byName: ReadonlyMap<string, readonly WireField[]>;
  readonly initializers: ReadonlySet<string>;
  /** Inputs, without initializers that are listed as such, and outputs, by the field's number. */
  readonly inputsAndOutputs: ReadonlyMap<number, readonly NamedField[]>;
}

export interface NamedField {
  readonly field: WireField;
  readonly name: string;
}

/** Found once for all edits of a file. */
const KNOWN = new WeakMap<readonly WireField[], GraphFields>();

export async function graphFields({ offset, length }: WireField, walker: WireWalker): Promise<GraphFields> {
  const fields = await walker.fields(offset, length);
  const known = KNOWN.get(fields);
  if (known) return known;
  const named: NamedField[] = [];
  for (const field of fields) {
    const name = await nameOf(field, walker);
    if (name !== undefined) named.push({ field, name });
  }
  const byName = new Map<string, WireField[]>();
  for (const { field, name } of named) {
    const others = byName.get(name);
    if (others) others.push(field);
    else byName.set(name, [field]);
  }
  const isInitializer = ({ field: { field } }: NamedField): boolean =>
    field === GRAPH.initializer || field === GRAPH.sparseInitializer;
  const initializers = new Set(named.filter(isInitializer).map(({ name }) => name));
  const numbered = (number: number): readonly NamedField[] => named.filter(({ field }) => field.field === number);
  const found = {
    fields,
    nodes: new Map(fields.filter(({ field }) => field === GRAPH.node).map((field) => [field.offset, field])),
    byName,
    initializers,
    inputsAndOutputs: new Map([
      [GRAPH.input, numbered(GRAPH.input).filter(({ name }) => !initializers.has(name))],
      [GRAPH.output, numbered(GRAPH.output)],
    ]),
  };
  KNOWN.set(fields, found);
  return found;
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
export async function textOf(message: WireField, number: number, walker: WireWalker): Promise<string> {
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
