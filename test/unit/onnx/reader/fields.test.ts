import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import protobuf from "protobufjs";

import {
  BYTES,
  FIELDS,
  FIXED32,
  FIXED64,
  VARINT,
  type FieldRule,
  type MessageName,
} from "../../../../profiler/formats/onnx/wire/fields.ts";

const schema = readFileSync("profiler/formats/onnx/schema/onnx.proto", "utf8");
const { root } = protobuf.parse(schema);

/** Fields of the schema that the reader does without. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  ModelProto: ["configuration"],
  GraphProto: ["docString", "quantizationAnnotation", "metadataProps", "span"],
  NodeProto: ["docString", "deviceConfigurations", "span"],
  AttributeProto: ["docString", "tp", "typeProtos"],
  TensorProto: ["segment", "docString", "metadataProps", "payload", "span"],
  SparseTensorProto: ["span"],
  ValueInfoProto: ["docString", "metadataProps", "span"],
  FunctionProto: ["docString", "metadataProps", "span"],
  TrainingInfoProto: ["initialization", "algorithm", "initializationBinding", "updateBinding"],
  TypeProto: ["denotation"],
  "TypeProto.Opaque": ["domain", "name"],
  "TensorShapeProto.Dimension": ["denotation"],
};

const WIRES: Readonly<Record<string, number>> = {
  int64: VARINT,
  int32: VARINT,
  uint64: VARINT,
  float: FIXED32,
  double: FIXED64,
};

function expectedRule(field: protobuf.Field): FieldRule {
  const type = field.parent?.lookup(field.type);
  if (type instanceof protobuf.Type)
    return { kind: "message", message: type.fullName.replace(".onnx.", "") as MessageName };
  if (field.parent?.name === "TensorProto" && field.name.endsWith("Data") && field.name !== "externalData") {
    const wire = field.type === "bytes" ? BYTES : WIRES[field.type];
    return wire === undefined || field.name === "rawData" ? { kind: "payload" } : { kind: "payload", element: wire };
  }
  if (field.type === "string") return { kind: "text" };
  if (field.type === "bytes") return { kind: "blob" };
  const wire = WIRES[field.type] ?? VARINT;
  return { kind: "copy", wires: field.repeated ? [wire, BYTES] : [wire] };
}

describe("onnx/wire/fields", () => {
  for (const [message, rules] of Object.entries(FIELDS)) {
    it(`treats every field of ${message} as onnx.proto has it`, () => {
      const fields = root.lookupType(`onnx.${message}`).fieldsArray;
      const wanted = fields.filter(({ name }) => !LEFT_OUT[message]?.includes(name));
      const expected = Object.fromEntries(wanted.map((field) => [field.id, expectedRule(field)]));
      assert.deepEqual(rules, expected);
    });
  }
});
