import type { Attribute, Body, Constant } from "../../model/model.ts";
import { onnx } from "./schema/onnx.ts";

export type AttributeProto = onnx.AttributeProto.$Properties;
type TensorProto = onnx.TensorProto.$Properties;
type SparseTensorProto = onnx.SparseTensorProto.$Properties;
type GraphProto = onnx.GraphProto.$Properties;

const TYPES = onnx.AttributeProto.AttributeType;

/** Makes constants of an attribute's tensors; `place` is what errors call them. */
export interface AttributeTensors {
  dense(tensor: TensorProto, place: string): Constant;
  sparse(tensor: SparseTensorProto, place: string): Constant;
}

/** Values by the attribute's type. Types that are missing (types of values, lists of tensors) are nothing that costs depend on. */
const VALUES: Partial<
  Record<number, (attribute: AttributeProto, tensors: AttributeTensors, place: () => string) => Attribute | undefined>
> = {
  [TYPES.FLOAT]: ({ f }) => f ?? 0,
  [TYPES.INT]: ({ i }) => i ?? 0,
  [TYPES.STRING]: ({ s }) => (s ? text(s) : undefined),
  [TYPES.TENSOR]: ({ t }, tensors, place) => (t ? tensors.dense(t, place()) : undefined),
  [TYPES.SPARSE_TENSOR]: ({ sparseTensor }, tensors, place) =>
    sparseTensor ? tensors.sparse(sparseTensor, place()) : undefined,
  // Copied, since a list that grew while it was decoded has room for more than it holds.
  [TYPES.FLOATS]: ({ floats }) => floats?.slice() ?? [],
  [TYPES.INTS]: ({ ints }) => ints?.slice() ?? [],
  [TYPES.STRINGS]: ({ strings }) => (strings ?? []).map(text),
};

/**
 * The value of an attribute that holds no graph.
 * @param place what errors call its node
 */
export function attributeValue(
  attribute: AttributeProto,
  tensors: AttributeTensors,
  place: () => string,
): Attribute | undefined {
  return VALUES[typeOf(attribute)]?.(attribute, tensors, () => `${place()}, attribute ${attribute.name ?? ""}`);
}

/** Numbers, characters and entries of lists that an attribute's own fields hold: a text of no characters is an entry too. */
export function valuesIn({ floats, ints, strings, s, tensors, sparseTensors, typeProtos }: AttributeProto): number {
  const texts = strings?.reduce((sum, each) => sum + 1 + each.length, 0) ?? 0;
  const entries = (tensors?.length ?? 0) + (sparseTensors?.length ?? 0) + (typeProtos?.length ?? 0);
  return entries + (floats?.length ?? 0) + (ints?.length ?? 0) + (s?.length ?? 0) + texts;
}

/** Files of the first IR versions leave the type out: then it is that of the field that is there. */
function typeOf(attribute: AttributeProto): number {
  if (attribute.type) return attribute.type;
  if (attribute.t) return TYPES.TENSOR;
  if (attribute.sparseTensor) return TYPES.SPARSE_TENSOR;
  if (attribute.floats?.length) return TYPES.FLOATS;
  if (attribute.ints?.length) return TYPES.INTS;
  if (attribute.strings?.length) return TYPES.STRINGS;
  if (attribute.s?.length) return TYPES.STRING;
  if (attribute.f) return TYPES.FLOAT;
  return attribute.g || attribute.graphs?.length ? TYPES.GRAPH : TYPES.INT;
}

/** One for all of the thousands of attributes that hold neither graphs nor tensors. */
const NOTHING: readonly never[] = [];

/** The graphs that an attribute holds. */
export function attributeGraphs(attribute: AttributeProto): readonly GraphProto[] {
  if (!holdsGraphs(attribute)) return NOTHING;
  return [...(attribute.g ? [attribute.g] : []), ...(attribute.graphs ?? [])];
}

export function holdsGraphs({ g, graphs }: AttributeProto): boolean {
  return Boolean(g) || Boolean(graphs?.length);
}

/** The tensors that an attribute holds, those of graphs left out. */
export function attributeTensors(attribute: AttributeProto): readonly TensorProto[] {
  if (!attribute.t && !attribute.tensors?.length && !attribute.sparseTensor && !attribute.sparseTensors?.length)
    return NOTHING;
  const sparse = [...(attribute.sparseTensor ? [attribute.sparseTensor] : []), ...(attribute.sparseTensors ?? [])];
  return [
    ...(attribute.t ? [attribute.t] : []),
    ...(attribute.tensors ?? []),
    ...sparse.flatMap(({ values, indices }) => [...(values ? [values] : []), ...(indices ? [indices] : [])]),
  ];
}

/** What the node does with the graph in this attribute. */
export function bodyRole(op: string, attribute: string): Body["role"] {
  if (attribute === "then_branch") return "then";
  if (attribute === "else_branch") return "else";
  if (attribute === "body" && op === "Loop") return "loop";
  return attribute === "body" && op === "Scan" ? "scan" : "region";
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}
