#!/usr/bin/env bash
# LiteRT.js 2.5.3 (WebAssembly, CPU) answers wrongly where a TFLite file stores a convolution's weights as sparse float16 behind DENSIFY and
# DEQUANTIZE. The same weights answer rightly as sparse float32 behind DENSIFY, and as dense float16 behind DEQUANTIZE: each half of the form
# works, the two together do not, and TFLite 2.9.0's C library computes them rightly too. Nothing is said: the model loads, runs and gives
# numbers. One would guess that a form which loads is computed, or is refused.
#
# Seen (@litertjs/core 2.5.3, flatbuffers 25.9.23, Node 20, x86-64; a 1×1 convolution whose answers are 4, 4.5, 5 and 5.5):
#   dense float16, DEQUANTIZE: right
#   sparse float32, DENSIFY: right
#   sparse float16, DENSIFY, DEQUANTIZE: wrong
# (the last one's were 0.0000178, 0, -71966.25 and 0.0023)
#
# Fails when that is no longer so. Needs Node and npm; installs into a temporary folder that it removes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund @litertjs/core@2.5.3 flatbuffers@25.9.23
cat >see.mjs <<'JS'
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { runInThisContext } from "node:vm";
import { Builder } from "flatbuffers";

const [FLOAT32, FLOAT16] = [0, 1];
const [CONV_2D, DEQUANTIZE, DENSIFY] = [3, 6, 124];
const CONV_OPTIONS = 1; // BuiltinOptions
const [DENSE, CSR] = [0, 1]; // DimensionType
const INT32_VECTOR = 1; // SparseIndexVector
const [INPUTS, OUTPUTS] = [8, 4];

/** Every output reads two of the inputs. */
const weights = Array.from({ length: OUTPUTS * INPUTS }, (_, at) => (at % INPUTS === (at >> 3) || at % INPUTS === 6 ? 0.5 : 0));
const input = Float32Array.from({ length: INPUTS }, (_, at) => at + 1);
const right = Array.from({ length: OUTPUTS }, (_, row) =>
  input.reduce((sum, value, at) => sum + value * weights[row * INPUTS + at], 0),
);

/** A file whose only convolution reads weights of a type, sparse or not. */
function modelOf(type, isSparse) {
  const b = new Builder(1024);
  const table = (slots) => {
    b.startObject(slots.length);
    for (const [at, slot] of slots.entries()) if (slot) b[`addField${slot[0]}`](at, slot[1], slot[0] === "Offset" ? 0 : -1);
    return b.endObject();
  };
  const offsets = (list) => {
    b.startVector(4, list.length, 4);
    for (const each of list.toReversed()) b.addOffset(each);
    return b.endVector();
  };
  const ints = (list) => {
    b.startVector(4, list.length, 4);
    for (const each of list.toReversed()) b.addInt32(each);
    return b.endVector();
  };
  const bytes = (array) => {
    const given = new Uint8Array(array.buffer);
    b.startVector(1, given.length, 16);
    for (const each of given.toReversed()) b.addInt8(each);
    return b.endVector();
  };
  /** 0.5 is 0x3800 as float16. */
  const packed = (list) =>
    type === FLOAT16 ? Uint16Array.from(list, (value) => (value === 0 ? 0 : 0x3800)) : Float32Array.from(list);
  const shape = [OUTPUTS, 1, 1, INPUTS];
  const stored = isSparse ? weights.filter((value) => value !== 0) : weights;
  const segments = [0];
  const indices = [];
  for (const [at, value] of weights.entries()) {
    if (value !== 0) indices.push(at % INPUTS);
    if (at % INPUTS === INPUTS - 1) segments.push(indices.length);
  }
  const sparsity = () => {
    const dense = [OUTPUTS, 1, 1].map((size) => table([["Int8", DENSE], ["Int32", size]]));
    const list = (values) => table([["Offset", ints(values)]]);
    const lists = [list(segments), list(indices)];
    const csr = table([["Int8", CSR], null, ["Int8", INT32_VECTOR], ["Offset", lists[0]], ["Int8", INT32_VECTOR], ["Offset", lists[1]]]);
    return table([["Offset", ints([0, 1, 2, 3])], null, ["Offset", offsets([...dense, csr])]]);
  };
  const buffers = [undefined, packed(stored), Float32Array.from({ length: OUTPUTS }, () => 0)];
  const tensors = [];
  const tensor = (name, sizes, elements, buffer, sparse) => {
    const named = b.createString(name);
    const dimensions = ints(sizes);
    const lists = sparse ? ["Offset", sparsity()] : null;
    tensors.push(table([["Offset", dimensions], ["Int8", elements], ["Int32", buffer], ["Offset", named], null, null, lists]));
    return tensors.length - 1;
  };
  const codes = [];
  const operators = [];
  const operator = (code, reads, writes, options) => {
    const [from, to] = [ints(reads), ints(writes)];
    codes.push(code);
    const kind = options ? ["Int8", CONV_OPTIONS] : null;
    operators.push(table([["Int32", codes.length - 1], ["Offset", from], ["Offset", to], kind, options ? ["Offset", options] : null]));
  };
  const x = tensor("x", [1, 1, 1, INPUTS], FLOAT32, 0);
  let w = tensor("w", shape, type, 1, isSparse);
  if (isSparse) {
    const dense = tensor("dense", shape, type, 0);
    operator(DENSIFY, [w], [dense]);
    w = dense;
  }
  if (type === FLOAT16) {
    const float = tensor("float", shape, FLOAT32, 0);
    operator(DEQUANTIZE, [w], [float]);
    w = float;
  }
  const bias = tensor("bias", [OUTPUTS], FLOAT32, 2);
  const y = tensor("y", [1, 1, 1, OUTPUTS], FLOAT32, 0);
  operator(CONV_2D, [x, w, bias], [y], table([null, ["Int32", 1], ["Int32", 1], null, ["Int32", 1], ["Int32", 1]]));
  const ends = [ints([x]), ints([y])];
  const lists = [offsets(tensors), offsets(operators)];
  const graph = table([["Offset", lists[0]], ["Offset", ends[0]], ["Offset", ends[1]], ["Offset", lists[1]]]);
  const known = codes.map((code) => table([["Int8", code], null, ["Int32", code === DEQUANTIZE ? 3 : 1], ["Int32", code]]));
  const made = buffers.map((data) => table([data ? ["Offset", bytes(data)] : null]));
  const all = [offsets(known), offsets([graph]), offsets(made)];
  b.finish(table([["Int32", 3], ["Offset", all[0]], ["Offset", all[1]], null, ["Offset", all[2]]]), "TFL3");
  return b.asUint8Array();
}

// It is made for browsers: where it looks for itself there is what Node has.
const print = console.log;
for (const level of ["log", "info", "warn", "error", "debug"]) console[level] = () => undefined;
const require = createRequire(import.meta.url);
const wasm = join(process.cwd(), "node_modules/@litertjs/core/wasm");
Object.assign(globalThis, {
  self: globalThis,
  require,
  __dirname: wasm,
  __filename: join(wasm, "worker.js"),
  importScripts: (url) => {
    const path = String(url).replace(/^file:\/\//, "");
    runInThisContext(readFileSync(path, "utf8"), { filename: path });
  },
});
const { loadLiteRt, loadAndCompile, Tensor } = await import("@litertjs/core");
await loadLiteRt(`${wasm}/`, { threads: false, jspi: false });

const answers = {};
for (const [title, type, isSparse] of [
  ["dense float16, DEQUANTIZE", FLOAT16, false],
  ["sparse float32, DENSIFY", FLOAT32, true],
  ["sparse float16, DENSIFY, DEQUANTIZE", FLOAT16, true],
]) {
  const model = await loadAndCompile(modelOf(type, isSparse), { accelerator: "wasm" });
  const [output] = await model.run([new Tensor(input, [1, 1, 1, INPUTS])]);
  const answer = [...output.toTypedArray()];
  answers[title] = answer.every((value, at) => Math.abs(value - right[at]) < 1e-3) ? "right" : "wrong";
  print(`${title}: ${answers[title]}${process.env.VERBOSE ? ` ${answer}` : ""}`);
}
const isAsSeen =
  answers["dense float16, DEQUANTIZE"] === "right" &&
  answers["sparse float32, DENSIFY"] === "right" &&
  answers["sparse float16, DENSIFY, DEQUANTIZE"] === "wrong";
process.exit(isAsSeen ? 0 : 1);
JS
node see.mjs
