import { bytesSegment, type ByteSegment } from "../../bytes/byte-segments.ts";
import { onnx } from "./schema/onnx.ts";

/**
 * What makes a model's file give inner tensors as outputs too, when it stands behind it. Protobuf merges what follows a message into it: lists
 * grow, embedded messages merge field by field. So a few bytes extend its `graph.output`, and nothing of the file is parsed or held twice.
 *
 * @param names tensors of the main graph; their types are left to the runtime's inference
 */
export function furtherOutputs(names: readonly string[]): readonly ByteSegment[] {
  if (names.length === 0) return [];
  return [bytesSegment(onnx.ModelProto.encode({ graph: { output: names.map((name) => ({ name })) } }).finish())];
}
