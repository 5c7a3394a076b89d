import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { dynamicNames, openInputs, type Bindings } from "../../../profiler/bindings.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { checkEdit } from "../../../profiler/editing/check-edit.ts";
import { SizeBoundEditError } from "../../../profiler/editing/check-sizes.ts";
import { suggest, type Suggestion } from "../../../profiler/editing/suggest.ts";
import { onnxBytes } from "../../../profiler/formats/onnx/write.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { evaluate } from "../../../profiler/shapes/dimension.ts";
import { NotApplicableError } from "../../../profiler/restructure/restructuring.ts";
import { graph, node, onnxModel, tensor, value, type OnnxNode } from "../../builders/onnx-builder.ts";
import { IS_THOROUGH } from "../../effort.ts";
import { edit, EXACT, readBytes, run, weights, type Feeds, type Outputs } from "../restructure/edited-model.ts";

const DATA = join(import.meta.dirname, "../../data/sizes");

const conv = (input: string, weight: string, output: string, attributes = {}): OnnxNode =>
  node("Conv", [input, weight], [output], attributes, { name: output });
const SAME = { pads: [1, 1, 1, 1] };

/** Networks whose inputs are open in each way that exporters leave them open. */
const NETWORKS: Readonly<Record<string, () => Uint8Array | Promise<Buffer>>> = {
  "a head behind a Flatten": () =>
    onnxModel({
      graph: graph(
        [
          conv("x", "w1", "c1", SAME),
          node("Relu", ["c1"], ["r1"]),
          node("Flatten", ["r1"], ["f"]),
          node("Gemm", ["f", "fc"], ["y"], { transB: 1 }, { name: "fc" }),
        ],
        {
          inputs: [value("x", "float32", ["batch", 3, 6, 6])],
          outputs: ["y"],
          initializers: [weights("w1", [8, 3, 3, 3]), weights("fc", [10, 288])],
        },
      ),
    }),
  "reshapes around channels of any map": () =>
    onnxModel({
      graph: graph(
        [
          conv("x", "w1", "c1", { auto_pad: "SAME_UPPER", strides: [2, 2] }),
          node("BatchNormalization", ["c1", "s", "s", "m", "s"], ["b1"]),
          node("Relu", ["b1"], ["r1"]),
          conv("r1", "w2", "c2", SAME),
          node("Dropout", ["c2"], ["d2"], {}, { name: "drop" }),
          node("Unsqueeze", ["d2", "axes"], ["u"]),
          node("Squeeze", ["u", "axes"], ["q"]),
          node("Reshape", ["q", "flat"], ["rows"]),
          node("ReduceMean", ["rows"], ["mean"], { axes: [2], keepdims: 0 }),
          node("MatMul", ["mean", "fc"], ["y"], {}, { name: "fc" }),
        ],
        {
          inputs: [value("x", "float32", ["batch", 3, "height", "width"])],
          outputs: ["y"],
          initializers: [
            weights("w1", [16, 3, 3, 3]),
            weights("w2", [16, 16, 3, 3]),
            weights("fc", [16, 5]),
            tensor("s", "float32", [16], new Array<number>(16).fill(0.5)),
            tensor("m", "float32", [16], new Array<number>(16).fill(0.1)),
            tensor("axes", "int64", [1], [4]),
            tensor("flat", "int64", [3], [0, 16, -1]),
          ],
        },
      ),
    }),
  "sequences of tokens": () =>
    onnxModel({
      graph: graph(
        [
          node("MatMul", ["x", "wq"], ["q"], {}, { name: "q" }),
          node("Reshape", ["q", "heads"], ["split"]),
          node("Transpose", ["split"], ["turned"], { perm: [0, 2, 1, 3] }),
          node("Transpose", ["turned"], ["back"], { perm: [0, 2, 1, 3] }),
          node("Reshape", ["back", "merged"], ["m"]),
          node("Add", ["m", "mask"], ["a"]),
          node("MatMul", ["a", "wo"], ["y"], {}, { name: "o" }),
        ],
        {
          inputs: [value("x", "float32", ["batch", "seq-len", 16]), value("mask", "float32", ["batch", "seq-len", 1])],
          outputs: ["y"],
          initializers: [
            weights("wq", [16, 32]),
            weights("wo", [32, 8]),
            tensor("heads", "int64", [4], [0, -1, 4, 8]),
            tensor("merged", "int64", [3], [0, -1, 32]),
          ],
        },
      ),
    }),
  "a crop to the size of a skip connection": () => readFile(join(DATA, "crop-to-skip.onnx")),
  "a pad to a multiple": () => readFile(join(DATA, "pad-to-multiple.onnx")),
  "named height and width": () => readFile(join(DATA, "named-height-width.onnx")),
};

const BOUND_SIZES = [1, 2, 8, 16, 32] as const;

async function suggestions(model: Model, bindings: Bindings): Promise<readonly Suggestion[]> {
  return suggest(model, { bindings, hardware: DEFAULT_HARDWARE });
}

/** Seeded inputs of the file's own interface at the sizes. */
function feedsAt(model: Model, sizes: Bindings, seed: number): Feeds {
  const random = new Random(seed);
  const { inputs, tensors } = model.entries[0].graph;
  const { inferredTypes } = openInputs(model);
  return Object.fromEntries(
    inputs.map((id, place) => {
      const shape = (inferredTypes[place]?.shape ?? []).map((size) => Number(evaluate(size, (name) => sizes[name])));
      return [tensors[id]?.name ?? "", { shape, data: random.normals(shape.reduce((a, b) => a * b, 1)) }];
    }),
  );
}

function assertNear(found: Outputs, expected: Outputs, label: string, tolerance = EXACT): void {
  for (const [name, data] of Object.entries(expected)) {
    const range = data.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    data.forEach((each, at) => {
      assert.ok(Math.abs((found[name]?.[at] ?? NaN) - each) <= tolerance * range, `${label}: ${name}[${at}]`);
    });
  }
}

async function runsAt(bytes: Uint8Array, feeds: Feeds, label: string): Promise<Outputs> {
  try {
    return await run(bytes, feeds);
  } catch (error) {
    return assert.fail(`${label}: ${String(error)}`);
  }
}

describe("edits of models that are open in their sizes", function () {
  this.timeout(180_000);

  for (const [name, make] of Object.entries(NETWORKS)) {
    it(`write files that run at every size that the model ran at: ${name}`, async () => {
      const bytes = await make();
      const model = await readBytes(bytes);
      const names = dynamicNames(model);
      let compared = 0;
      const sizesOf = (sizes: readonly number[]): fc.Arbitrary<Bindings> =>
        fc.record(Object.fromEntries(names.map((each) => [each, fc.constantFrom(...sizes)])));
      const bound = fc.tuple(sizesOf(BOUND_SIZES), fc.subarray([...names]));
      const others = fc.array(sizesOf([1, 3, 7, 12, 16, 33]), { minLength: 3, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(bound, others, fc.nat(), async ([all, chosen], elsewhere, pick) => {
          const bindings = Object.fromEntries(chosen.map((each) => [each, all[each] ?? 1]));
          const found = await suggestions(model, bindings);
          const suggestion = found[pick % Math.max(1, found.length)];
          if (suggestion === undefined) return;
          const { after, fixes } = await applyEdit(model, suggestion.edit, { bindings });
          assert.deepEqual(fixes, suggestion.fixes, "what it fixes was said before");
          assert.ok(suggestion.guarantee !== "exact" || Object.keys(fixes).length === 0, "exact edits fix nothing");
          const written = await readBytes(await onnxBytes(after));
          assert.deepEqual(
            dynamicNames(written),
            names.filter((each) => !Object.hasOwn(fixes, each)),
          );
          if (suggestion.edit.restructuring === "reduce-resolution") return;
          for (const [place, other] of elsewhere.entries()) {
            const sizes = { ...other, ...fixes };
            const feeds = feedsAt(model, sizes, place);
            const label: string = JSON.stringify([suggestion.edit, bindings, sizes]);
            const before = await run(bytes, feeds).catch(() => undefined);
            if (before === undefined) continue;
            const now = await runsAt(await onnxBytes(after), feeds, label);
            compared += 1;
            for (const [output, data] of Object.entries(before))
              assert.equal(now[output]?.length, data.length, `elements of ${output}, ${label}`);
            if (suggestion.guarantee === "exact") assertNear(now, before, label);
          }
        }),
        { seed: 11, numRuns: IS_THOROUGH ? 14 : 7 },
      );
      assert.ok(compared >= 5, `only ${compared} runs were compared`);
    });
  }

  it("offers what takes a fixed size with that said, and keeps other names open", async () => {
    const model = await readBytes(await readFile(join(DATA, "named-height-width.onnx")));
    for (const bindings of [{}, { height: 64 }, { width: 64 }, { batch: 2 }, { height: 64, width: 48, batch: 3 }]) {
      const found = (await suggestions(model, bindings)).find((one) => one.edit.restructuring === "reduce-resolution");
      const isOffered = Object.hasOwn(bindings, "height") && Object.hasOwn(bindings, "width");
      assert.equal(found !== undefined, isOffered, JSON.stringify(bindings));
      if (!found) continue;
      assert.deepEqual(found.fixes, { height: 64, width: 48 });
      assert.match(found.why, /the file then fixes height and width/);
      const step = await applyEdit(model, found.edit, { bindings });
      assert.deepEqual(dynamicNames(step.after), ["batch"]);
      await checkEdit(step, { calibration: { count: 2, dimensions: bindings } });
      // What was bound before is still given with the edited model, which has two of the names no more.
      assert.ok((await suggestions(step.after, bindings)).length > 0);
    }
  });

  it("is no exact edit at one size alone", async () => {
    const bindings = { height: 32, width: 32, batch: 1 };
    for (const [file, target] of [
      ["crop-to-skip.onnx", "crop"],
      ["pad-to-multiple.onnx", "pad"],
    ] as const) {
      const model = await readBytes(await readFile(join(DATA, file)));
      await assert.rejects(applyEdit(model, edit("remove-no-ops", target), { bindings }), NotApplicableError);
    }
  });

  it("keeps padding that follows from the sizes, whatever takes a layer's place", async () => {
    const [wide, deep] = [
      tensor("s", "float32", [8], Array<number>(8).fill(0.5)),
      tensor("m", "float32", [8], [1, 2, 3, 4, 5, 6, 7, 8]),
    ];
    for (const autoPad of ["SAME_UPPER", "SAME_LOWER"]) {
      const same = { auto_pad: autoPad, strides: [2, 2] };
      const bytes = onnxModel({
        graph: graph(
          [
            conv("x", "w1", "c1", same),
            node("BatchNormalization", ["c1", "s", "s", "m", "s"], ["b1"], {}, { name: "b1" }),
            node("Relu", ["b1"], ["r1"]),
            node("MaxPool", ["r1"], ["p"], { kernel_shape: [3, 2], ...same }, { name: "p" }),
            node("BatchNormalization", ["p", "s", "s", "m", "s"], ["b2"], {}, { name: "b2" }),
            conv("b2", "w2", "c2", same),
            node("GlobalAveragePool", ["c2"], ["y"]),
          ],
          {
            inputs: [value("x", "float32", [1, 3, "height", "width"])],
            outputs: ["y"],
            initializers: [weights("w1", [8, 3, 3, 3]), weights("w2", [6, 8, 5, 4]), wide, deep],
          },
        ),
      });
      const model = await readBytes(bytes);
      // What is padded around a shifted map is not shifted.
      await assert.rejects(applyEdit(model, edit("fold-batch-norm", "b2")), /pads with zeros/);
      for (const [one, isExact] of [
        [edit("fold-batch-norm", "b1"), true],
        // Of full rank they compute what the layer did.
        [edit("split-spatial", "c2", { rank: 24 }), true],
        [edit("separable", "c2", { multiplier: 6 }), true],
        [edit("quantize-weights", "c1"), false],
        [edit("reduce-channels", "c1", { ratio: 0.5 }), false],
      ] as const) {
        const { after } = await applyEdit(model, one);
        const written = await onnxBytes(after);
        for (const [height, width] of [
          [7, 12],
          [10, 9],
        ] as const) {
          const feeds = feedsAt(model, { height, width }, height);
          const label = `${autoPad} ${one.restructuring} ${height}×${width}`;
          const [before, now] = [await run(bytes, feeds), await runsAt(written, feeds, label)];
          if (isExact) assertNear(now, before, label, 1e-4);
          else assert.equal(now.y?.length, before.y?.length, label);
        }
      }
    }
  });

  it("refuses an edited model that fits the sizes it was made at alone", async () => {
    const head = (shape: readonly number[]): Uint8Array =>
      onnxModel({
        graph: graph([node("Reshape", ["x", "shape"], ["y"])], {
          inputs: [value("x", "float32", ["batch", 2, "rows"])],
          outputs: ["y"],
          initializers: [tensor("shape", "int64", [shape.length], shape)],
        }),
      });
    const [before, baked] = [await readBytes(head([0, -1])), await readBytes(head([-1, 8]))];
    const made = { edit: edit("remove-no-ops"), guarantee: "exact" as const, isUnfitted: false };
    const step = { ...made, changed: [], kept: [], fixes: {} };
    const calibration = { count: 2, dimensions: { rows: 4 } };
    await assert.rejects(checkEdit({ ...step, before, after: baked }, { calibration }), SizeBoundEditError);
    await checkEdit({ ...step, before, after: before }, { calibration });
  });
});
