import assert from "node:assert/strict";
import { OUTSIDE } from "../../../profiler/neutral/gather-rows.js";
import { valuesHere, type SampleValues } from "../../../profiler/neutral/activations.ts";
import { RunError } from "../../../profiler/errors.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { withParts, type ModelParts } from "../../../profiler/runtime/model-part.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { graph, node, tensor, value, type Dims } from "../../builders/onnx-builder.ts";
import { SharedProcess } from "../../../profiler/runtime/process/shared-process.ts";
import { endlessBytes, identityModel, inMemory, of, scalingModel } from "./tiny-models.ts";

const SAMPLES = valuesHere({ shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) });

/** What a part of one input and one output makes of samples. */
async function through(parts: ModelParts, model: Model, samples: SampleValues): Promise<SampleValues> {
  const { inputs, outputs } = model.entries[0].graph;
  const part = await parts.open(model);
  const made = await part.run(new Map(inputs.map((id) => [id, samples])), 3);
  await part.close();
  const values = made.get(outputs[0] ?? -1);
  assert.ok(values);
  return values;
}

describe("Parts of a model", () => {
  for (const batch of ["batch", 1] as const) {
    it(`give each other all samples, which stay where they run: ${batch === 1 ? "one a run" : "all in one run"}`, async () => {
      await withParts(async (parts) => {
        const first = await through(parts, await scalingModel(2, 0, batch), SAMPLES);
        assert.deepEqual(first.shape, [3, 2]);
        const second = await through(parts, await scalingModel(2, 1, batch), first);
        assert.deepEqual([...(await second.read())], [2, 9, 4, 17, 6, 25]);
      });
    });
  }

  it("give the rows that are asked for alone, as samples that are here do", async () => {
    const places = {
      samples: Int32Array.of(0, 2),
      offsets: Int32Array.of(0, OUTSIDE, OUTSIDE, 0),
      ...{ taps: 2, channels: 2, channelStep: 1, sampleLength: 2, isByChannel: true },
    };
    await withParts(async (parts) => {
      const made = await through(parts, await scalingModel(2), SAMPLES);
      const rows = await made.rows(places);
      assert.deepEqual([...rows], [1, 0, 4, 0, 0, 5, 0, 12]);
      const here = valuesHere({ shape: made.shape, data: await made.read() });
      assert.deepEqual(rows, await here.rows(places));
    });
  });

  // Rows before: 1 4, 3 8, 5 12. Now: 2 9, 4 17, 6 25. Outputs: the first element, and the sum of both.
  for (const [title, isCentred, wanted] of [
    ["", false, { gram: [56, 236, 236, 995], pulls: [-12, -136, -51, -574], energy: 470, now: [0, 0], before: [0, 0] }],
    [", centred", true, { gram: [8, 32, 32, 128], pulls: [0, -16, 0, -64], energy: 80, now: [4, 17], before: [3, 8] }],
  ] as const) {
    it(`give what rows come to together without moving them${title}`, async () => {
      const places = {
        samples: Int32Array.of(0, 1, 2),
        offsets: new Int32Array(3),
        ...{ taps: 1, channels: 2, channelStep: 1, sampleLength: 2, isByChannel: false },
      };
      await withParts(async (parts) => {
        const before = await through(parts, await scalingModel(2), SAMPLES);
        const now = await through(parts, await scalingModel(2, 1), before);
        const request = { weights: Float32Array.of(1, 0, 1, 1), outputs: 2, isCentred };
        const changed = await now.moments?.(places, { ...request, before });
        const same = await before.moments?.(places, { ...request, before: undefined });
        assert.ok(changed?.pulls && same);
        assert.deepEqual([...changed.gram], wanted.gram);
        assert.deepEqual([...changed.pulls], wanted.pulls);
        assert.equal(changed.energy, wanted.energy);
        assert.deepEqual([[...changed.meanNow], [...changed.meanBefore]], [wanted.now, wanted.before]);
        assert.deepEqual([same.pulls, same.energy, same.meanBefore], [undefined, wanted.energy, same.meanNow]);
        assert.equal(now.moments?.(places, { ...request, before: SAMPLES }), undefined, "they are elsewhere");
      });
    });
  }

  for (const type of ["float32", "int32"] as const) {
    it(`take tensors that have several entries a sample, as windows of an image: ${type}`, async () => {
      const reshaped = (from: Dims, to: readonly number[]): Promise<Model> =>
        inMemory([node("Reshape", ["x", "shape"], ["y"])], {
          inputs: [value("x", type, from)],
          initializers: [tensor("shape", "int64", [to.length], to)],
        });
      await withParts(async (parts) => {
        const entries = await through(parts, await reshaped(["batch", 2], [-1, 1]), SAMPLES);
        assert.deepEqual(entries.shape, [6, 1]);
        const back = await through(parts, await reshaped(["entries", 1], [-1, 2, 1]), entries);
        assert.deepEqual(back.shape, [3, 2, 1]);
        assert.deepEqual([...(await back.read())], [1, 2, 3, 4, 5, 6]);
      });
    });
  }

  it("give whole numbers too", async () => {
    const made = await withParts(async (parts) => through(parts, await identityModel("int32", ["batch", 2]), SAMPLES));
    assert.deepEqual([...(await made.read())], [1, 2, 3, 4, 5, 6]);
  });

  it("keep nothing once all is done", async () => {
    const made = await withParts(async (parts) => through(parts, await scalingModel(2), SAMPLES));
    await assert.rejects(made.read(), RunError);
  });

  it("say between which operators their process died, where it does not die again", async () => {
    const shared = new SharedProcess();
    const session = await openSession(await loopsBelowZero(), { shared });
    const [below, made] = [shared.newKey(), shared.newKey()];
    const kept = { start: 0, count: 1, samples: 1 };
    const negative = await openSession(await inMemory([node("Neg", ["x"], ["y"])], ONE), { shared });
    await negative.runKept?.({ x: of("float32", [1], [1]) }, { ...kept, keys: new Map([["y", below]]) });
    const run = session.runKept?.(
      { x: { key: below, from: 0, shape: [1] } },
      { ...kept, keys: new Map([["y", made]]) },
    );
    process.kill(shared.place.process.id ?? assert.fail("not started"), "SIGSEGV");
    await assert.rejects(
      run ?? assert.fail("nothing is kept"),
      /^RunError: loop\.onnx: ONNX Runtime failed: its process died with SIGSEGV.*, in something from Less "is below" to Relu \(node 3\)$/,
    );
    shared.close();
  });

  it("are run once more where another model's run ended their process", async () => {
    const endless = await openSession(await modelOfBytes("endless.onnx", endlessBytes()));
    let attempts = 0;
    const read = await withParts(async (parts) => {
      attempts += 1;
      const made = await through(parts, await scalingModel(2), SAMPLES);
      if (attempts > 1) return made.read();
      const ending = new AbortController();
      const other = endless.run({ x: of("float32", [1], [1]) }, ending.signal);
      // By then its request is on its way: what is read waits behind it.
      await new Promise(setImmediate);
      const reading = made.read();
      ending.abort(new Error("enough"));
      await assert.rejects(other, /enough/);
      return reading;
    });
    assert.equal(attempts, 2);
    assert.deepEqual([...read], [1, 4, 3, 8, 5, 12]);
    await endless.close();
  });
});

const ONE = { inputs: [value("x", "float32", [1])] };

/** Goes on for ever, but ends at once for numbers of 0 and more. */
function loopsBelowZero(): Promise<Model> {
  const body = graph([node("Identity", ["going"], ["goes"]), node("Identity", ["held"], ["still"])], {
    name: "body",
    inputs: [value("turn", "int64", []), value("going", "bool", []), value("held", "float32", [1])],
    outputs: [value("goes", "bool", []), value("still", "float32", [1])],
  });
  const nodes = [
    node("Less", ["x", "zero"], ["isBelow"], {}, { name: "is below" }),
    node("Reshape", ["isBelow", "scalar"], ["goesOn"]),
    node("Loop", ["", "goesOn", "x"], ["after"], { body }),
    node("Relu", ["after"], ["y"]),
  ];
  const initializers = [tensor("zero", "float32", [], [0]), tensor("scalar", "int64", [0], [])];
  return inMemory(nodes, { ...ONE, initializers }, "loop.onnx");
}
