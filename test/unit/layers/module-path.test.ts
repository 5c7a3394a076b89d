import assert from "node:assert/strict";
import { metadataPath, modulePath } from "../../../profiler/layers/module-path.ts";

const NAMES: readonly (readonly [string, readonly string[]])[] = [
  ["/layers.0/blocks.1/attn/MatMul", ["layers.0", "blocks.1", "attn"]],
  ["model/block_1/conv/Conv2D;model/block_1/bn/FusedBatchNorm", ["model", "block_1", "conv"]],
  ["Conv_12", []],
  ["", []],
  ["//a//b", ["a"]],
];

describe("modulePath", () => {
  for (const [name, path] of NAMES) {
    it(`reads ${JSON.stringify(name)}`, () => assert.deepEqual(modulePath(name), path));
  }
});

describe("metadataPath", () => {
  it("takes PyTorch's scopes apart", () => {
    const metadata = new Map([
      ["pkg.torch.onnx.name_scopes", "['', 'layers', 'layers.0', 'layers.0.conv1', 'conv2d']"],
    ]);
    assert.deepEqual(metadataPath(metadata), ["layers", "0", "conv1"]);
  });

  it("says nothing where there are none", () => {
    assert.equal(metadataPath(new Map()), undefined);
    assert.equal(metadataPath(undefined), undefined);
  });
});
