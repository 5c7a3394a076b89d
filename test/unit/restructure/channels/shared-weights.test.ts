import assert from "node:assert/strict";
import { applyEdit, predictEdit } from "../../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../../profiler/editing/edit.ts";
import { suggest } from "../../../../profiler/editing/suggest.ts";
import { DEFAULT_HARDWARE } from "../../../../profiler/hardware/hardware.ts";
import { modelBytes } from "../../../../profiler/formats/formats.ts";
import { readConstant } from "../../../../profiler/model/constant-values.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { activationsOn } from "../../../../profiler/runtime/activation-source.ts";
import { compareRuns } from "../../../../profiler/runtime/compare-runs.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import { restructuringOf } from "../../../../profiler/restructure/registry.ts";
import { isRefusal } from "../../../../profiler/restructure/restructuring.ts";
import {
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type OnnxNode,
  type OnnxTensor,
} from "../../../builders/onnx-builder.ts";
import { readBytes, weights } from "../edited-model.ts";

const STEPS = [0, 1, 2];

/** Three steps with one weight, as a recursive network has them. */
const CONVOLUTIONS = convolutions(3);
const WIDE_CONVOLUTIONS = convolutions(5);

function convolutions(size: 3 | 5): Promise<Model> {
  const pads = new Array<number>(4).fill((size - 1) / 2);
  return modelOf(
    [
      node("Conv", ["x", "sw"], ["h0"], { pads: [1, 1, 1, 1] }, { name: "stem" }),
      ...STEPS.flatMap((step) => [
        node("Conv", [`h${step}`, "rw", "rb"], [`c${step}`], { pads }, { name: `step${step}` }),
        node("Relu", [`c${step}`], [`h${step + 1}`]),
      ]),
      node("Conv", ["h3", "lw"], ["y"], {}, { name: "last" }),
    ],
    [
      weights("sw", [16, 3, 3, 3]),
      weights("rw", [16, 16, size, size]),
      weights("rb", [16]),
      weights("lw", [4, 16, 1, 1]),
    ],
    ["N", 3, 8, 8],
  );
}

/** The same of matrix products, which store a weight the other way round. */
const PRODUCTS = modelOf(
  [
    node("MatMul", ["x", "sw"], ["h0"], {}, { name: "stem" }),
    ...STEPS.flatMap((step) => [
      node("MatMul", [`h${step}`, "rw"], [`m${step}`], {}, { name: `step${step}` }),
      node("Add", [`m${step}`, "rb"], [`a${step}`]),
      node("Relu", [`a${step}`], [`h${step + 1}`]),
    ]),
    node("MatMul", ["h3", "lw"], ["y"], {}, { name: "last" }),
  ],
  [weights("sw", [12, 32]), weights("rw", [32, 32]), weights("rb", [32]), weights("lw", [32, 4])],
  ["N", 12],
);

function modelOf(
  nodes: readonly OnnxNode[],
  initializers: readonly OnnxTensor[],
  dims: readonly (number | string)[],
): Promise<Model> {
  const inputs = [value("x", "float32", dims)];
  return readBytes(onnxModel({ graph: graph(nodes, { inputs, outputs: [value("y", "float32")], initializers }) }));
}

/** Constants that layers of an operator read as their weights, each once. */
function kernelsOf({ entries: [{ graph: whole }] }: Model, op: string): number {
  return new Set(whole.nodes.filter((each) => each.op === op).map(({ inputs }) => inputs[1])).size;
}

describe("Layers that share their weights", () => {
  for (const [what, model, op] of [
    ["convolutions", CONVOLUTIONS, "Conv"],
    ["matrix products", PRODUCTS, "MatMul"],
  ] as const) {
    for (const text of [
      "reduce-channels::ratio=0.75",
      "quantize-weights:",
      "weights-float16:step0",
      "quantize-model:",
    ]) {
      it(`go on sharing them: ${text} of ${what}`, async () => {
        const base = await model;
        const edit = parseEdit(text);
        const source = { activationsOf: (each: Model) => activationsOn(each, { count: 32, seed: 1 }) };
        const { after } = await applyEdit(base, edit, source);
        const bytes = await modelBytes(after);
        const written = await readBytes(bytes);
        assert.equal(kernelsOf(written, op), 3);
        assert.ok(written.entries[0].graph.tensors.some(({ name, constant }) => name === "rw" && constant));
        assert.ok(bytes.length < base.fileBytes, `${bytes.length} of ${base.fileBytes} bytes`);
        const predicted = await predictEdit(base, edit);
        assert.equal(predicted?.fileBytes, bytes.length);
      });
    }

    if (op === "Conv")
      it("have scales that hold the biases of all of them", async () => {
        const huge = new Array<number>(16).fill(-1e7);
        const base = await modelOf(
          [
            node("Conv", ["x", "rw", "rb"], ["c0"], {}, { name: "step0" }),
            node("Relu", ["c0"], ["h0"]),
            node("Conv", ["h0", "rw", "hb"], ["y"], {}, { name: "step1" }),
          ],
          [weights("rw", [16, 16, 1, 1]), weights("rb", [16]), tensor("hb", "float32", [16], huge)],
          [1, 16, 8, 8],
        );
        const edit = parseEdit("quantize-model:");
        const { after } = await applyEdit(base, edit, { activationsOf: (each) => activationsOn(each, { count: 8 }) });
        assert.equal(kernelsOf(after, op), 1);
        assert.equal((await predictEdit(base, edit))?.fileBytes, (await modelBytes(after)).length);
        const biases = after.entries[0].graph.tensors.filter(({ constant }) => constant?.dataType === "int32");
        assert.ok(biases.length > 0);
        for (const { constant } of biases) {
          const values = constant && (await readConstant(constant));
          assert.ok(
            values?.every((one) => Math.abs(one) < 2 ** 31 - 1),
            String(values),
          );
        }
      });

    it(`are fitted to what all of them see: ${what}`, async () => {
      const base = await model;
      const edit = parseEdit("reduce-channels::ratio=0.75");
      const snrOf = async (after: Model): Promise<number> => {
        const written = await readBytes(await modelBytes(after));
        const { outputs } = await compareRuns(base, written, { calibration: { count: 16, seed: 2 } });
        return outputs[0]?.difference?.snr ?? 0;
      };
      const source = { activationsOf: (each: Model) => activationsOn(each, { count: 48, seed: 1 }) };
      const [plain, fitted] = [await applyEdit(base, edit), await applyEdit(base, edit, source)];
      const [before, after] = [await snrOf(plain.after), await snrOf(fitted.after)];
      assert.ok(after > before + 2, `${before} dB, fitted ${after} dB`);
    });
  }

  for (const [text, model, layersEach = 2] of [
    ["separable:step1:multiplier=4", CONVOLUTIONS],
    ["split-channels:step0", CONVOLUTIONS],
    ["split-spatial:step1:cost=0.8", CONVOLUTIONS],
    ["shrink-kernel:step0", CONVOLUTIONS],
    ["shrink-kernel:step1:share=1", CONVOLUTIONS, 1],
    ["group-and-shuffle:step2:groups=2", CONVOLUTIONS, 1],
    ["stack-small-kernels:step1:channels=8", WIDE_CONVOLUTIONS],
    ["dense-low-rank:step2", PRODUCTS],
  ] as const)
    it(`are taken together, and what comes of them is shared again: ${text}`, async () => {
      const base = await model;
      const edit = parseEdit(text);
      const { after } = await applyEdit(base, edit, { activationsOf: (each) => activationsOn(each, { count: 8 }) });
      const bytes = await modelBytes(after);
      const written = await readBytes(bytes);
      const linear = written.entries[0].graph.nodes.filter((each) => ["Conv", "MatMul", "Gemm"].includes(each.op));
      assert.equal(linear.length, 2 + layersEach * STEPS.length);
      assert.equal(new Set(linear.map(({ inputs }) => inputs[1])).size, 2 + layersEach);
      assert.ok(bytes.length < base.fileBytes, `${bytes.length} of ${base.fileBytes} bytes`);
      assert.equal((await predictEdit(base, edit))?.fileBytes, bytes.length);
      const { outputs } = await compareRuns(base, written, { calibration: { count: 4, seed: 2 } });
      assert.ok((outputs[0]?.difference?.snr ?? 0) > 0);
      const found = restructuringOf(edit.restructuring).find(liftModel(base));
      const steps = found.filter(({ target }) => target.startsWith("step"));
      assert.deepEqual(
        steps.map((each) => [each.target, !isRefusal(each) && each.layers.length]),
        [["step0", 3]],
      );
    });

  it("are said to part where an edit takes one of them, and the file grows", async () => {
    const found = await suggest(await CONVOLUTIONS, { hardware: DEFAULT_HARDWARE, layers: new Set(["step1"]) });
    const parted = found.filter(({ saves }) => (saves.parameters ?? 0) < 0);
    assert.ok(parted.length > 0);
    for (const { why } of parted) assert.match(why, /shares its weights with other layers, which keep them/);
  });

  it("are one suggestion, which names how many they are", async () => {
    const neutral = liftModel(await CONVOLUTIONS);
    const found = restructuringOf("quantize-weights").find(neutral);
    const steps = found.filter(({ target }) => target.startsWith("step"));
    assert.deepEqual(
      steps.map((each) => [each.target, isRefusal(each) ? each.reason : each.why]),
      [["step0", "convolution, 16×16×3×3 weights, shared by 3 layers"]],
    );
  });
});
