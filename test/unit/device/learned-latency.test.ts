import assert from "node:assert/strict";
import type { ObservedGroup } from "../../../profiler/device/kernel-fit.ts";
import {
  describeError,
  learnLatency,
  observe,
  type ModelObservation,
} from "../../../profiler/device/learned-latency.ts";
import { oneFactor } from "../../../profiler/device/one-factor.ts";
import type { RunResult } from "../../../profiler/device/run-result.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { parseHardwareProfile } from "../../../profiler/hardware/hardware-profile.ts";
import { factorOf, type KernelPart } from "../../../profiler/hardware/kernel-parts.ts";
import { analyseModel, costModel, type AnalysedModel } from "../../../profiler/profile-model.ts";
import { describeLayer } from "../../../profiler/views/describe-layer.ts";
import { latencyFormula } from "../../../profiler/views/formulas.ts";
import { modelOfFile } from "../../builders/read-model.ts";

/** A phone whose kernels take so many times longer than at full rates, and so long for each operator. */
const TRUE = { conv: 2, dense: 4, pool: 10 } as const;
const PER_OPERATOR = 20e-6;
const PHONE = "Test Phone (X1), 4 threads";

/** Roofs of different sizes, as those of a network's layers are. */
const SIZES = [3e-3, 1e-3, 4e-4, 1e-4, 2e-3, 7e-4];

function model(sha256: string, kinds: readonly (keyof typeof TRUE)[], noise = (_: number) => 1): ModelObservation {
  const groups = kinds.flatMap((kind, at) =>
    SIZES.map((size, index): ObservedGroup => {
      const roof = size * (1 + at / 3);
      const seconds = (roof * TRUE[kind] + PER_OPERATOR) * noise(index);
      return { parts: { [kind]: roof }, roofline: roof, operators: 1, seconds };
    }),
  );
  return { file: sha256, sha256, seconds: groups.reduce((sum, { seconds }) => sum + seconds, 0), groups };
}

function isNear(value: number | undefined, expected: number, part: number): void {
  assert.ok(Math.abs((value ?? Number.NaN) / expected - 1) < part, `${value} is not ${expected} within ${part}`);
}

describe("latency learned from runs", () => {
  it("finds the factors of a device whose times follow them", () => {
    const { hardware, error } = learnLatency(DEFAULT_HARDWARE, PHONE, [model("a", ["conv", "dense", "pool"])]);
    for (const [kind, factor] of Object.entries(TRUE)) isNear(hardware.kernels?.[kind as KernelPart], factor, 0.05);
    isNear(hardware.secondsPerOperator, PER_OPERATOR, 0.2);
    assert.equal(error.kind, "in-sample");
    assert.ok(error.ofModels < 0.02 && error.ofRows < 0.03, describeError(error));
    assert.match(describeError(error), /the model it was fitted to is \(others will be more\) off by/);
  });

  it("does not let a row that was interrupted speak for all of its kind", () => {
    const disturbed = model("a", ["conv", "pool"], (index) => (index === 0 ? 25 : 1));
    const { hardware } = learnLatency(DEFAULT_HARDWARE, PHONE, [disturbed]);
    isNear(hardware.kernels?.conv, TRUE.conv, 0.4);
  });

  it("predicts each model from the others' runs, and says how far off that is", () => {
    const alike = learnLatency(DEFAULT_HARDWARE, PHONE, [model("a", ["conv", "dense"]), model("b", ["dense", "conv"])]);
    assert.equal(alike.error.kind, "left-out");
    assert.ok(alike.error.ofModels < 0.05, describeError(alike.error));
    assert.equal(alike.error.fitted, "kernels");
    assert.ok((alike.error.otherwise ?? 0) >= alike.error.ofModels);
    const unlike = learnLatency(DEFAULT_HARDWARE, PHONE, [model("a", ["conv"]), model("b", ["pool"])]);
    assert.ok(unlike.error.ofModels > 0.5, "what was never seen is not known");
    assert.equal(unlike.error.models, 2);
  });

  it("is one factor where that predicts models that are left out better than a factor for each kind, and says so", () => {
    // Each model's kind of layer is one that the others hardly have, and runs at what the model's other layers do.
    const factor = 3;
    const alike = ["conv", "dense", "pool", "norm"].map((kind, at): ModelObservation => {
      const groups = SIZES.map((size, index): ObservedGroup => {
        const seconds = factor * (size + DEFAULT_HARDWARE.secondsPerOperator);
        // What the profiler says of the parts misleads: the whole is what one factor says.
        const told = index % 2 === at % 2 ? 1.9 * seconds : 0.1 * seconds;
        return { parts: { [kind]: size }, roofline: size, operators: 1, seconds: told };
      });
      const seconds = groups.reduce(
        (sum, { roofline }) => sum + factor * (roofline + DEFAULT_HARDWARE.secondsPerOperator),
        0,
      );
      return { file: kind, sha256: kind, seconds, groups };
    });
    const { hardware, error } = learnLatency(DEFAULT_HARDWARE, PHONE, alike);
    assert.equal(error.fitted, "one-factor");
    assert.ok(error.ofModels < 1e-9 && (error.otherwise ?? 0) > error.ofModels, describeError(error));
    assert.deepEqual(Object.keys(hardware.efficiency ?? {}), ["other"]);
    isNear(hardware.efficiency?.other, 1 / factor, 1e-9);
    isNear(hardware.secondsPerOperator, factor * DEFAULT_HARDWARE.secondsPerOperator, 1e-9);
    assert.match(
      hardware.sources.efficiency ?? "",
      /by one factor for all layers, which errs less here than one for each/,
    );
    assert.deepEqual(parseHardwareProfile(JSON.parse(JSON.stringify(hardware)), "test"), hardware);
  });

  it("finds the one factor that errs least over all models", () => {
    const models = [2, 2.1, 8].map((seconds) => ({ estimate: 1, seconds }));
    assert.equal(oneFactor(models), 2.1);
    const errors = (at: number): number => models.reduce((sum, { seconds }) => sum + Math.abs(at / seconds - 1), 0);
    for (let at = 0.5; at < 10; at += 0.05) assert.ok(errors(2.1) <= errors(at) + 1e-12, `${at}`);
    assert.equal(oneFactor([{ estimate: 0, seconds: 1 }]), 1);
  });

  it("takes the last run of a model, and refuses none", () => {
    const slow = model("a", ["conv"], () => 3);
    const { hardware, error } = learnLatency(DEFAULT_HARDWARE, PHONE, [slow, model("a", ["conv"])]);
    isNear(hardware.kernels?.conv, TRUE.conv, 0.05);
    assert.equal(error.models, 1);
    assert.throws(() => learnLatency(DEFAULT_HARDWARE, PHONE, []), RangeError);
  });

  it("stays finite and positive for nonsense", () => {
    const nothing = {
      file: "a",
      sha256: "a",
      seconds: 0,
      groups: [{ parts: {}, roofline: 0, operators: 0, seconds: 0 }],
    };
    const instant = {
      file: "b",
      sha256: "b",
      seconds: 1,
      groups: [{ parts: { conv: 1e9 }, roofline: 1e9, operators: 1, seconds: 1e-9 }],
    };
    const { hardware } = learnLatency(DEFAULT_HARDWARE, PHONE, [nothing, instant]);
    for (const factor of Object.values(hardware.kernels ?? {})) assert.ok(factor >= 0 && Number.isFinite(factor));
    assert.ok(hardware.secondsPerOperator >= 0);
  });

  it("gives a hardware profile that is read again as it is, and estimates by it", async () => {
    const { hardware } = learnLatency(DEFAULT_HARDWARE, PHONE, [model("a", ["conv", "dense", "pool"])]);
    assert.equal(hardware.name, "test-phone-x1-4-threads");
    assert.deepEqual(parseHardwareProfile(JSON.parse(JSON.stringify(hardware)), "test"), hardware);
    const analysed = await lenet();
    const { layers, totals } = costModel(analysed, hardware);
    const conv = layers.find(({ kind }) => kind === "conv");
    const expected = (conv?.latencyParts ?? []).reduce(
      (sum, { seconds, factor }) => sum + seconds * factor,
      hardware.secondsPerOperator,
    );
    isNear(conv?.latencySeconds ?? undefined, expected, 1e-9);
    isNear(conv?.latencyParts?.find(({ part }) => part === "conv-maps")?.factor, hardware.kernels?.other ?? 0, 1e-9);
    // What the model takes is the sum of its rows, and a ReLU that runs inside a convolution is none of them.
    const rows = layers.reduce((sum, { latencySeconds }) => sum + (latencySeconds ?? 0), 0);
    isNear(totals.latencySeconds, rows, 1e-9);
    const relu = layers.find(({ op }) => op === "Relu") ?? assert.fail();
    assert.equal(relu.latencySeconds, 0);
    const formula = latencyFormula(relu, describeLayer(analysed, relu.index), hardware);
    assert.match(formula?.reason ?? "", /^Runs inside the operator that makes its input/);
  });

  it("takes for a part that no run told of what it is most like", () => {
    assert.equal(factorOf("depthwise", { depthwise: 3, conv: 1 }), 3);
    assert.equal(factorOf("conv", { pointwise: 1.5, other: 9 }), 1.5);
    assert.ok(factorOf("depthwise-unaligned", { pointwise: 1.5 }) > 20 * 1.5, "kernels without blocks are far slower");
    assert.equal(factorOf("softmax", { conv: 1, other: 7 }), 7);
  });

  it("sees a run as groups of rows, brought to the latency that a user gets", async () => {
    const { listing } = await lenet();
    const rows = [
      { layer: 0, name: "a", op: "Conv", seconds: 3e-3, spread: null, fused: [1], operators: [] },
      { layer: 3, name: "b", op: "Conv", seconds: 1e-3, spread: null, fused: [], operators: [] },
    ];
    const told = run({ optimization: "basic", runs: 1, totalSeconds: 5e-3, rows, unmapped: [] });
    const observed = observe(told, listing.layers, DEFAULT_HARDWARE);
    const [first, second, rest] = observed.groups;
    assert.deepEqual([first?.seconds, first?.operators, second?.seconds, second?.operators], [1.5e-3, 1, 5e-4, 1]);
    assert.ok((first?.parts["few-channels"] ?? 0) > 0 && (second?.parts.conv ?? 0) > 0);
    assert.ok((second?.roofline ?? 0) > 0);
    // The rows that the run tells nothing of took no time, and are estimated all the same.
    assert.ok(rest?.seconds === 0 && (rest.parts.dense ?? 0) > 0);
    const learned = learnLatency(DEFAULT_HARDWARE, PHONE, [observed]).hardware;
    assert.deepEqual(observe(told, listing.layers, learned), observed);
  });

  it("sees a run without layers as one group", async () => {
    const { groups } = observe(run({ reason: "not told" }), (await lenet()).listing.layers, DEFAULT_HARDWARE);
    const [group] = groups;
    assert.ok(group !== undefined && groups.length === 1);
    assert.equal(group.seconds, 2e-3);
    assert.ok((group.parts.conv ?? 0) > 0 && (group.parts.dense ?? 0) > 0);
  });
});

async function lenet(): Promise<AnalysedModel> {
  return analyseModel(await modelOfFile("media/samples/digits_lenet.onnx"), {});
}

/** What `observe` looks at, of a run with a median of 2 ms. */
function run(layers: RunResult["layers"]): RunResult {
  const statistics = {
    runs: 1,
    median: 2e-3,
    mean: 2e-3,
    minimum: 2e-3,
    maximum: 2e-3,
    p90: null,
    p99: null,
    standardDeviation: 0,
  };
  return {
    version: 1,
    startedAt: "2024-01-01T00:00:00Z",
    model: { file: "a.onnx", format: "onnx", fileBytes: 1, sha256: "a" },
    device: { kind: "host", serial: null, name: "", system: "", soc: null, abis: [], cores: null, memoryBytes: null },
    runtime: { name: "ONNX Runtime", version: null, kind: "native", description: "" },
    settings: { threads: 1, warmUpRuns: 0, runs: 1, dimensions: {}, inputs: "", cores: null, delegate: null },
    latency: { loadSeconds: null, firstRunSeconds: null, statistics, runSeconds: [2e-3] },
    layers,
    memory: { reason: "" },
    energy: { reason: "" },
    conditions: {
      before: { thermalStatus: null, temperatures: [], cores: [], battery: null },
      after: { thermalStatus: null, temperatures: [], cores: [], battery: null },
    },
    throttling: [],
    outputs: { verdict: "equal", tolerance: 1e-3, outputs: [] },
    notes: [],
  };
}
