#!/usr/bin/env bash
# The profile that onnxruntime-node 1.27.0 writes (`enableProfiling`, Chrome's trace format) holds the names of nodes as they are in the
# model. A name is any text in ONNX; one with a quotation mark, a backslash or a tab, as converters make them of Python expressions, gives a file
# that is no JSON: JSON.parse, Perfetto and chrome://tracing refuse the whole of it, although the model is valid and ran. One would
# guess that a writer of JSON escapes strings. Who reads such profiles has to mend lines before parsing them.
#
# Seen (onnxruntime-node 1.27.0, CPU, x86-64, Node 20):
#   plain: JSON
#   get["x"]: no JSON
#   a\q: no JSON
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
const value = (name) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: [{ dimValue: 4 }] } } },
});

/** Whether the profile of a model with one node of that name is JSON. */
async function isJson(name, number) {
  const graph = {
    name: "one",
    node: [{ opType: "Sqrt", name, input: ["x"], output: ["y"] }],
    input: [value("x")],
    output: [value("y")],
  };
  const model = onnx.ModelProto.create({ irVersion: 8, opsetImport: [{ domain: "", version: 17 }], graph });
  const session = await ort.InferenceSession.create(onnx.ModelProto.encode(model).finish(), {
    executionProviders: ["cpu"],
    enableProfiling: true,
    profileFilePrefix: `profile-${number}`,
    logSeverityLevel: 3,
  });
  const { y } = await session.run({ x: new ort.Tensor("float32", Float32Array.of(1, 4, 9, 16), [4]) });
  if (y.data.join() !== "1,2,3,4") throw new Error("the model does not run as it should");
  session.endProfiling();
  await session.release();
  const [file] = require("node:fs").readdirSync(".").filter((each) => each.startsWith(`profile-${number}`));
  const text = readFileSync(file, "utf8");
  if (!text.includes("Sqrt")) throw new Error("the profile does not tell of the node");
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

(async () => {
  const expected = { plain: true, 'get["x"]': false, "a\\q": false };
  let isAsSeen = true;
  for (const [number, [name, wasJson]] of Object.entries(expected).entries()) {
    const isNow = await isJson(name, number);
    console.log(`${name}: ${isNow ? "JSON" : "no JSON"}`);
    isAsSeen &&= isNow === wasJson;
  }
  process.exitCode = isAsSeen ? 0 : 1;
})();
JS
ORT_DISABLE_TELEMETRY=1 node see.cjs
