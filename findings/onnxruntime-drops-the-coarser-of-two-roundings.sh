#!/usr/bin/env bash
# onnxruntime-node 1.27.0 takes a rounding out of a quantized model when it is loaded at optimization level "basic" and above (the default):
# of two pairs QuantizeLinear → DequantizeLinear, one behind the other with different scales, one stays. It is the one with the narrower range, and
# so the finer steps: numbers that the first pair rounds to whole ones come out between them. One would guess that the order and the steps of
# QuantizeLinear are what a quantized model means, since training with quantization simulates just these, and are kept. Two pairs in a row are
# what a tool writes where a layer's output and the next one's input were calibrated apart.
#
# Seen (onnxruntime-node 1.27.0, CPU, x86-64, Node 20): steps of 1, then of 0.3, of 0.4 0.6 1.4 1.6
#   disabled: QuantizeLinear DequantizeLinear QuantizeLinear DequantizeLinear, 0.0 0.9 0.9 2.1
#   basic: QuantizeLinear DequantizeLinear, 0.3 0.6 1.5 1.5
#   all: QuantizeLinear DequantizeLinear, 0.3 0.6 1.5 1.5
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

const { FLOAT, INT8 } = onnx.TensorProto.DataType;
const value = (name) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: [{ dimValue: 4 }] } } },
});
const step = (name, size) => ({ name, dataType: FLOAT, dims: [], floatData: [size] });
const node = (opType, input, scale, output) => ({ opType, name: output, input: [input, scale, "zero"], output: [output] });

const graph = {
  name: "roundings",
  node: [
    node("QuantizeLinear", "x", "coarse", "first"),
    node("DequantizeLinear", "first", "coarse", "between"),
    node("QuantizeLinear", "between", "fine", "second"),
    node("DequantizeLinear", "second", "fine", "y"),
  ],
  input: [value("x")],
  output: [value("y")],
  initializer: [step("coarse", 1), step("fine", 0.3), { name: "zero", dataType: INT8, dims: [], int32Data: [0] }],
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
  const { y } = await session.run({ x: new ort.Tensor("float32", Float32Array.of(0.4, 0.6, 1.4, 1.6), [4]) });
  await session.release();
  const { node: left } = onnx.ModelProto.decode(readFileSync("optimized.onnx")).graph;
  return `${left.map(({ opType }) => opType).join(" ")}, ${[...y.data].map((each) => each.toFixed(1)).join(" ")}`;
}

async function main() {
  const expected = {
    disabled: "QuantizeLinear DequantizeLinear QuantizeLinear DequantizeLinear, 0.0 0.9 0.9 2.1",
    basic: "QuantizeLinear DequantizeLinear, 0.3 0.6 1.5 1.5",
    all: "QuantizeLinear DequantizeLinear, 0.3 0.6 1.5 1.5",
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
