import { onnx } from "./schema/onnx.ts";

/**
 * A model that also gives inner tensors as outputs. Protobuf merges what follows a message into it: lists grow, embedded messages
 * merge field by field. So a few bytes behind the file extend its `graph.output`, and nothing of the file is parsed or copied apart.
 *
 * @param names tensors of the main graph; their types are left to the runtime's inference
 */
export function appendOutputs(model: Uint8Array, names: readonly string[]): Uint8Array {
  if (names.length === 0) return model;
  const tail = onnx.ModelProto.encode({ graph: { output: names.map((name) => ({ name })) } }).finish();
  const extended = new Uint8Array(model.length + tail.length);
  extended.set(model);
  extended.set(tail, model.length);
  return extended;
}
