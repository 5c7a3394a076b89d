import assert from "node:assert/strict";
import { ReadAhead } from "../../../extension/editor/read-ahead.ts";

describe("Files that are read ahead", () => {
  const uri = { toString: () => "git:/model.onnx" };

  it("reads at once, and hands the bytes out once", async () => {
    const ahead = new ReadAhead();
    let reads = 0;
    const read = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array([++reads]));
    ahead.keep(uri, { size: 1, read });
    assert.equal(reads, 1);
    assert.equal(ahead.holds(uri), true);
    assert.deepEqual(await ahead.take(uri)?.read(), new Uint8Array([1]));
    assert.equal(reads, 1);
    assert.equal(ahead.holds(uri), false);
    assert.equal(ahead.take(uri), undefined);
  });

  it("has the version that was located last", async () => {
    const ahead = new ReadAhead();
    ahead.keep(uri, { size: 1, read: () => Promise.resolve(new Uint8Array([1])) });
    ahead.keep(uri, { size: 1, read: () => Promise.resolve(new Uint8Array([2])) });
    assert.deepEqual(await ahead.take(uri)?.read(), new Uint8Array([2]));
  });

  it("tells a failure to who takes the file", async () => {
    const ahead = new ReadAhead();
    ahead.keep(uri, { size: 1, read: () => Promise.reject(new Error("gone")) });
    await new Promise(setImmediate);
    await assert.rejects(async () => ahead.take(uri)?.read(), /gone/);
  });
});
