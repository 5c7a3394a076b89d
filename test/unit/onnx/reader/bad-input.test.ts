import assert from "node:assert/strict";

import { EdgewiseError, ModelFormatError } from "../../../../profiler/errors.ts";
import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import { readOnnx } from "../../../../profiler/formats/onnx/read.ts";
import {
  externalTensor,
  graph,
  node,
  onnxFunction,
  onnxModel,
  sparseTensor,
  tensor,
  value,
} from "../../../builders/onnx-builder.ts";
import { MemoryExternalData, refuses } from "./read-model.ts";
import { delimited, integer } from "./wire-bytes.ts";

/** A bit of everything that the reader looks at. */
function everything(): Uint8Array {
  const branch = (op: string): ReturnType<typeof graph> => graph([node(op, ["h"], ["out"])], { outputs: ["out"] });
  return onnxModel({
    functions: [onnxFunction([node("Mul", ["a", "a"], ["b"])], { name: "Square", inputs: ["a"], outputs: ["b"] })],
    opset: { "": 17, local: 1 },
    metadata: { task: "test" },
    graph: graph(
      [
        node("Conv", ["x", "w"], ["h"], { pads: [1, 1, 1, 1], auto_pad: "NOTSET" }),
        node("If", ["c"], ["i"], { then_branch: branch("Relu"), else_branch: branch("Tanh") }),
        node("Square", ["i"], ["y"], {}, { domain: "local" }),
        node("Constant", [], ["k"], { value: tensor("", "int64", [2], [1, -1], "typed") }),
      ],
      {
        inputs: [value("x", "float32", ["n", 3, 8, 8]), value("c", "bool", [])],
        outputs: [value("y", "float32", ["n", null])],
        initializers: [
          tensor("w", "float32", [2, 3, 3, 3]),
          tensor("big", "float32", [3000]),
          externalTensor("e", "float32", [2], { location: "e.bin" }),
        ],
        sparseInitializers: [sparseTensor("s", "float32", [4], [1], [2])],
      },
    ),
  });
}

const FILES = { "e.bin": new Uint8Array(8) };

async function outcomeOf(bytes: Uint8Array): Promise<unknown> {
  return readOnnx(new MemorySource("test.onnx", bytes), new MemoryExternalData(FILES)).then(
    () => undefined,
    (error: unknown) => error,
  );
}

function describeOutcome(outcome: unknown): string {
  return outcome instanceof Error ? (outcome.stack ?? outcome.message) : "no error";
}

/** Seeded, so that a failure comes again (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("onnx reader: bad input", () => {
  it("reads the model that the tests below break", async () => {
    assert.equal(await outcomeOf(everything()), undefined);
  });

  it("refuses a model that is cut off anywhere", async () => {
    const bytes = everything();
    const whole: number[] = [];
    for (let length = 0; length < bytes.length; length += length > 1500 && length < 13_000 ? 37 : 1) {
      const outcome = await outcomeOf(bytes.subarray(0, length));
      if (outcome === undefined) whole.push(length);
      else assert.ok(outcome instanceof ModelFormatError, `${length} bytes: ${describeOutcome(outcome)}`);
    }
    // Between the last fields of the model (operator sets, metadata, functions) a shorter file is a model of its own.
    const tail = bytes.length - 100;
    assert.ok(whole.length <= 3 && whole.every((length) => length > tail), `whole at ${whole.join(", ")}`);
  });

  it("says that a file that is cut off is not complete", async () => {
    const error = await refuses(everything().subarray(0, 700), ModelFormatError, /test\.onnx: .*ends too early/, FILES);
    assert.match(error.hint ?? "", /download or export/);
  });

  it("refuses shapes of absurdly many axes", async () => {
    const shape = Array<number>(5000).fill(1);
    const input = onnxModel({ graph: graph([node("Relu", ["x"], ["y"])], { inputs: [value("x", "float32", shape)] }) });
    await refuses(input, ModelFormatError, /value x.*a shape of 5000 axes; the limit is 128/);
    const weight = onnxModel({ graph: graph([], { initializers: [tensor("w", "float32", shape, [0])] }) });
    await refuses(weight, ModelFormatError, /initializer w.*a shape of 5000 axes/);
  });

  it("survives random damage", async () => {
    const original = everything();
    const next = random(20260821);
    for (let round = 0; round < 3000; round += 1) {
      const bytes = Uint8Array.from(original);
      const flips = 1 + Math.floor(next() * 4);
      for (let flip = 0; flip < flips; flip += 1) {
        const at = Math.floor(next() * bytes.length);
        bytes[at] = next() < 0.5 ? Math.floor(next() * 256) : (bytes[at] ?? 0) ^ (1 << Math.floor(next() * 8));
      }
      const outcome = await outcomeOf(bytes);
      assert.ok(
        outcome === undefined || outcome instanceof EdgewiseError,
        `round ${round}: ${describeOutcome(outcome)}`,
      );
    }
  });

  it("survives random bytes", async () => {
    const next = random(7);
    for (let round = 0; round < 500; round += 1) {
      const bytes = Uint8Array.from({ length: 1 + Math.floor(next() * 300) }, () => Math.floor(next() * 256));
      assert.ok((await outcomeOf(bytes)) instanceof EdgewiseError);
    }
  });

  it("refuses models without a graph, a version, or operator sets", async () => {
    await refuses(Uint8Array.from(integer(1, 8)), ModelFormatError, /has none/);
    await refuses(Uint8Array.from(delimited(7, [])), ModelFormatError, /IR version/);
    await refuses(onnxModel({ graph: graph([]), opset: {} }), ModelFormatError, /opset_import/);
    const input = Uint8Array.from([...integer(1, 1), ...integer(1, 3), ...integer(2, 1)]);
    await refuses(input, ModelFormatError, /ModelProto .*wire type 2 for field 2/);
  });

  describe("says what else a file looks like, and what to do", () => {
    const padded = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
      Buffer.concat([
        ...parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))),
        Buffer.alloc(64),
      ]);
    const cases: readonly (readonly [string, Uint8Array, RegExp, RegExp])[] = [
      ["empty", new Uint8Array(0), /empty/, /again/],
      ["zip", padded("PK\x03\x04", [20, 0, 0, 0]), /zip archive: a PyTorch/, /torch\.onnx\.export/],
      ["pickle", padded([0x80, 2, 0x8a, 10, 0x6c]), /pickle/, /torch\.onnx\.export/],
      ["HDF5", padded("\x89HDF\r\n\x1a\n"), /HDF5/, /tf2onnx/],
      ["TFLite", padded([0x1c, 0, 0, 0], "TFL3"), /TensorFlow Lite/, /\.tflite/],
      ["ORT", padded([0x1c, 0, 0, 0], "ORTM"), /ONNX Runtime's own/, /\.onnx/],
      ["text", Buffer.from("input: data\ninput_dim: 1\n"), /plain text/, /binary form/],
      ["JSON", Buffer.from('{"layers": [1, 2]}'), /JSON/, /./],
      [
        "LFS pointer",
        Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n"),
        /Git LFS/,
        /git lfs pull/,
      ],
      ["HTML", Buffer.from("\n<!DOCTYPE html><html><body>Sign in</body></html>"), /web page/, /Download/],
      ["ONNX text", Buffer.from('<\n  ir_version: 8,\n  opset_import: ["" : 17]\n>'), /text form/, /onnx\.parser/],
      ["safetensors", padded([20, 0, 0, 0, 0, 0, 0, 0], '{"w": {"dtype": "F32"}}'), /safetensors/, /ONNX/],
      ["GGUF", padded("GGUF", [3, 0, 0, 0]), /GGUF/, /ONNX/],
      ["gzip", padded([0x1f, 0x8b, 8, 0]), /gzip/, /Unpack/],
    ];
    for (const [what, bytes, message, hint] of cases) {
      it(what, async () => {
        const error = await refuses(bytes, ModelFormatError, message);
        assert.match(error.hint ?? "", hint);
      });
    }
  });
});
