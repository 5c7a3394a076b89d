#!/usr/bin/env bash
# onnxruntime-node 1.27.0 quantizes a convolution's float weights by itself: where DequantizeLinear stands before a Conv and QuantizeLinear
# behind it, weights and bias that the file leaves in float become int8 and int32 when the model is loaded at optimization level
# "extended" or "all", with one scale for the whole tensor. One would guess that a layer whose weights were left in float (as one does
# with a sensitive layer) computes in float. Channels of different size then lose most of their digits: here, where the last channel's
# weights are 61 times the first one's, the answers are about 16 dB away from those of the same file without optimizations.
#
# Seen (onnxruntime-node 1.27.0, CPU, x86-64 without VNNI, Node 20):
#   disabled: QuantizeLinear DequantizeLinear Conv QuantizeLinear DequantizeLinear, weight float
#   extended: QuantizeLinear QLinearConv DequantizeLinear, weight int8 with 1 scale
#
# Fails when that is no longer so; the distance is printed and not judged, since it depends on the processor's integer products.
# Needs Node and npm; installs into a temporary folder that it removes.
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

const { FLOAT, UINT8, INT8 } = onnx.TensorProto.DataType;
const CHANNELS = 4;
const FILTER = CHANNELS * 9;

const value = (name, sizes) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: sizes.map((dimValue) => ({ dimValue })) } } },
});
const floats = (name, dims, floatData) => ({ name, dataType: FLOAT, dims, floatData });
const node = (opType, input, name) => ({ opType, name, input, output: [name] });

const weights = Array.from(
  { length: CHANNELS * FILTER },
  (_, index) => Math.sin(index) * (1 + 20 * Math.floor(index / FILTER)),
);
const graph = {
  name: "layer",
  node: [
    node("QuantizeLinear", ["x", "in", "zero"], "xq"),
    node("DequantizeLinear", ["xq", "in", "zero"], "xd"),
    node("Conv", ["xd", "w", "b"], "c"),
    node("QuantizeLinear", ["c", "out", "zero"], "cq"),
    node("DequantizeLinear", ["cq", "out", "zero"], "y"),
  ],
  input: [value("x", [1, CHANNELS, 8, 8])],
  output: [value("y", [1, CHANNELS, 6, 6])],
  initializer: [
    floats("in", [], [0.01]),
    floats("out", [], [1]),
    { name: "zero", dataType: UINT8, dims: [], int32Data: [128] },
    floats("w", [CHANNELS, CHANNELS, 3, 3], weights),
    floats("b", [CHANNELS], [0.1, 0.2, 0.3, 0.4]),
  ],
};
const model = onnx.ModelProto.create({ irVersion: 8, opsetImport: [{ domain: "", version: 17 }], graph });
const bytes = onnx.ModelProto.encode(model).finish();

async function loaded(level) {
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ["cpu"],
    graphOptimizationLevel: level,
    optimizedModelFilePath: `${level}.onnx`,
    logSeverityLevel: 3,
  });
  const x = new ort.Tensor("float32", Float32Array.from({ length: CHANNELS * 64 }, (_, at) => Math.cos(at)), [
    1,
    CHANNELS,
    8,
    8,
  ]);
  const { y } = await session.run({ x });
  await session.release();
  const { node: nodes, initializer } = onnx.ModelProto.decode(readFileSync(`${level}.onnx`)).graph;
  const weight = initializer.find(({ dims }) => dims.length === 4);
  const scale = initializer.find(({ name }) => name.endsWith("_weight_scale"));
  return { operators: nodes.map(({ opType }) => opType).join(" "), weight, scale, answers: y.data };
}

(async () => {
  const plain = await loaded("disabled");
  const optimized = await loaded("extended");
  const scales = optimized.scale === undefined ? "no scale" : `${optimized.scale.dims.length === 0 ? 1 : "several"} scale`;
  const type = (tensor) => ({ [FLOAT]: "float", [INT8]: "int8" })[tensor?.dataType] ?? "of another type";
  console.log(`disabled: ${plain.operators}, weight ${type(plain.weight)}`);
  console.log(`extended: ${optimized.operators}, weight ${type(optimized.weight)} with ${scales}`);
  const power = plain.answers.reduce((sum, each) => sum + each ** 2, 0);
  const noise = plain.answers.reduce((sum, each, at) => sum + (each - optimized.answers[at]) ** 2, 0);
  console.log(`distance of the answers: ${(10 * Math.log10(power / noise)).toFixed(1)} dB`);
  const isAsSeen =
    type(plain.weight) === "float" &&
    optimized.operators === "QuantizeLinear QLinearConv DequantizeLinear" &&
    type(optimized.weight) === "int8" &&
    scales === "1 scale";
  process.exitCode = isAsSeen ? 0 : 1;
})();
JS
ORT_DISABLE_TELEMETRY=1 node see.cjs
