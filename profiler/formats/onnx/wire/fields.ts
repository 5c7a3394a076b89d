/** Wire types of protobuf; 3 and 4 are groups, which ONNX never had. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/** What the scanner does with a field. */
export type FieldRule =
  /** Copies it. `wires` are the wire types it may have; a list may come packed or not. */
  | { readonly kind: "copy"; readonly wires: readonly number[] }
  /** Copies it, a name or description, when it is UTF-8. */
  | { readonly kind: "text" }
  /** Copies it when it is short; a long one (a compiled model inside an attribute) is left out. */
  | { readonly kind: "blob" }
  | { readonly kind: "message"; readonly message: MessageName }
  /** Elements of a tensor: says where they are. A list may also come with a tag for each element, which has wire type `element`. */
  | { readonly kind: "payload"; readonly element?: number };

export type MessageName =
  | "ModelProto"
  | "GraphProto"
  | "NodeProto"
  | "AttributeProto"
  | "TensorProto"
  | "SparseTensorProto"
  | "ValueInfoProto"
  | "FunctionProto"
  | "TrainingInfoProto"
  | "OperatorSetIdProto"
  | "StringStringEntryProto"
  | "TypeProto"
  | "TypeProto.Tensor"
  | "TypeProto.Sequence"
  | "TypeProto.Map"
  | "TypeProto.Optional"
  | "TypeProto.SparseTensor"
  | "TypeProto.Opaque"
  | "TensorShapeProto"
  | "TensorShapeProto.Dimension";

export type Fields = Readonly<Record<number, FieldRule>>;

const INT = { kind: "copy", wires: [VARINT] } as const;
const INTS = { kind: "copy", wires: [VARINT, BYTES] } as const;
const FLOAT = { kind: "copy", wires: [FIXED32] } as const;
const FLOATS = { kind: "copy", wires: [FIXED32, BYTES] } as const;
const TEXT = { kind: "text" } as const;
const BLOB = { kind: "blob" } as const;

const RAW = { kind: "payload" } as const;
const list = (element: number): FieldRule => ({ kind: "payload", element });
const message = (name: MessageName): FieldRule => ({ kind: "message", message: name });

/**
 * The fields that the reader wants, by message and number, as in schema/onnx.proto. Others are left out of the skeleton: what later
 * versions of ONNX add, descriptions of single nodes, quantization annotations, multi-device configurations.
 */
export const FIELDS: Readonly<Record<MessageName, Fields>> = {
  ModelProto: {
    1: INT,
    2: TEXT,
    3: TEXT,
    4: TEXT,
    5: INT,
    6: TEXT,
    7: message("GraphProto"),
    8: message("OperatorSetIdProto"),
    14: message("StringStringEntryProto"),
    20: message("TrainingInfoProto"),
    25: message("FunctionProto"),
  },
  GraphProto: {
    1: message("NodeProto"),
    2: TEXT,
    5: message("TensorProto"),
    11: message("ValueInfoProto"),
    12: message("ValueInfoProto"),
    13: message("ValueInfoProto"),
    15: message("SparseTensorProto"),
  },
  NodeProto: {
    1: TEXT,
    2: TEXT,
    3: TEXT,
    4: TEXT,
    5: message("AttributeProto"),
    7: TEXT,
    8: TEXT,
    9: message("StringStringEntryProto"),
  },
  AttributeProto: {
    1: TEXT,
    2: FLOAT,
    3: INT,
    4: BLOB,
    5: message("TensorProto"),
    6: message("GraphProto"),
    7: FLOATS,
    8: INTS,
    9: BLOB,
    10: message("TensorProto"),
    11: message("GraphProto"),
    20: INT,
    21: TEXT,
    22: message("SparseTensorProto"),
    23: message("SparseTensorProto"),
  },
  TensorProto: {
    1: INTS,
    2: INT,
    4: list(FIXED32),
    5: list(VARINT),
    6: list(BYTES),
    7: list(VARINT),
    8: TEXT,
    9: RAW,
    10: list(FIXED64),
    11: list(VARINT),
    13: message("StringStringEntryProto"),
    14: INT,
  },
  SparseTensorProto: { 1: message("TensorProto"), 2: message("TensorProto"), 3: INTS },
  ValueInfoProto: { 1: TEXT, 2: message("TypeProto") },
  FunctionProto: {
    1: TEXT,
    4: TEXT,
    5: TEXT,
    6: TEXT,
    7: message("NodeProto"),
    9: message("OperatorSetIdProto"),
    10: TEXT,
    11: message("AttributeProto"),
    12: message("ValueInfoProto"),
    13: TEXT,
  },
  TrainingInfoProto: {},
  OperatorSetIdProto: { 1: TEXT, 2: INT },
  StringStringEntryProto: { 1: TEXT, 2: TEXT },
  TypeProto: {
    1: message("TypeProto.Tensor"),
    4: message("TypeProto.Sequence"),
    5: message("TypeProto.Map"),
    7: message("TypeProto.Opaque"),
    8: message("TypeProto.SparseTensor"),
    9: message("TypeProto.Optional"),
  },
  "TypeProto.Tensor": { 1: INT, 2: message("TensorShapeProto") },
  "TypeProto.Sequence": { 1: message("TypeProto") },
  "TypeProto.Map": { 1: INT, 2: message("TypeProto") },
  "TypeProto.Optional": { 1: message("TypeProto") },
  "TypeProto.SparseTensor": { 1: INT, 2: message("TensorShapeProto") },
  "TypeProto.Opaque": {},
  TensorShapeProto: { 1: message("TensorShapeProto.Dimension") },
  "TensorShapeProto.Dimension": { 1: INT, 2: TEXT },
};

/** Whether a field of this rule may have that wire type. */
export function allowsWire(rule: FieldRule, wire: number): boolean {
  switch (rule.kind) {
    case "copy":
      return rule.wires.includes(wire);
    case "payload":
      return wire === BYTES || wire === rule.element;
    case "text":
    case "blob":
    case "message":
      return wire === BYTES;
  }
}

/** The wire types that a field of this rule may have. */
export function wiresOf(rule: FieldRule): readonly number[] {
  switch (rule.kind) {
    case "copy":
      return rule.wires;
    case "payload":
      return rule.element === undefined ? [BYTES] : [rule.element, BYTES];
    case "text":
    case "blob":
    case "message":
      return [BYTES];
  }
}

/** Messages whose place in the file is kept (attributes go with their node): what nobody edits is written back from there. */
export const WITH_SPAN: ReadonlySet<MessageName> = new Set([
  "GraphProto",
  "NodeProto",
  "TensorProto",
  "SparseTensorProto",
  "ValueInfoProto",
  "FunctionProto",
]);
