// Makes the code generated from our two schema files. Run after editing either: `npm run generate` (needs flatc on the PATH).
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const ONNX = "profiler/formats/onnx/schema";
const TFLITE = "profiler/formats/tflite/schema";
const bin = (name) => `node_modules/.bin/${name}`;
const run = (command, ...args) => execFileSync(command, args, { stdio: "inherit" });

// int64 as number: every size we compute with is below 2^53; bytes nobody edits are copied, never re-encoded.
const PBJS = ["-t", "static-module", "-w", "es6", "--es6", "--force-number", "--no-service", "--no-verify"];
const PBJS_OMITTED = ["--no-delimited", "--no-convert", "--no-create", "--no-typeurl"];
run(bin("pbjs"), ...PBJS, ...PBJS_OMITTED, "-o", `${ONNX}/generated/onnx.js`, `${ONNX}/onnx.proto`);
run(bin("pbts"), "-o", `${ONNX}/generated/onnx.d.ts`, `${ONNX}/generated/onnx.js`);

run("flatc", "--ts", "--gen-object-api", "--ts-flat-files", "-o", `${TFLITE}/generated`, `${TFLITE}/schema.fbs`);
const flat = `${TFLITE}/generated/schema_generated.ts`;
writeFileSync(
  flat,
  `// @ts-nocheck: flatc's output does not know our stricter compiler flags.\n${readFileSync(flat, "utf8")}`,
);
