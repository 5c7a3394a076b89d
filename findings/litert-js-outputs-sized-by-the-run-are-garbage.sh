#!/usr/bin/env bash
# LiteRT.js 2.5.3 (WebAssembly, CPU) gives what happens to lie in memory as a TFLite model's output where the operator that makes it finds
# out its size from numbers while it runs: TILE by an input that says how often, and so RANGE, WHERE, RESHAPE to sizes that are computed.
# It does so whether the file leaves the size open (shape_signature) or declares the very size that comes out. Nothing is said: the model loads,
# runs and gives as many numbers as the file declares. Behind a RELU the same numbers are right. One would guess that such an output is resized,
# as TFLite's interpreter does, or that the model is refused.
#
# Seen (@litertjs/core 2.5.3, flatbuffers 25.9.23, Node 20, x86-64; 12 numbers, twice):
#   TILE, its size declared: wrong, 24 numbers
#   TILE, its size open: wrong, 12 numbers
#   TILE and RELU, their size declared: right, 24 numbers
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

const [FLOAT32, INT32] = [0, 2]; // TensorType
const [RELU, TILE] = [19, 69]; // BuiltinOperator

/** The first input as often along each axis as the second says, through more operators if any are given. */
function modelOf(operators, shape, signature) {
  const b = new Builder(1024);
  const table = (slots) => {
    b.startObject(slots.length);
    for (const [at, slot] of slots.entries()) if (slot) b[`addField${slot[0]}`](at, slot[1], slot[0] === "Offset" ? 0 : -1);
    return b.endObject();
  };
  const vector = (list, add) => {
    b.startVector(4, list.length, 4);
    for (const each of list.toReversed()) add(each);
    return ["Offset", b.endVector()];
  };
  const ints = (list) => vector(list, (each) => b.addInt32(each));
  const tables = (list) => vector(list, (each) => b.addOffset(each));
  const tensor = (name, sizes, type, open) => {
    const named = ["Offset", b.createString(name)];
    const lists = [ints(sizes), open ? ints(open) : null];
    return table([lists[0], ["Int8", type], ["Int32", 0], named, null, null, null, lists[1]]);
  };
  const made = operators.map((_, at) => tensor(`made ${at}`, shape, FLOAT32, signature));
  const tensors = tables([tensor("x", [3, 4], FLOAT32), tensor("multiples", [2], INT32), ...made]);
  const steps = operators.map((_, at) => {
    const [reads, writes] = [ints(at === 0 ? [0, 1] : [at + 1]), ints([at + 2])];
    return table([["Int32", at], reads, writes]);
  });
  const [ran, inputs, outputs] = [tables(steps), ints([0, 1]), ints([operators.length + 1])];
  const graphs = tables([table([tensors, inputs, outputs, ran])]);
  const codes = tables(operators.map((code) => table([["Int8", code], null, ["Int32", 1], ["Int32", code]])));
  const buffers = tables([table([null])]);
  b.finish(table([["Int32", 3], codes, graphs, null, buffers]), "TFL3");
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

const numbers = Float32Array.from({ length: 12 }, (_, at) => at + 1);
const right = [...numbers, ...numbers].join();
const seen = [];
for (const [title, ...given] of [
  ["TILE, its size declared", [TILE], [6, 4]],
  ["TILE, its size open", [TILE], [3, 4], [-1, 4]],
  ["TILE and RELU, their size declared", [TILE, RELU], [6, 4]],
]) {
  const model = await loadAndCompile(modelOf(...given), { accelerator: "wasm" });
  const [output] = await model.run([new Tensor(numbers, [3, 4]), new Tensor(Int32Array.of(2, 1), [2])]);
  const answer = [...output.toTypedArray()];
  seen.push(`${answer.join() === right ? "right" : "wrong"}, ${answer.length} numbers`);
  print(`${title}: ${seen.at(-1)}`);
}
process.exit(seen.join("; ") === "wrong, 24 numbers; wrong, 12 numbers; right, 24 numbers" ? 0 : 1);
JS
node see.mjs
