#!/usr/bin/env bash
# onnxruntime-node 1.27.0 refuses a valid quantized model of operator set 10 at every optimization level but "disabled": a product between
# DequantizeLinear and QuantizeLinear whose bias, added behind it, is float. The optimizer makes the bias integers by Div, Round and Cast,
# and ONNX has Round since operator set 11. One would guess that an optimizer puts in operators of the model's own operator set; as 11
# the same graph runs at all levels.
#
# Seen (onnxruntime-node 1.27.0, CPU, x86-64, Node 20):
#   operator set 10, disabled: runs
#   operator set 10, all: refused: This is an invalid model. […] No Op registered for Round with domain_version of 10
#   operator set 11, disabled: runs
#   operator set 11, all: runs
#
# Fails when that is no longer so. Needs Node and npm; installs into a temporary folder that it removes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund onnxruntime-node@1.27.0 onnx-proto@8.0.1
cat >see.cjs <<'JS'
const ort = require("onnxruntime-node");
const { onnx } = require("onnx-proto");

const { FLOAT, UINT8, INT8 } = onnx.TensorProto.DataType;
const SIZE = 2;
const value = (name) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: [1, SIZE].map((dimValue) => ({ dimValue })) } } },
});
const numbers = (name, dataType, dims, list) => ({
  name,
  dataType,
  dims,
  ...(dataType === FLOAT ? { floatData: list } : { int32Data: list }),
});

function modelOf(version) {
  const node = (opType, input, output) => ({ opType, name: output, input, output: [output] });
  const graph = {
    name: "layer",
    node: [
      node("QuantizeLinear", ["x", "step", "middle"], "xq"),
      node("DequantizeLinear", ["xq", "step", "middle"], "xd"),
      node("DequantizeLinear", ["weights", "step", "none"], "kernel"),
      node("MatMul", ["xd", "kernel"], "product"),
      node("Add", ["product", "bias"], "sum"),
      node("QuantizeLinear", ["sum", "step", "middle"], "yq"),
      node("DequantizeLinear", ["yq", "step", "middle"], "y"),
    ],
    input: [value("x")],
    output: [value("y")],
    initializer: [
      numbers("step", FLOAT, [], [0.05]),
      numbers("middle", UINT8, [], [128]),
      numbers("none", INT8, [], [0]),
      numbers("weights", INT8, [SIZE, SIZE], [20, -10, 5, 8]),
      numbers("bias", FLOAT, [SIZE], [0.5, -0.25]),
    ],
  };
  return onnx.ModelProto.encode(
    onnx.ModelProto.create({ irVersion: 5, opsetImport: [{ domain: "", version }], graph }),
  ).finish();
}

async function outcome(version, graphOptimizationLevel) {
  const options = { executionProviders: ["cpu"], graphOptimizationLevel, logSeverityLevel: 4 };
  try {
    const session = await ort.InferenceSession.create(modelOf(version), options);
    await session.run({ x: new ort.Tensor("float32", Float32Array.of(1, -2), [1, SIZE]) });
    await session.release();
    return "runs";
  } catch (error) {
    return `refused: ${error.message}`;
  }
}

async function main() {
  const seen = [];
  for (const version of [10, 11])
    for (const level of ["disabled", "all"]) {
      const what = await outcome(version, level);
      console.log(`operator set ${version}, ${level}: ${what}`);
      seen.push(what.split(":")[0]);
    }
  if (seen.join() !== "runs,refused,runs,runs") process.exitCode = 1;
}
main();
JS
node see.cjs
