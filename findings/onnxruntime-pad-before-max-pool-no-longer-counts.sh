#!/usr/bin/env bash
# onnxruntime-node 1.27.0 computes another maximum at optimization level "basic" and above (the default) than without optimizations, where a
# Pad with zeros stands before a MaxPool: the Pad is taken out and its pads go into the MaxPool, whose own padding is no zeros but what never
# is a maximum (ONNX, MaxPool: padding is minus infinity). A window of negative numbers at the border then gives the largest of these instead of 0.
# One would guess that a graph optimization that is on by default changes answers by the rounding of sums at most. Behind a Relu nothing
# shows; behind an activation with negative values (LeakyRelu, HardSwish, a convolution alone) maps differ at their borders.
#
# Seen (onnxruntime-node 1.27.0, CPU, x86-64, Node 20), of the map -1 -2 / -3 -4:
#   disabled: Pad MaxPool, 0 0 0 0
#   basic: MaxPool, -1 -2 -3 -4
#   all: MaxPool, -1 -2 -3 -4
#
# Fails when that is no longer so. Needs Node and npm; installs into a temporary folder that it removes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund onnxruntime-node@1.27.0 onnx-proto@8.0.1
cat >see.cjs <<'JS'
const { readFileSync } = require("node:fs");
const ort = require("onnxruntime-node");
const { onnx } = require("onnx-proto");

const { FLOAT, INT64 } = onnx.TensorProto.DataType;
const { INTS } = onnx.AttributeProto.AttributeType;
const value = (name, sizes) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: sizes.map((dimValue) => ({ dimValue })) } } },
});
const windows = (name) => ({ name, type: INTS, ints: [2, 2] });

const graph = {
  name: "padded",
  node: [
    { opType: "Pad", name: "pad", input: ["x", "pads"], output: ["padded"] },
    {
      opType: "MaxPool",
      name: "pool",
      input: ["padded"],
      output: ["y"],
      attribute: [windows("kernel_shape"), windows("strides")],
    },
  ],
  input: [value("x", [1, 1, 2, 2])],
  output: [value("y", [1, 1, 2, 2])],
  // One row and one column of zeros, Pad's default, at each side.
  initializer: [{ name: "pads", dataType: INT64, dims: [8], int64Data: [0, 0, 1, 1, 0, 0, 1, 1] }],
};
const model = onnx.ModelProto.create({ irVersion: 8, opsetImport: [{ domain: "", version: 17 }], graph });
const bytes = onnx.ModelProto.encode(model).finish();

async function seen(graphOptimizationLevel) {
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ["cpu"],
    graphOptimizationLevel,
    optimizedModelFilePath: "optimized.onnx",
    logSeverityLevel: 3,
  });
  const { y } = await session.run({ x: new ort.Tensor("float32", Float32Array.of(-1, -2, -3, -4), [1, 1, 2, 2]) });
  await session.release();
  const { node } = onnx.ModelProto.decode(readFileSync("optimized.onnx")).graph;
  return `${node.map(({ opType }) => opType).join(" ")}, ${[...y.data].map((each) => each + 0).join(" ")}`;
}

async function main() {
  const expected = {
    disabled: "Pad MaxPool, 0 0 0 0",
    basic: "MaxPool, -1 -2 -3 -4",
    all: "MaxPool, -1 -2 -3 -4",
  };
  for (const [level, before] of Object.entries(expected)) {
    const now = await seen(level);
    console.log(`${level}: ${now}`);
    if (now !== before) process.exitCode = 1;
  }
}
main();
JS
ORT_DISABLE_TELEMETRY=1 node see.cjs
