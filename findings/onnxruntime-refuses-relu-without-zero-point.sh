#!/usr/bin/env bash
# onnxruntime-node 1.27.0 refuses a valid quantized model at the optimization levels "extended" and "all" (the default) and runs it at "basic":
# Conv and Relu between DequantizeLinear and a QuantizeLinear that leaves its zero point out, where ONNX says that it is then uint8 and 0.
# The fusion gives two nodes one name, and the check of the graph behind it calls the model invalid. One would guess that an optional
# input that is given its default changes nothing; with it the same model is fused to QLinearConv.
#
# Seen (onnxruntime-node 1.27.0, CPU, x86-64, Node 20):
#   zero point given, basic: runs
#   zero point given, all: runs
#   zero point left out, basic: runs
#   zero point left out, all: refused: This is an invalid model. Error: two nodes with same node name (conv).
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
const value = (name, sizes) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: sizes.map((dimValue) => ({ dimValue })) } } },
});
const scalar = (name, dataType, number) => ({
  name,
  dataType,
  dims: [],
  ...(dataType === FLOAT ? { floatData: [number] } : { int32Data: [number] }),
});

function modelOf(hasZeroPoint) {
  const last = hasZeroPoint ? ["out", "zero"] : ["out"];
  const node = (opType, input, output) => ({ opType, name: output, input, output: [output] });
  const graph = {
    name: "layer",
    node: [
      node("QuantizeLinear", ["x", "in", "middle"], "xq"),
      node("DequantizeLinear", ["xq", "in", "middle"], "xd"),
      node("DequantizeLinear", ["weights", "in", "none"], "kernel"),
      node("Conv", ["xd", "kernel"], "conv"),
      node("Relu", ["conv"], "relu"),
      node("QuantizeLinear", ["relu", ...last], "yq"),
      node("DequantizeLinear", ["yq", ...last], "y"),
    ],
    input: [value("x", [1, 1, 2, 2])],
    output: [value("y", [1, 1, 2, 2])],
    initializer: [
      scalar("in", FLOAT, 0.05),
      scalar("out", FLOAT, 0.1),
      scalar("middle", UINT8, 128),
      scalar("none", INT8, 0),
      ...(hasZeroPoint ? [scalar("zero", UINT8, 0)] : []),
      { name: "weights", dataType: INT8, dims: [1, 1, 1, 1], int32Data: [40] },
    ],
  };
  return onnx.ModelProto.encode(
    onnx.ModelProto.create({ irVersion: 8, opsetImport: [{ domain: "", version: 17 }], graph }),
  ).finish();
}

async function outcome(hasZeroPoint, graphOptimizationLevel) {
  const options = { executionProviders: ["cpu"], graphOptimizationLevel, logSeverityLevel: 4 };
  try {
    const session = await ort.InferenceSession.create(modelOf(hasZeroPoint), options);
    await session.run({ x: new ort.Tensor("float32", Float32Array.of(1, 2, -3, 4), [1, 1, 2, 2]) });
    await session.release();
    return "runs";
  } catch (error) {
    return `refused: ${error.message}`;
  }
}

async function main() {
  const seen = [];
  for (const hasZeroPoint of [true, false])
    for (const level of ["basic", "all"]) {
      const what = await outcome(hasZeroPoint, level);
      console.log(`zero point ${hasZeroPoint ? "given" : "left out"}, ${level}: ${what}`);
      seen.push(what);
    }
  const [givenBasic, givenAll, omittedBasic, omittedAll] = seen;
  const isAsSeen =
    [givenBasic, givenAll, omittedBasic].every((what) => what === "runs") && omittedAll.includes("same node name");
  if (!isAsSeen) process.exitCode = 1;
}
main();
JS
node see.cjs
