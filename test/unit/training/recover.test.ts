import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bestOf, type HeldOutPoint } from "../../../profiler/training/best-point.ts";
import { TrainingError } from "../../../profiler/training/training-error.ts";
import { modelBytes } from "../../../profiler/formats/formats.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { neutralGraphOf, trainableGraphOf } from "../../../profiler/translation/known-graph.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { decibels } from "../../../profiler/numeric/decibels.ts";
import { recoverModel } from "../../../profiler/training/recover-model.ts";
import type { CalibrationSpec } from "../../../profiler/calibration/spec.ts";
import type { RecoverOptions } from "../../../profiler/training/recover.ts";
import { graph, node, onnxModel, value, type OnnxNode } from "../../builders/onnx-builder.ts";
import { applyEdits } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { convNet, leftLessRight, readNet, tfliteNet, wideNet } from "./nets.ts";

const SAMPLES = { count: 64, seed: 5 };
/** Short, and with a fixed number of threads: the same bits everywhere. */
const SHORT: RecoverOptions = { steps: 75, copies: 2, batch: 8, rate: 0.02, threads: 1, augmentation: "mixup" };

describe("recovering an edited model", () => {
  it("brings its answers nearer to the original's, on samples it was not trained on", async () => {
    const [teacher, student] = [await readNet(convNet()), await readNet(convNet({ off: 0.3 }))];
    const { model, recovery } = await recoverModel(student, teacher, SAMPLES, SHORT);
    assert.ok(model);
    const gain = decibels(recovery.points[recovery.best]?.heldOut ?? 1) - decibels(recovery.points[0]?.heldOut ?? 0);
    assert.ok(gain > 6, `${gain} dB`);
    assert.equal(recovery.endedEarly, false);
    const others = { count: 64, seed: 77 };
    const snr = async (of: Model): Promise<number> => {
      const { outputs } = await compareRuns(teacher, of, { calibration: others });
      return outputs[0]?.difference?.snr ?? 0;
    };
    assert.ok((await snr(model)) > (await snr(student)) + 3);
  });

  it("counts how often both models say the same class of a sample held out", async () => {
    const [teacher, student] = [await readNet(wideNet()), await readNet(wideNet(1))];
    const folder = mkdtempSync(join(tmpdir(), "edgewise-agreement-"));
    try {
      // Of random samples that are named as such, an agreement is told only where answers are varied.
      const path = join(folder, "samples.bin");
      const random = new Random(6);
      // Each channel of a sample has a brightness of its own, so that the answers are of several classes.
      const bright = Array.from({ length: 64 * 4 }, () => 4 * random.normal());
      const elements = bright.flatMap((level) => Array.from({ length: 36 }, () => level + random.normal()));
      writeFileSync(path, new Uint8Array(Float32Array.from(elements).buffer));
      const samples: CalibrationSpec = { inputs: { "": { kind: "array", path } } };
      const options = { ...SHORT, steps: 1, isUnseen: true };
      const { recovery } = await recoverModel(student, teacher, samples, options);
      const { outputs } = await compareRuns(teacher, student, { calibration: { ...samples, part: "to-judge" } });
      const shared = outputs[0]?.difference?.top1;
      assert.equal(shared?.samples, 8);
      assert.ok(shared.agreement !== null && shared.agreement < 1, `${shared.agreement}`);
      assert.equal(recovery.points[0]?.agreement, shared.agreement);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("trains towards the samples' own classes too where it is asked to, and tells how often each model is right", async () => {
    const [teacher, student] = [await readNet(wideNet()), await readNet(wideNet(1))];
    const folder = mkdtempSync(join(tmpdir(), "edgewise-classes-"));
    try {
      const [path, labels] = [join(folder, "samples.bin"), join(folder, "labels.json")];
      const random = new Random(6);
      // Classes that no model knows: which channel is brightest.
      const bright = Array.from({ length: 64 * 4 }, () => 3 * random.normal());
      const elements = bright.flatMap((level) => Array.from({ length: 36 }, () => level + random.normal()));
      writeFileSync(path, new Uint8Array(Float32Array.from(elements).buffer));
      const brightest = Array.from({ length: 64 }, (_, at) => {
        const own = bright.slice(4 * at, 4 * at + 4);
        return own.indexOf(Math.max(...own));
      });
      writeFileSync(labels, JSON.stringify(brightest));
      const inputs: CalibrationSpec["inputs"] = { "": { kind: "array", path } };
      const samples: CalibrationSpec = { inputs, labels: { path: labels } };
      const options = { ...SHORT, isUnseen: true };
      const without = await recoverModel(student, teacher, samples, { ...options, steps: 1 });
      const { outputs } = await compareRuns(teacher, student, { calibration: { ...samples, part: "to-judge" } });
      const { a, b } = outputs[0]?.difference?.top1?.accuracy ?? { a: -1, b: -1 };
      assert.deepEqual(without.recovery.points[0]?.accuracy, { now: b, original: a });
      assert.equal(without.recovery.points[0].loss, undefined, "classes judge, and are not trained on unasked");
      const { recovery, model } = await recoverModel(student, teacher, samples, { ...options, crossEntropy: 10 });
      assert.ok(model);
      const [start, best] = [recovery.points[0], recovery.points[recovery.best]];
      assert.ok((best?.loss ?? Infinity) < 0.7 * (start?.loss ?? 0), `${start?.loss} to ${best?.loss}`);
      assert.ok((best?.accuracy?.now ?? 0) > Math.max(a, b), "it learned what the original does not know");
      await assert.rejects(
        recoverModel(student, teacher, { inputs }, { ...options, crossEntropy: 1 }),
        /class of each sample/,
      );
      writeFileSync(labels, JSON.stringify(brightest.map((label) => label + 9)));
      await assert.rejects(
        recoverModel(student, teacher, samples, options),
        /labelled as class 12, and output "y" has 10/,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("gives the same weights for the same seed, and others for another", async () => {
    const [teacher, student] = [await readNet(convNet()), await readNet(convNet({ off: 0.3 }))];
    const train = async (seed: number): Promise<Float32Array> =>
      (await recoverModel(student, teacher, SAMPLES, { ...SHORT, steps: 25, seed })).recovery.weights;
    const first = await train(1);
    assert.deepEqual(await train(1), first);
    assert.notDeepEqual(await train(2), first);
  });

  it("keeps the best so far when it is stopped", async () => {
    const [teacher, student] = [await readNet(convNet()), await readNet(convNet({ off: 0.3 }))];
    const stopping = new AbortController();
    const { model, recovery } = await recoverModel(student, teacher, SAMPLES, {
      ...SHORT,
      steps: 10_000,
      stop: stopping.signal,
      onPoint: ({ step }) => {
        if (step >= 50) stopping.abort();
      },
    });
    assert.ok(model);
    assert.equal(recovery.wasStopped, true);
    assert.ok(recovery.best > 0);
  });

  it("throws the signal's reason when it is aborted, and keeps nothing", async () => {
    const [teacher, student] = [await readNet(convNet()), await readNet(convNet({ off: 0.3 }))];
    const aborting = new AbortController();
    const reason = new Error("not wanted any more");
    const run = recoverModel(student, teacher, SAMPLES, {
      ...SHORT,
      signal: aborting.signal,
      onPoint: () => aborting.abort(reason),
    });
    await assert.rejects(run, reason);
  });

  it("leaves a model alone that training does not better, and ends once half of the steps only made it worse", async () => {
    const [teacher, student] = [await readNet(convNet()), await readNet(convNet({ off: 0.3 }))];
    const { model, recovery } = await recoverModel(student, teacher, SAMPLES, { ...SHORT, steps: 200, rate: 400 });
    assert.deepEqual([recovery.endedEarly, recovery.wasStopped, recovery.points.at(-1)?.step], [true, false, 100]);
    assert.equal(model, undefined);
    assert.equal(recovery.best, 0);
    assert.deepEqual(
      recovery.weights.length,
      recovery.parameters.reduce((sum, { size }) => sum + size, 0),
    );
  });

  it("keeps the weights before where errors fall on changed samples and rise on those that were given", async () => {
    const folder = mkdtempSync(join(tmpdir(), "edgewise-held-out-"));
    try {
      const path = join(folder, "left.bin");
      // Bright on the left alone: mirrored, which the student cannot tell apart, the teacher says the opposite.
      const bright = Float32Array.from({ length: 64 * 36 }, (_, at) => (at % 6 < 3 ? 1 + (at % 35) / 70 : 0));
      writeFileSync(path, new Uint8Array(bright.buffer));
      const [teacher, student] = [await readNet(leftLessRight()), await readNet(leftLessRight(1.6))];
      const samples: CalibrationSpec = { inputs: { "": { kind: "array", path } } };
      const { model, recovery } = await recoverModel(student, teacher, samples, {
        ...SHORT,
        copies: 8,
        augmentation: "crop-flip",
        isUnseen: true,
      });
      const [start, first] = recovery.points;
      const last = recovery.points.at(-1);
      assert.ok((last?.training ?? 1) < (first?.training ?? 0), "training brings it nearer on what it sees");
      assert.ok((last?.heldOut ?? 0) > (start?.heldOut ?? 1));
      assert.equal(start?.agreement, null, "one number is no answer of classes");
      assert.equal(recovery.best, 0);
      assert.equal(model, undefined);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("keeps weights that err least of those that turn no more answers than there were", () => {
    const at = (heldOut: number, agreement: number | null): HeldOutPoint => ({ heldOut, agreement });
    const start = at(0.1, 0.9);
    assert.equal(bestOf([start, at(0.05, 0.8)]), 0);
    assert.equal(bestOf([start, at(0.05, 0.9), at(0.04, 0.95)]), 2);
    assert.equal(bestOf([start, at(0.05, 0.9), at(0.01, 0.89)]), 1);
    assert.equal(bestOf([start, at(0.3, 0.9), at(0.3, 0.9), at(0.09, 0.9)]), 0, "better by chance");
    assert.equal(bestOf([start, at(0.2, 1)]), 0);
    assert.equal(bestOf([at(0.1, null), at(0.05, null), at(0.07, null)]), 1);
    assert.equal(bestOf([start, at(NaN, 0.9)]), 0);
  });

  it("judges by the samples' own classes where they are known, and by the loss where they are trained on", () => {
    const at = (heldOut: number, now: number, loss?: number): HeldOutPoint => ({
      ...{ heldOut, agreement: 0.5, accuracy: { now, original: 1 } },
      ...(loss !== undefined && { loss }),
    });
    const turned = { ...at(0.05, 0.9), agreement: 0.2 };
    assert.equal(bestOf([at(0.1, 0.9), turned]), 1, "the original is not always right");
    assert.equal(bestOf([at(0.1, 0.9), at(0.05, 0.8)]), 0);
    assert.equal(bestOf([at(0.1, 0.9, 3), at(0.2, 0.9, 2)]), 1);
    assert.equal(bestOf([at(0.1, 0.9, 3), at(0.05, 0.9, 4)]), 0);
  });

  it("judges by changed samples and those that were given, but for those that the student knows by heart", () => {
    const at = (heldOut: number, asGiven: number): HeldOutPoint => ({ heldOut, asGiven, agreement: null });
    assert.equal(bestOf([at(0.1, 0.1), at(0.09, 0.05)]), 0, "too little on changed ones");
    assert.equal(bestOf([at(0.1, 0.1), at(0.05, 0.11)]), 0, "worse on those that were given");
    assert.equal(bestOf([at(0.1, 0.1), at(0.05, 0.09)]), 1);
    assert.equal(bestOf([at(0.1, 0.003), at(0.03, 0.02)]), 1, "known by heart");
  });

  it("does not train what answers as the original already", async () => {
    const teacher = await readNet(convNet());
    const run = recoverModel(await readNet(convNet({ off: 1e-3 })), teacher, SAMPLES, SHORT);
    await assert.rejects(run, (error) => error instanceof TrainingError && error.message.includes("only harm it"));
  });

  it("trains only what stands behind a layer without a gradient, and says which one that is", async () => {
    const round = (input: string, output: string): OnnxNode =>
      node("Round", [input], [output], {}, { name: "rounding" });
    const [teacher, student] = [
      await readNet(convNet({ between: round })),
      await readNet(convNet({ off: 0.3, between: round })),
    ];
    const { model, recovery } = await recoverModel(student, teacher, SAMPLES, SHORT);
    assert.deepEqual(
      recovery.stops.map(({ layer, op }) => [layer, op]),
      [["rounding", "Round"]],
    );
    const trained = new Set(recovery.parameters.flatMap(({ uses }) => uses.map(({ name }) => name)));
    assert.deepEqual([...trained], ["norm", "dense"]);
    assert.ok(model);
    const weightOf = async (of: Model): Promise<Float32Array | undefined> => {
      const form = neutralGraphOf(of).layer("conv")?.form;
      return form?.kind === "conv" ? form.weight.read() : undefined;
    };
    assert.deepEqual(await weightOf(model), await weightOf(student));
  });

  for (const hybrid of [false, true])
    it(`trains TFLite${hybrid ? ", through the rounding of integer weights" : ""}`, async () => {
      const [teacher, student] = [await readNet(tfliteNet()), await readNet(tfliteNet(0.3, hybrid))];
      const { model, recovery } = await recoverModel(student, teacher, SAMPLES, SHORT);
      assert.ok(model);
      const roles = recovery.parameters.flatMap(({ uses }) => uses.map(({ role }) => role));
      assert.deepEqual(roles.toSorted(), ["bias", "bias", "weight", "weight"]);
      const { outputs } = await compareRuns(student, model, { calibration: SAMPLES });
      assert.ok((outputs[0]?.difference?.snr ?? Infinity) < 30, "its answers changed");
      const against = async (of: Model): Promise<number> => {
        const compared = await compareRuns(teacher, of, { calibration: SAMPLES });
        return compared.outputs[0]?.difference?.snr ?? 0;
      };
      assert.ok((await against(model)) > (await against(student)) + 6);
      const form = neutralGraphOf(model).layersOf("conv")[0]?.form;
      assert.equal(form?.weight.dataType, hybrid ? "int8" : "float32");
    });

  it("trains biases and scales alone where it is asked to", async () => {
    const [teacher, student] = [await readNet(convNet()), await readNet(convNet({ off: 0.3 }))];
    const { recovery } = await recoverModel(student, teacher, SAMPLES, {
      ...SHORT,
      steps: 25,
      roles: "biases-and-scales",
    });
    const roles = recovery.parameters.flatMap(({ uses }) => uses.map(({ name, role }) => `${name}.${role}`));
    assert.deepEqual(roles.toSorted(), ["conv.bias", "dense.bias", "norm.scale", "norm.shift"]);
  });

  it("trains edited layers and their neighbours alone where it is asked to", async () => {
    const teacher = await readNet(wideNet());
    const { model: student } = await applyEdits(teacher, [parseEdit("quantize-weights:second:bits=2")], { seed: 1 });
    const { recovery } = await recoverModel(student, teacher, SAMPLES, { ...SHORT, steps: 25, editedOnly: true });
    const trained = new Set(recovery.parameters.flatMap(({ uses }) => uses.map(({ name }) => name)));
    assert.deepEqual([...trained], ["first", "second", "third"]);
  });

  for (const [teacherNet, net, edit] of [
    [convNet(), convNet({ off: 0.3 }), "quantize-model:"],
    [convNet(), convNet({ off: 0.3 }), "quantize-model::weights=7"],
    [convNet(), convNet({ off: 0.3 }), "quantize-model::weights=4"],
    [tfliteNet(), tfliteNet(0.3), "quantize-model::weights=4"],
  ] as const)
    it(`trains what computes in integers through the rounding of weights and activations: ${net.name}, ${edit}`, async () => {
      const teacher = await readNet(teacherNet);
      const { model: student } = await applyEdits(await readNet(net), [parseEdit(edit)], { seed: 1 });
      const { model, recovery } = await recoverModel(student, teacher, SAMPLES, {
        ...SHORT,
        steps: 150,
        isUnseen: true,
      });
      assert.ok(model);
      const errorOf = async (of: Model): Promise<number> => {
        const { outputs } = await compareRuns(teacher, of, { calibration: { ...SAMPLES, part: "to-judge" } });
        return outputs[0]?.difference?.snr ?? 0;
      };
      const [start, best] = [recovery.points[0]?.heldOut ?? 1, recovery.points[recovery.best]?.heldOut ?? 1];
      assert.ok(
        Math.abs((await errorOf(student)) - decibels(start)) < 1,
        "what is trained is what the runtime computes",
      );
      assert.ok(Math.abs((await errorOf(model)) - decibels(best)) < 1, "what was learned is what was written");
      assert.ok(decibels(best) > decibels(start) + 4, `${decibels(start)} to ${decibels(best)} dB`);
      const levels = async (of: Model): Promise<readonly number[]> => {
        const [conv] = trainableGraphOf(of).layersOf("conv");
        const { scales = [] } = conv?.form.weight.quantization ?? {};
        const elements = (await conv?.form.weight.read()) ?? new Float32Array();
        const each = elements.length / scales.length;
        return Array.from(elements, (value, at) => Math.abs(Math.round(value / (scales[Math.floor(at / each)] ?? 1))));
      };
      assert.ok(Math.max(...(await levels(model))) <= Math.max(...(await levels(student))), "as many bits as before");
      const [before, after] = [(await modelBytes(student)).length, (await modelBytes(model)).length];
      assert.ok(after < 1.04 * before, `in as many bytes: ${before}, then ${after}`);
    });

  it("refuses what takes or gives integers, and says what to do instead", async () => {
    const student = await readNet(tfliteNet(0.3));
    const { model } = await applyEdits(student, [parseEdit("quantize-model::io=int8")], { seed: 1 });
    await assert.rejects(recoverModel(model, student, SAMPLES, SHORT), (error) => {
      assert.ok(error instanceof TrainingError);
      assert.match(error.message, /is of integers/);
      assert.match(error.hint ?? "", /`quantize-model` after `recover`/);
      return true;
    });
  });

  it("says why nothing can be trained", async () => {
    const nodes = [node("Round", ["x"], ["y"])];
    const body = graph(nodes, { inputs: [value("x", "float32", ["batch", 4])], outputs: ["y"] });
    const model = await readNet({ name: "round.onnx", bytes: onnxModel({ graph: body }) });
    await assert.rejects(recoverModel(model, model, SAMPLES, SHORT), (error) => {
      assert.ok(error instanceof TrainingError);
      assert.match(error.message, /nothing in it can be trained/);
      return true;
    });
  });
});
