import type { ByteSource } from "../../bytes/byte-source.ts";
import { bytesOfSegments, bytesSegment } from "../../bytes/byte-segments.ts";
import { onnx } from "./schema/onnx.ts";

/**
 * A model's bytes, which also give inner tensors as outputs. Protobuf merges what follows a message into it: lists grow, embedded messages
 * merge field by field. So a few bytes behind the file extend its `graph.output`, and nothing of the file is parsed or held twice.
 *
 * @param names tensors of the main graph; their types are left to the runtime's inference
 */
export async function bytesWithOutputs(model: ByteSource, names: readonly string[]): Promise<Uint8Array> {
  if (names.length === 0) return model.read(0, model.size);
  const tail = onnx.ModelProto.encode({ graph: { output: names.map((name) => ({ name })) } }).finish();
  return bytesOfSegments([{ source: model, offset: 0, length: model.size }, bytesSegment(tail)]);
}
