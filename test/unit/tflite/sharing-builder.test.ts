import assert from "node:assert/strict";
import { Builder, ByteBuffer } from "flatbuffers";
import {
  BufferT,
  Model,
  ModelT,
  SubGraphT,
  TensorT,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { SharingBuilder } from "../../../profiler/formats/tflite/write/sharing-builder.ts";

const TENSORS = 50;

function model(): ModelT {
  const tensors = Array.from({ length: TENSORS }, (_, index) => {
    const tensor = new TensorT([1, index]);
    tensor.name = index % 2 === 0 ? "of many tensors" : "";
    return tensor;
  });
  const subgraph = new SubGraphT(tensors, [0], [1], [], "main");
  return new ModelT(3, [], [subgraph], "", [new BufferT()]);
}

function packed(builder: Builder): Uint8Array {
  builder.finish(model().pack(builder), "TFL3");
  return builder.asUint8Array().slice();
}

describe("Sharing what is equal in a flatbuffer", () => {
  const [plain, sharing] = [packed(new Builder()), packed(new SharingBuilder())];
  const read = Model.getRootAsModel(new ByteBuffer(sharing)).unpack();

  it("makes it smaller and says the same", () => {
    assert.ok(sharing.length < 0.7 * plain.length, `${sharing.length} of ${plain.length} bytes`);
    assert.deepEqual(read, Model.getRootAsModel(new ByteBuffer(plain)).unpack());
  });

  it("writes a name once", () => {
    assert.equal(Buffer.from(sharing).toString("latin1").split("of many tensors").length, 2);
  });

  it("ends an empty name with the zero that readers look for", () => {
    const view = new ByteBuffer(sharing);
    const main = Model.getRootAsModel(view).subgraphs(0);
    const tensor = main?.tensors(1);
    assert.ok(tensor);
    const field = tensor.bb_pos + view.__offset(tensor.bb_pos, NAME_FIELD);
    const text = view.__indirect(field);
    assert.equal(view.readInt32(text), 0);
    assert.equal(view.readInt8(text + LENGTH_BYTES), 0);
  });
});

/** Of a tensor's vtable. */
const NAME_FIELD = 10;
const LENGTH_BYTES = 4;
