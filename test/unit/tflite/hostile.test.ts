import assert from "node:assert/strict";
import * as schema from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { EdgewiseError, LimitError, ModelFormatError } from "../../../profiler/errors.ts";
import { analyseModel } from "../../../profiler/profile-model.ts";
import { weightReports } from "../../../profiler/views/weight-report.ts";
import { tfliteModel, type OperatorSpec, type SubgraphSpec, type TfliteSpec } from "../../builders/tflite-builder.ts";
import { readBytes, readSpec } from "./analyse.ts";

/** Every kind of table that the reader knows. */
const RICH: TfliteSpec = {
  name: "main",
  tensors: [
    { name: "x", shape: [1, 4], signature: [-1, 4], quantization: { scales: [0.5], zeroPoints: [1] } },
    { name: "w", shape: [3, 4], data: (index) => index },
    { name: "b", shape: [3], data: [1, 2, 3] },
    { name: "h", shape: [1, 3], signature: [-1, 3] },
    { name: "condition", type: "bool", shape: [1], data: [1] },
    { name: "y", shape: [1, 3], signature: [-1, 3] },
    { name: "z", shape: [1, 3] },
  ],
  operators: [
    { op: "FULLY_CONNECTED", inputs: ["x", "w", "b"], outputs: ["h"], options: new schema.FullyConnectedOptionsT() },
    { op: "IF", inputs: ["condition", "h"], outputs: ["y"], options: new schema.IfOptionsT(1, 1) },
    {
      op: { custom: "Mystery" },
      inputs: ["y"],
      outputs: ["z"],
      customOptions: Uint8Array.of(97, 0, 1, 3, 1, 1, 1, 5, 4, 2, 36, 1),
    },
  ],
  inputs: ["x"],
  outputs: ["z"],
  subgraphs: [{ name: "branch", tensors: [{ shape: [1, 3] }], operators: [], inputs: [0], outputs: [0] }],
  signatures: [{ key: "serving_default", subgraph: 0, inputs: { x: 0 }, outputs: { z: 6 } }],
  description: "rich",
  metadata: { min_runtime_version: new TextEncoder().encode("1.5.0") },
};

const add = (inputs: readonly number[], outputs: readonly number[]): OperatorSpec => ({ op: "ADD", inputs, outputs });

function chain(operators: readonly OperatorSpec[], rest: Partial<TfliteSpec> = {}): TfliteSpec {
  const tensors = Array.from({ length: 4 }, (_, index) => ({ name: `t${index}`, shape: [2] }));
  return { tensors, operators, inputs: [0], outputs: [3], ...rest };
}

const call = (subgraph: number): SubgraphSpec => ({
  tensors: [{ shape: [2] }, { shape: [2] }],
  operators: [{ op: "CALL", inputs: [0], outputs: [1], options: new schema.CallOptionsT(subgraph) }],
  inputs: [0],
  outputs: [1],
});

const FAULTS: readonly { readonly name: string; readonly spec: TfliteSpec; readonly message: RegExp }[] = [
  {
    name: "a cycle",
    spec: chain([add([0, 2], [1]), add([1, 1], [2]), add([2, 2], [3])]),
    message: /operator 0 \(ADD\) reads tensor 2 t2, which operator 1 writes only then: a cycle or wrong order/,
  },
  {
    name: "an operator that reads what it writes",
    spec: chain([add([0, 3], [3])]),
    message: /operator 0 writes only then/,
  },
  {
    name: "a tensor without a producer",
    spec: chain([add([0, 1], [3])]),
    message: /reads tensor 1 t1, which nothing produces/,
  },
  { name: "an output without a producer", spec: chain([]), message: /nothing produces its output, tensor 3 t3/ },
  {
    name: "a tensor with two producers",
    spec: chain([add([0, 0], [3]), add([0, 0], [3])]),
    message: /which operator 0 writes already/,
  },
  { name: "an operator that writes an input", spec: chain([add([0, 0], [0])]), message: /is an input of the subgraph/ },
  {
    name: "a tensor that does not exist",
    spec: chain([add([0, 9], [3])]),
    message: /reads tensor 9, which does not exist: there are 4/,
  },
  { name: "a negative tensor", spec: chain([add([0, -2], [3])]), message: /tensor -2, which does not exist/ },
  {
    name: "bytes that disagree with the shape",
    spec: {
      ...RICH,
      tensors: RICH.tensors.map((tensor) => (tensor.name === "b" ? { ...tensor, data: [1, 2] } : tensor)),
    },
    message: /tensor 2 b.*12 bytes expected for float32 \[3\], but its buffer has 8/,
  },
  {
    name: "a negative size",
    spec: chain([add([0, 0], [3])], { tensors: [0, 1, 2, 3].map(() => ({ shape: [-5] })) }),
    message: /a size cannot be -5/,
  },
  {
    name: "an absurd size",
    spec: chain([add([0, 0], [3])], {
      tensors: [0, 1, 2, 3].map(() => ({ shape: [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1] })),
    }),
    message: /fits no machine/,
  },
  {
    name: "an absurd rank",
    spec: chain([add([0, 0], [3])], {
      tensors: [0, 1, 2, 3].map(() => ({ shape: Array.from({ length: 99 }, () => 1) })),
    }),
    message: /at most 32 dimensions expected, not 99/,
  },
  {
    name: "a signature of another rank",
    spec: chain([add([0, 0], [3])], { tensors: [0, 1, 2, 3].map(() => ({ shape: [1], signature: [-1, 2] })) }),
    message: /its signature 2/,
  },
  {
    name: "recursion",
    spec: { ...call(1), subgraphs: [call(2), call(1)] },
    message: /recursion: subgraphs 0 → 1 → 2 → 1 run each other/,
  },
  { name: "a subgraph that does not exist", spec: call(7), message: /subgraph 7 does not exist: the model has 1/ },
  {
    name: "nesting without end",
    spec: {
      ...call(1),
      subgraphs: Array.from({ length: 99 }, (_, index) => (index === 98 ? chain([add([0, 0], [3])]) : call(index + 2))),
    },
    message: /nested deeper than 64 levels/,
  },
  {
    name: "control flow without a subgraph",
    spec: chain([{ op: "IF", inputs: [0], outputs: [3] }]),
    message: /then_subgraph_index is missing/,
  },
];

const LOOK_ALIKES: readonly (readonly [name: string, bytes: string, message: RegExp, hint?: RegExp])[] = [
  ["an empty file", "", /the file is empty/],
  ["two bytes", "ab", /TFL3 of a TFLite model expected/],
  ["a zip", "PK\x03\x04 and a bundle", /a zip archive/, /[Uu]nzip/],
  ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1", /Git LFS pointer/, /git lfs pull/],
  ["an older schema", "\x14\x00\x00\x00TFL2 and more", /older TFLite schema/],
  ["an ONNX model", "\x08\x07\x12\x07pytorch\x1a\x051.12", /an ONNX model/, /\.onnx/],
  ["a web page", "<!DOCTYPE html><html>", /a web page/, /download/],
  ["anything else", "0123456789abcdef", /TFL3 of a TFLite model expected$/],
];

describe("TFLite from hostile hands", () => {
  for (const { name, spec, message } of FAULTS) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(readSpec(spec), (error) => error instanceof ModelFormatError && message.test(error.message));
    });
  }

  for (const [name, text, message, hint] of LOOK_ALIKES) {
    it(`says what ${name} looks like`, async () => {
      const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
      await assert.rejects(readBytes(bytes), (error) => {
        assert.ok(error instanceof ModelFormatError);
        assert.match(error.message, message);
        if (hint) assert.match(error.hint ?? "", hint);
        return true;
      });
    });
  }

  it("shows what all weights take though the lists of one sparse tensor lead outside it", async () => {
    const options = new schema.FullyConnectedOptionsT();
    const broken = new schema.SparsityParametersT([0, 9]);
    const model = await readSpec({
      tensors: [
        { name: "x", shape: [1, 4] },
        { name: "w", shape: [3, 4], data: new Uint8Array(12), sparsity: broken },
        { name: "h", shape: [1, 3] },
        { name: "v", shape: [2, 3], data: [1, 2, 3, 1, 2, 3] },
        { name: "y", shape: [1, 2] },
      ],
      operators: [
        { op: "FULLY_CONNECTED", inputs: ["x", "w", -1], outputs: ["h"], options },
        { op: "FULLY_CONNECTED", inputs: ["h", "v", -1], outputs: ["y"], options },
      ],
      inputs: ["x"],
      outputs: ["y"],
    });
    const reports = await weightReports(analyseModel(model, {}));
    assert.deepEqual(
      reports.map(({ storedBytes, deepCompression }) => [storedBytes, deepCompression?.values]),
      [
        [12, undefined],
        [24, 3],
      ],
    );
    assert.match(reports[0]?.unreadable ?? "", /sparse tensor: expected each of its axes and blocks once/);
    assert.equal(reports[1]?.unreadable, undefined);
  });

  it("refuses subgraphs that unfold into billions of operators", async () => {
    const twice = (next: number): SubgraphSpec => ({
      tensors: [{ shape: [2] }, { shape: [2] }, { shape: [2] }],
      operators: [0, 1].map((index) => ({
        op: "CALL",
        inputs: [index],
        outputs: [index + 1],
        options: new schema.CallOptionsT(next),
      })),
      inputs: [0],
      outputs: [2],
    });
    const subgraphs = Array.from({ length: 40 }, (_, index) =>
      index === 39 ? chain([add([0, 0], [3])]) : twice(index + 2),
    );
    await assert.rejects(readSpec({ ...twice(1), subgraphs }), LimitError);
  });

  it("refuses the file cut off at any byte", async () => {
    const bytes = tfliteModel(RICH);
    const whole = await readBytes(bytes);
    assert.equal(whole.entries.length, 1);
    for (let length = 0; length < bytes.length; length++) {
      await assert.rejects(readBytes(bytes.subarray(0, length)), ModelFormatError, `cut to ${length}`);
    }
  });

  it("says at which byte a cut file ends too early", async () => {
    const bytes = tfliteModel(RICH);
    await assert.rejects(readBytes(bytes.subarray(0, bytes.length - 1)), (error) => {
      assert.ok(error instanceof ModelFormatError);
      assert.match(error.message, /truncated/);
      assert.ok(error.offset !== undefined && error.offset < bytes.length);
      return true;
    });
  });

  it("refuses weights outside the flatbuffer that are cut off", async () => {
    const bytes = tfliteModel({ ...RICH, weights: "outside" });
    await assert.rejects(readBytes(bytes.subarray(0, bytes.length - 1)), /truncated/);
  });

  it("reads, or refuses in words, whatever bits are flipped", async () => {
    const original = tfliteModel(RICH);
    const random = seeded(1);
    let refused = 0;
    for (let round = 0; round < 1500; round++) {
      const bytes = original.slice();
      const flips = 1 + random(4);
      for (let flip = 0; flip < flips; flip++) {
        const at = 8 + random(bytes.length - 8);
        bytes[at] = random(2) === 0 ? random(256) : (bytes[at] ?? 0) ^ (1 << random(8));
      }
      try {
        analyseModel(await readBytes(bytes), {});
      } catch (error) {
        if (!(error instanceof EdgewiseError)) throw error;
        refused++;
      }
    }
    assert.ok(refused > 150, `${refused} refused`);
  });
});

/** Numbers below a bound, the same ones at each run (xorshift). */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}
