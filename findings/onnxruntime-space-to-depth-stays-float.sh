#!/usr/bin/env bash
# In onnxruntime-node 1.27.0 an int8 network computes DepthToSpace on its 8-bit integers, and its counterpart SpaceToDepth in float:
# of DequantizeLinear → operator → QuantizeLinear with one scale and zero point, the pair around DepthToSpace is taken out at
# optimization level "extended", the pair around SpaceToDepth stays and is computed at every run. Both only move elements, so one would
# guess that they are treated alike. Who stages a network's input by SpaceToDepth pays for two conversions of the whole map.
#
# Seen (onnxruntime-node 1.27.0, CPU, x86-64, Node 20):
#   DepthToSpace: QuantizeLinear DepthToSpace DequantizeLinear
#   SpaceToDepth: QuantizeLinear DequantizeLinear SpaceToDepth QuantizeLinear DequantizeLinear
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

const FLOAT = 1;
const UINT8 = 2;
const INT_ATTRIBUTE = 2;

const value = (name, sizes) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: sizes.map((dimValue) => ({ dimValue })) } } },
});

/** Operators that are left of a quantized layer, in order. */
async function operatorsOf(op, input, output) {
  const node = (opType, inputs, name, attribute = []) => ({ opType, name, input: inputs, output: [name], attribute });
  const graph = {
    name: "layer",
    node: [
      node("QuantizeLinear", ["x", "scale", "zero"], "xq"),
      node("DequantizeLinear", ["xq", "scale", "zero"], "xd"),
      node(op, ["xd"], "yd", [{ name: "blocksize", type: INT_ATTRIBUTE, i: 2 }]),
      node("QuantizeLinear", ["yd", "scale", "zero"], "yq"),
      node("DequantizeLinear", ["yq", "scale", "zero"], "y"),
    ],
    input: [value("x", input)],
    output: [value("y", output)],
    initializer: [
      { name: "scale", dataType: FLOAT, dims: [], floatData: [0.05] },
      { name: "zero", dataType: UINT8, dims: [], int32Data: [128] },
    ],
  };
  const model = onnx.ModelProto.create({ irVersion: 8, opsetImport: [{ domain: "", version: 17 }], graph });
  const session = await ort.InferenceSession.create(onnx.ModelProto.encode(model).finish(), {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "extended",
    optimizedModelFilePath: `${op}.onnx`,
    logSeverityLevel: 3,
  });
  await session.release();
  return onnx.ModelProto.decode(readFileSync(`${op}.onnx`)).graph.node.map(({ opType }) => opType).join(" ");
}

(async () => {
  const small = [1, 8, 4, 4];
  const large = [1, 2, 8, 8];
  const seen = {
    DepthToSpace: await operatorsOf("DepthToSpace", small, large),
    SpaceToDepth: await operatorsOf("SpaceToDepth", large, small),
  };
  for (const [op, operators] of Object.entries(seen)) console.log(`${op}: ${operators}`);
  const expected = {
    DepthToSpace: "QuantizeLinear DepthToSpace DequantizeLinear",
    SpaceToDepth: "QuantizeLinear DequantizeLinear SpaceToDepth QuantizeLinear DequantizeLinear",
  };
  process.exitCode = Object.keys(expected).every((op) => seen[op] === expected[op]) ? 0 : 1;
})();
JS
ORT_DISABLE_TELEMETRY=1 node see.cjs
