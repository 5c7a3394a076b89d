import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { hostTflite, type HostTflite } from "../../../profiler/runtime/native/bundles.ts";
import { NativeTflite } from "../../../profiler/runtime/native/native-tflite.ts";
import { openLitertSession } from "../../../profiler/runtime/litert-session.ts";
import { withParts } from "../../../profiler/runtime/model-part.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { modelBytes } from "../../../profiler/formats/formats.ts";
import {
  Conv2DOptionsT,
  DimensionMetadataT,
  DimensionType,
  SparseIndexVector,
  SparsityParametersT,
  Uint8VectorT,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { valuesHere } from "../../../profiler/neutral/activations.ts";
import type { NamedTensors } from "../../../profiler/tensors/numeric-tensor.ts";
import type { Session } from "../../../profiler/runtime/session.ts";
import { modelOfBytes, modelOfFile } from "../../builders/read-model.ts";
import { tfliteModel } from "../../builders/tflite-builder.ts";
import { skip } from "../../skip.ts";
import { mobilenetV1 } from "../../zoo/networks/mobilenet-v1.ts";
import { toBytes } from "../../zoo/file-segments.ts";
import { toTflite } from "../../zoo/to-tflite.ts";
import { randomInputs } from "../tflite/random-inputs.ts";
import { marked, marking } from "./marked-processes.ts";
import { of, tflite, tfliteCast, tfliteConvolution, tfliteRelu, valuesOf } from "./tiny-models.ts";
import { withSession } from "./with-session.ts";

const SHARED = "../shared/models/tflite";
/** Two runtimes sum in orders of their own. */
const ROUNDING = 1e-4;

const NATIVE = { prefersTflite: true };
const end = (name: string): { name: string; shape: number[] } => ({ name, shape: [1] });

describe("A session of TFLite's own runtime", () => {
  let runtime: HostTflite;
  before(function () {
    const found = hostTflite();
    if (found === undefined) skip(this, "dist/runner is not built for this machine (npm run build:runner)");
    runtime = found;
  });

  /** In both runtimes on the same inputs. */
  const both = async (model: Model, given?: NamedTensors): Promise<readonly [NamedTensors, NamedTensors]> => {
    const run = (session: Session): Promise<NamedTensors> => session.run(given ?? randomInputs(session));
    return [await withSession(model, run, NATIVE), await withSession(model, run)];
  };

  it("gives what LiteRT.js gives: floats, quantized inputs and outputs, casts, depthwise convolutions", async () => {
    const exact: readonly (readonly [Promise<Model>, NamedTensors])[] = [
      [tfliteConvolution(), { x: of("float32", [1, 2, 2, 2], [1, 1, -1, 2, 0, 3, 4, -5]) }],
      [
        tfliteRelu({ type: "int8", quantization: { scales: [0.5], zeroPoints: [-10] } }),
        { x: of("float32", [1, 4], [-3, 0.5, 7.1, 1000]) },
      ],
      [tfliteCast(), { x: of("int32", [1, 3], [0, 7, -1]) }],
    ];
    for (const [model, given] of exact) assert.deepEqual(...(await both(await model, given)));
    const network = await modelOfBytes("mobilenet.tflite", toBytes(toTflite(mobilenetV1({ width: 0.25, size: 32 }))));
    assertAlike(...(await both(network)));
  });

  it("gives inner tensors", () =>
    withSession(
      tfliteConvolution(),
      async (session) => {
        const results = await session.run({ x: of("float32", [1, 2, 2, 2], [1, 1, -1, 2, 0, 3, 4, -5]) });
        assert.deepEqual(valuesOf(results.products), [2, 3, -2, 6, 0, 9, 8, -15]);
        assert.deepEqual(
          session.captured.map(({ name }) => name),
          ["products"],
        );
      },
      { ...NATIVE, tensors: ["products"] },
    ));

  it("runs sparse float16 weights, of which LiteRT.js makes other numbers without a word", async () => {
    const dense = Array.from({ length: 3 }, (_, at) => {
      const level = new DimensionMetadataT();
      level.denseSize = at === 0 ? 2 : 1;
      return level;
    });
    const compressed = new DimensionMetadataT(DimensionType.SPARSE_CSR);
    compressed.arraySegmentsType = SparseIndexVector.Uint8Vector;
    compressed.arraySegments = new Uint8VectorT([0, 1, 2]);
    compressed.arrayIndicesType = SparseIndexVector.Uint8Vector;
    compressed.arrayIndices = new Uint8VectorT([0, 2]);
    const sparsity = new SparsityParametersT([0, 1, 2, 3], [], [...dense, compressed]);
    const shape = [2, 1, 1, 3];
    const model = await tflite(
      [
        { name: "x", shape: [1, 1, 1, 3] },
        // 0.5 for the first input, and for the last.
        { name: "w", type: "float16", shape, data: new Uint8Array(Uint16Array.of(0x3800, 0x3800).buffer), sparsity },
        { name: "halves", type: "float16", shape },
        { name: "floats", shape },
        { name: "b", shape: [2], data: [0, 1] },
        { name: "y", shape: [1, 1, 1, 2] },
      ],
      [
        { op: "DENSIFY", inputs: ["w"], outputs: ["halves"] },
        { op: "DEQUANTIZE", version: 3, inputs: ["halves"], outputs: ["floats"] },
        {
          op: "CONV_2D",
          inputs: ["x", "floats", "b"],
          outputs: ["y"],
          options: Object.assign(new Conv2DOptionsT(), { strideW: 1, strideH: 1 }),
        },
      ],
    );
    const given = { x: of("float32", [1, 1, 1, 3], [2, 4, 6]) };
    for (const answers of await both(model, given)) assert.deepEqual(valuesOf(answers.y), [1, 4]);
    const request = { captured: [], ranges: new Map() };
    await assert.rejects(
      openLitertSession(model, request),
      /"w" is a sparse tensor of float16, which LiteRT\.js computes wrongly/,
    );
  });

  it("runs a model that keeps state, which LiteRT.js does not: each run begins as the first", async () => {
    const stateful = tflite(
      [end("x"), { ...end("memory"), isVariable: true }, end("y")],
      [{ op: "ADD", inputs: ["x", "memory"], outputs: ["y"] }],
    );
    await withSession(stateful, async (session) => {
      for (let run = 0; run < 3; run += 1)
        assert.deepEqual(valuesOf((await session.run({ x: of("float32", [1], [2]) })).y), [2]);
    });
  });

  it("runs parts that keep state on many samples, as weights are fitted", async () => {
    const part = await tflite(
      [end("x"), { ...end("memory"), isVariable: true }, end("y")],
      [{ op: "ADD", inputs: ["x", "memory"], outputs: ["y"] }],
    );
    const { inputs, outputs } = part.entries[0].graph;
    const values = await withParts(async (parts) => {
      const opened = await parts.open(part);
      const given = valuesHere({ shape: [3], data: Float32Array.of(1, 2, 5) });
      const made = await opened.run(new Map([[inputs[0] ?? -1, given]]), 3);
      await opened.close();
      return made.get(outputs[0] ?? -1)?.read();
    });
    assert.deepEqual([...(values ?? [])], [1, 2, 5]);
  });

  it("runs a model with open sizes, at each of them", async () => {
    const bytes = tfliteModel({
      tensors: ["x", "y"].map((name) => ({ name, shape: [1, 2], signature: [-1, 2] })),
      operators: [{ op: "RELU", inputs: ["x"], outputs: ["y"] }],
      inputs: ["x"],
      outputs: ["y"],
    });
    await withSession(
      modelOfBytes("open.tflite", bytes),
      async (session) => {
        for (const rows of [1, 3]) {
          const { y } = await session.run({
            x: of(
              "float32",
              [rows, 2],
              Array.from({ length: 2 * rows }, (_, at) => at - 1),
            ),
          });
          assert.deepEqual(
            [y?.shape, valuesOf(y)],
            [[rows, 2], Array.from({ length: 2 * rows }, (_, at) => Math.max(0, at - 1))],
          );
        }
      },
      NATIVE,
    );
  });

  it("tells why neither takes a model, and the reason of one whose answers are the same", async () => {
    const custom = await tflite([end("x"), end("y")], [{ op: { custom: "Mystery" }, inputs: ["x"], outputs: ["y"] }]);
    const lstm = await tflite(
      [end("x"), { ...end("memory"), isVariable: true }, end("y")],
      [{ op: { custom: "Mystery" }, inputs: ["x", "memory"], outputs: ["y"] }],
    );
    await assert.rejects(
      openSession(lstm),
      /"memory" of Mystery is a variable tensor.*; .*TFLite 2.*custom op: Mystery/,
    );
    await withSession(custom, (session) => assert.rejects(session.run({ x: of("float32", [1], [1]) }), /Mystery/));
  });

  it("says that the process ended, and that it is closed", async () => {
    const native = await NativeTflite.open(runtime, await modelBytes(await tfliteRelu({})), {});
    const input = of("float32", [1, 4], [1, -1, 2, -2]);
    await native.close();
    await native.close();
    await assert.rejects(native.run([input]), /its process ended/);
  });

  it("starts a process that died anew, one for two runs, and leaves none behind", async () => {
    const mark = randomUUID();
    const session = await marking(mark, async () => openSession(await tfliteRelu({}), NATIVE));
    const given = { x: of("float32", [1, 4], [1, -1, 2, -2]) };
    const expected = await session.run(given);
    for (const id of marked(mark)) process.kill(Number(id), "SIGKILL");
    // Asked at once, before anybody heard of its end.
    await assert.rejects(session.run(given), /its process ended/);
    const both = await marking(mark, () => Promise.all([session.run(given), session.run(given)]));
    assert.deepEqual(both, [expected, expected]);
    assert.equal(marked(mark).length, 1);
    await session.close();
    assert.deepEqual(marked(mark), []);
    await assert.rejects(session.run(given), /the session is closed/);
  });

  it("gives what LiteRT.js gives of the shared models", async function () {
    if (!existsSync(SHARED)) skip(this, "../shared/models is not there");
    for (const name of SAME) {
      const model = await modelOfFile(`${SHARED}/${name}`);
      assertAlike(...(await both(model)), name);
    }
    // It keeps state: there is nothing to hold it against but that it runs, and that runs are alike.
    await withSession(modelOfFile(`${SHARED}/mnist_lstm_float.tflite`), async (session) => {
      const given = randomInputs(session);
      assert.deepEqual(await session.run(given), await session.run(given));
    });
  });
});

/** All but the one whose weights alone are quantized: the runtimes quantize its activations, each in its own way. */
const SAME = [
  "anomaly_fc_float.tflite",
  "kws_dscnn_int8.tflite",
  "mobilenet_vww96_float.tflite",
  "resnet_cifar10_int8.tflite",
];

function assertAlike(found: NamedTensors, expected: NamedTensors, what = ""): void {
  assert.deepEqual(Object.keys(found), Object.keys(expected));
  for (const [name, tensor] of Object.entries(expected)) {
    const [ours, theirs] = [valuesOf(found[name]), valuesOf(tensor)];
    assert.equal(ours.length, theirs.length);
    const range = Math.max(...theirs) - Math.min(...theirs);
    const worst = Math.max(...theirs.map((value, at) => Math.abs(value - (ours[at] ?? NaN))));
    assert.ok(worst <= ROUNDING * Math.max(range, 1e-6), `${what} ${name}: ${worst} of ${range}`);
  }
}
