import assert from "node:assert/strict";
import { onnxBytes } from "../../../profiler/formats/onnx/write.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { Model, Node } from "../../../profiler/model/model.ts";
import { analyseModel, costModel } from "../../../profiler/profile-model.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { RESTRUCTURINGS, restructuringOf } from "../../../profiler/restructure/registry.ts";
import { isRefusal, NotApplicableError } from "../../../profiler/restructure/restructuring.ts";
import { activationsOn } from "../../../profiler/runtime/activation-source.ts";
import { loadOnnxRuntime } from "../../../profiler/onnx-runtime.ts";
import type { DataType } from "../../../profiler/model/data-type.ts";
import { graph, node, onnxModel, tensor, value, type OnnxNode, type OnnxTensor } from "../../builders/onnx-builder.ts";
import { edit, edited, readBytes, run, seededFeeds } from "../restructure/edited-model.ts";

const [MAP, INNER] = [8, 16];
const SCALE = 0.05;

interface Options {
  /** Of the weights. */
  readonly type?: DataType;
  readonly isPerChannel?: boolean;
  readonly hasIntegerBias?: boolean;
}

/** Every other filter is zero, and its bias too: nothing is lost with it. */
const isSilent = (filter: number): boolean => filter % 2 === 1;

function repeated<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Two convolutions between Q and DQ, as ONNX Runtime's quantizer writes them. */
function network({ type = "int8", isPerChannel = true, hasIntegerBias = true }: Options = {}): Uint8Array {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const scheme = (name: string, of: DataType, scales: readonly number[], dims: readonly number[], zero = 0) => {
    initializers.push(
      tensor(`${name}.scale`, "float32", dims, scales),
      tensor(
        `${name}.zero`,
        of,
        dims,
        scales.map(() => zero),
      ),
    );
    return [`${name}.scale`, `${name}.zero`];
  };
  const quantized = (name: string): string => {
    const parameters = scheme(name, "uint8", [SCALE], [], name === "second.out" ? 100 : 0);
    nodes.push(node("QuantizeLinear", [name, ...parameters], [`${name}.q`], {}, { name: `${name}.quantize` }));
    nodes.push(node("DequantizeLinear", [`${name}.q`, ...parameters], [`${name}.dq`]));
    return `${name}.dq`;
  };
  const convolution = (name: string, from: string, inputs: number, outputs: number): string => {
    const taps = 9 * inputs;
    const zero = type === "uint8" ? 100 : 0;
    const silent = (filter: number): boolean => name === "first" && isSilent(filter);
    const numbers = repeated(outputs * taps, (index) =>
      silent(Math.floor(index / taps)) ? zero : ((index * 37) % 200) - 100 + zero,
    );
    const channels = isPerChannel ? outputs : 1;
    const dims = isPerChannel ? [outputs] : [];
    const scales = repeated(channels, (filter) => 0.01 + 0.001 * filter);
    initializers.push(tensor(`${name}.weight`, type, [outputs, inputs, 3, 3], numbers));
    const weight = scheme(`${name}.weight`, type, scales, dims, zero);
    nodes.push(
      node("DequantizeLinear", [`${name}.weight`, ...weight], [`${name}.weight.dq`], isPerChannel ? { axis: 0 } : {}),
    );
    const bias = repeated(outputs, (filter) => (silent(filter) ? 0 : 10 * filter));
    if (hasIntegerBias) {
      initializers.push(tensor(`${name}.bias`, "int32", [outputs], bias));
      const parameters = scheme(
        `${name}.bias`,
        "int32",
        scales.map((scale) => scale * SCALE),
        dims,
      );
      nodes.push(
        node("DequantizeLinear", [`${name}.bias`, ...parameters], [`${name}.bias.dq`], isPerChannel ? { axis: 0 } : {}),
      );
    } else {
      initializers.push(
        tensor(
          `${name}.bias.dq`,
          "float32",
          [outputs],
          bias.map((each) => each * SCALE * 0.01),
        ),
      );
    }
    const inputNames = [from, `${name}.weight.dq`, `${name}.bias.dq`];
    nodes.push(node("Conv", inputNames, [`${name}.out`], { pads: [1, 1, 1, 1] }, { name }));
    return quantized(`${name}.out`);
  };
  const middle = convolution("first", quantized("x"), MAP, INNER);
  const last = convolution("second", middle, INNER, MAP);
  return onnxModel({
    graph: graph(nodes, { inputs: [value("x", "float32", [1, MAP, 6, 6])], outputs: [last], initializers }),
  });
}

/** The same two convolutions as operators on integers. */
function operatorNetwork(isPerChannel: boolean): Uint8Array {
  const initializers: OnnxTensor[] = [];
  const pair = (name: string, of: DataType, scales: readonly number[], dims: readonly number[]): readonly string[] => {
    initializers.push(tensor(`${name}.scale`, "float32", dims, scales));
    initializers.push(
      tensor(
        `${name}.zero`,
        of,
        dims,
        scales.map(() => 0),
      ),
    );
    return [`${name}.scale`, `${name}.zero`];
  };
  const convolution = (name: string, from: string, inputs: number, outputs: number): OnnxNode => {
    const taps = 9 * inputs;
    const silent = (filter: number): boolean => name === "first" && isSilent(filter);
    const numbers = repeated(outputs * taps, (index) =>
      silent(Math.floor(index / taps)) ? 0 : ((index * 37) % 200) - 100,
    );
    initializers.push(tensor(`${name}.weight`, "int8", [outputs, inputs, 3, 3], numbers));
    initializers.push(
      tensor(
        `${name}.bias`,
        "int32",
        [outputs],
        repeated(outputs, (filter) => (silent(filter) ? 0 : 10 * filter)),
      ),
    );
    const channels = isPerChannel ? outputs : 1;
    const scales = repeated(channels, (filter) => 0.01 + 0.001 * filter);
    const weight = pair(`${name}.weight`, "int8", scales, isPerChannel ? [outputs] : []);
    const output = pair(`${name}.out`, "uint8", [name === "first" ? SCALE : 4 * SCALE], []);
    const names = [from, `${from}.scale`, `${from}.zero`, `${name}.weight`, ...weight, ...output, `${name}.bias`];
    return node("QLinearConv", names, [`${name}.out`], { pads: [1, 1, 1, 1] }, { name });
  };
  const input = pair("q", "uint8", [SCALE], []);
  const nodes = [
    node("QuantizeLinear", ["x", ...input], ["q"]),
    convolution("first", "q", MAP, INNER),
    convolution("second", "first.out", INNER, MAP),
    node("DequantizeLinear", ["second.out", "second.out.scale", "second.out.zero"], ["y"]),
  ];
  return onnxModel({
    graph: graph(nodes, { inputs: [value("x", "float32", [1, MAP, 6, 6])], outputs: ["y"], initializers }),
  });
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, each, index) => Math.max(most, Math.abs(each - (b[index] ?? NaN))), 0);
}

type Level = "disabled" | "basic" | "all";

async function outputs(bytes: Uint8Array, level: Level): Promise<Float32Array> {
  const { InferenceSession, Tensor } = await loadOnnxRuntime();
  const session = await InferenceSession.create(bytes, { graphOptimizationLevel: level, logSeverityLevel: 4 });
  const feeds = Object.entries(seededFeeds(await readBytes(bytes))).map(
    ([name, { shape, data }]) => [name, new Tensor("float32", data.map(Math.abs), shape)] as const,
  );
  const [output] = Object.values(await session.run(Object.fromEntries(feeds)));
  await session.release();
  return Float32Array.from(output?.data as Float32Array);
}

function quantizedRows(model: Model): readonly string[] {
  const { layers } = costModel(analyseModel(model, {}), DEFAULT_HARDWARE);
  return layers.filter(({ notes }) => notes.some((note) => note.startsWith("Computes in uint8"))).map(({ op }) => op);
}

function numbersOf({ entries: [{ graph: of }] }: Model, id: number | undefined): readonly number[] {
  return of.tensors[id ?? -1]?.constant?.values ?? [];
}

function makerOf({ entries: [{ graph: of }] }: Model, id: number | undefined): Node | undefined {
  return of.nodes.find((one) => one.outputs[0] === id);
}

/** Integer kernels add a bias to sums of this scale, whatever its own says. */
function assertBiasScales(model: Model): void {
  for (const { op, inputs } of model.entries[0].graph.nodes) {
    if (op !== "Conv") continue;
    const [data = [], weight = [], bias = []] = inputs.map((id) => numbersOf(model, makerOf(model, id)?.inputs[1]));
    assert.equal(bias.length, weight.length);
    const expected = weight.map((scale) => scale * (data[0] ?? NaN));
    assert.ok(bias.every((scale, channel) => Math.abs(scale / (expected[channel] ?? NaN) - 1) < 1e-6));
  }
}

const HALF = { keep: INNER / 2, importance: "l1", refit: false };

describe("Edits of layers between Q and DQ", function () {
  this.timeout(120_000);

  for (const [title, options] of Object.entries({
    "a scale for each channel": {},
    "one scale": { isPerChannel: false },
    "unsigned weights": { type: "uint8", isPerChannel: false },
    "a float bias": { hasIntegerBias: false },
  } satisfies Record<string, Options>)) {
    it(`requantize what is left, so that a channel without effect goes without a trace: ${title}`, async () => {
      const bytes = network(options);
      const { bytes: after, written } = await edited(await readBytes(bytes), edit("reduce-channels", "first", HALF));
      const before = await outputs(bytes, "disabled");
      assert.ok(new Set(before).size > 10, "the outputs vary");
      for (const level of ["disabled", "basic", "all"] as const) {
        const now = await outputs(after, level);
        const most = before.reduce((worst, each, index) => Math.max(worst, Math.abs(each - (now[index] ?? NaN))), 0);
        // A step of what is rounded to 8 bits, and at "all" what x86 without VNNI saturates.
        assert.ok(level === "all" || most <= SCALE + 1e-6, `${level}: ${most}`);
      }
      assert.deepEqual(quantizedRows(written), ["Conv", "Conv"]);
      if (options.hasIntegerBias !== false) assertBiasScales(written);
    });
  }

  it("write explicit zero points, and no DequantizeLinear that nothing reads", async () => {
    const { written } = await edited(await readBytes(network()), edit("reduce-channels", "first", HALF));
    const { nodes, tensors } = written.entries[0].graph;
    const dequantizers = nodes.filter(({ op }) => op === "DequantizeLinear");
    assert.equal(dequantizers.length, 7);
    for (const { inputs } of dequantizers) {
      assert.equal(inputs.length, 3);
      const [stored, , zero] = inputs.map((id) => tensors[id]?.constant?.dataType);
      assert.ok(stored === undefined || stored === zero);
    }
  });

  it("leave weights under their names that another layer reads through the same DequantizeLinear", async () => {
    const shared = graph(
      [
        node("DequantizeLinear", ["stored", "scale", "zero"], ["weight"]),
        // Padded otherwise: layers that do the same would be taken together.
        node("Conv", ["x", "weight"], ["middle"], { pads: [0, 0, 0, 0] }, { name: "first" }),
        node("Conv", ["middle", "weight"], ["last"], { pads: [1, 1, 1, 1] }, { name: "second" }),
        node("Conv", ["last", "other"], ["y"], {}, { name: "third" }),
      ],
      {
        inputs: [value("x", "float32", [1, 8, 8, 8])],
        outputs: [value("y", "float32", [1, 4, 6, 6])],
        initializers: [
          tensor("stored", "int8", [8, 8, 3, 3]),
          tensor("scale", "float32", [], [0.1]),
          tensor("zero", "int8", [], [0]),
          tensor("other", "float32", [4, 8, 1, 1]),
        ],
      },
    );
    const model = await readBytes(onnxModel({ graph: shared }));
    const { written, bytes } = await edited(model, edit("shrink-kernel", "second", { share: 1 }));
    const { tensors } = written.entries[0].graph;
    const stored = tensors.filter(({ constant }) => constant?.dataType === "int8" && constant.shape.length === 4);
    assert.deepEqual(
      stored.map(({ name, constant }) => [name, constant?.shape]),
      [
        ["stored", [8, 8, 3, 3]],
        ["stored_2", [8, 8, 1, 1]],
      ],
    );
    assert.ok((await run(bytes, seededFeeds(written))).y);
  });

  it("give new weights scales of their own", async () => {
    const model = await readBytes(network());
    const { after } = await applyEdit(model, edit("group-and-shuffle", "second", { groups: 2 }));
    const bytes = await onnxBytes(after);
    const written = await readBytes(bytes);
    assert.deepEqual(quantizedRows(written).filter((op) => op === "Conv").length, 2);
    assertBiasScales(written);
    for (const level of ["basic", "all"] as const) assert.equal((await outputs(bytes, level)).length, 36 * MAP);
  });

  it("fit the weights in float on samples, and requantize them", async () => {
    const model = await readBytes(network());
    const errors: number[] = [];
    const before = await outputs(network(), "disabled");
    for (const refit of [true, false]) {
      const quarter = edit("reduce-channels", "first", { keep: 6, importance: "l1", refit });
      const { after } = await applyEdit(model, quarter, {
        activationsOf: (of) => activationsOn(of, { count: 24, seed: 3 }),
      });
      const now = await outputs(await onnxBytes(after), "disabled");
      errors.push(before.reduce((sum, each, index) => sum + (each - (now[index] ?? NaN)) ** 2, 0));
    }
    const [fitted = NaN, cut = NaN] = errors;
    assert.ok(fitted < 0.7 * cut, `${fitted} against ${cut}`);
  });

  it("are refused where something new would need a range", async () => {
    const model = await readBytes(network());
    const lifted = liftModel(model);
    const needsRange = "it computes in uint8, and nothing tells the range";
    const refused = RESTRUCTURINGS.filter((one) =>
      one.find(lifted).some((finding) => isRefusal(finding) && finding.reason.includes(needsRange)),
    );
    assert.ok(refused.length >= 3, "every layer that becomes two has something new between them");
    for (const one of refused) await assert.rejects(applyEdit(model, edit(one.id, "first")), NotApplicableError);
  });

  it("store new weights as the old ones where they alone are quantized, and say which are not written again", async () => {
    const model = (type: DataType): Promise<Model> =>
      readBytes(
        onnxModel({
          opset: 21,
          irVersion: 10,
          graph: graph(
            [
              node("DequantizeLinear", ["stored", "scale", "zero"], ["weight"]),
              node("Conv", ["x", "weight"], ["y"], { pads: [1, 1, 1, 1] }, { name: "conv" }),
            ],
            {
              inputs: [value("x", "float32", [1, 8, 6, 6])],
              outputs: ["y"],
              initializers: [
                tensor(
                  "stored",
                  type,
                  [16, 8, 3, 3],
                  repeated(1152, (index) => (index * 5) % 7),
                ),
                tensor("scale", "float32", [], [0.1]),
                tensor("zero", type, [], [0]),
              ],
            },
          ),
        }),
      );
    const { written } = await edited(await model("int8"), edit("separable", "conv"));
    const stored = written.entries[0].graph.tensors.flatMap(({ constant }) => (constant ? [constant] : []));
    assert.ok(stored.filter(({ shape }) => shape.length === 4).every(({ dataType }) => dataType === "int8"));
    const [finding] = restructuringOf("separable").find(liftModel(await model("int4")));
    assert.deepEqual(finding, {
      target: "conv",
      reason: "its weights are stored in int4, in a way that is not written again",
    });
  });
});

describe("Edits of operators on integers", function () {
  this.timeout(120_000);

  for (const isPerChannel of [true, false]) {
    it(`requantize what is left, ${isPerChannel ? "a scale for each channel" : "one scale"}`, async () => {
      const bytes = operatorNetwork(isPerChannel);
      const { bytes: after, written } = await edited(await readBytes(bytes), edit("reduce-channels", "first", HALF));
      const before = await outputs(bytes, "disabled");
      assert.ok(new Set(before).size > 10, "the outputs vary");
      assert.ok(largestDifference(before, await outputs(after, "disabled")) <= 4 * SCALE + 1e-6);
      assert.equal((await outputs(after, "all")).length, before.length);
      const ops = written.entries[0].graph.nodes.map(({ op }) => op);
      assert.deepEqual(ops, ["QuantizeLinear", "QLinearConv", "QLinearConv", "DequantizeLinear"]);
    });
  }

  it("fit the weights to the real numbers that the integers stand for", async () => {
    const bytes = operatorNetwork(true);
    const model = await readBytes(bytes);
    const before = await outputs(bytes, "disabled");
    const errors: number[] = [];
    for (const refit of [true, false]) {
      const { after } = await applyEdit(model, edit("reduce-channels", "first", { keep: 6, importance: "l1", refit }), {
        activationsOf: (of) => activationsOn(of, { count: 24, seed: 3 }),
      });
      const now = await outputs(await onnxBytes(after), "disabled");
      errors.push(before.reduce((sum, each, index) => sum + (each - (now[index] ?? NaN)) ** 2, 0));
    }
    const [fitted = NaN, cut = NaN] = errors;
    assert.ok(fitted < 0.7 * cut, `${fitted} against ${cut}`);
  });

  it("are refused where something new would be on integers", async () => {
    const model = await readBytes(operatorNetwork(true));
    for (const id of ["separable", "group-and-shuffle", "split-spatial"])
      await assert.rejects(applyEdit(model, edit(id, "second")), /nothing tells the range/);
  });
});
