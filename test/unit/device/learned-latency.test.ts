import assert from "node:assert/strict";
import {
  describeError,
  learnLatency,
  observe,
  type ModelObservation,
  type ObservedGroup,
} from "../../../profiler/device/learned-latency.ts";
import { oneFactor } from "../../../profiler/device/one-factor.ts";
import type { RunResult } from "../../../profiler/device/run-result.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { parseHardwareProfile, type HardwareProfile } from "../../../profiler/hardware/hardware-profile.ts";
import type { LayerKind } from "../../../profiler/operators/operation.ts";
import type { LayerProfile } from "../../../profiler/profile.ts";
import { profileModel } from "../../../profiler/profile-model.ts";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { ExternalDataFolder } from "../../../profiler/bytes/external-data-folder.ts";

/** A phone that reaches these parts of the roofline, and takes so long for each operator. */
const TRUE = { conv: 0.5, dense: 0.25, pool: 0.1 } as const;
const PER_OPERATOR = 20e-6;
const PHONE = "Test Phone (X1), 4 threads";

/** Roofs of different sizes, as those of a network's layers are. */
const SIZES = [3e-3, 1e-3, 4e-4, 1e-4, 2e-3, 7e-4];

function model(sha256: string, kinds: readonly (keyof typeof TRUE)[], noise = (_: number) => 1): ModelObservation {
  const groups = kinds.flatMap((kind, at) =>
    SIZES.map((size, index): ObservedGroup => {
      const roof = size * (1 + at / 3);
      const seconds = (roof / TRUE[kind] + PER_OPERATOR) * noise(index);
      return { roofs: { [kind]: roof }, operators: 1, seconds };
    }),
  );
  return { file: sha256, sha256, seconds: groups.reduce((sum, { seconds }) => sum + seconds, 0), groups };
}

function isNear(value: number | undefined, expected: number, part: number): void {
  assert.ok(Math.abs((value ?? Number.NaN) / expected - 1) < part, `${value} is not ${expected} within ${part}`);
}

describe("latency learned from runs", () => {
  it("finds the efficiencies of a device whose times follow them", () => {
    const { hardware, error } = learnLatency(DEFAULT_HARDWARE, PHONE, [model("a", ["conv", "dense", "pool"])]);
    for (const [kind, efficiency] of Object.entries(TRUE))
      isNear(hardware.efficiency?.[kind as LayerKind], efficiency, 0.05);
    isNear(hardware.secondsPerOperator, PER_OPERATOR, 0.2);
    assert.equal(error.kind, "in-sample");
    assert.ok(error.ofModels < 0.02 && error.ofRows < 0.03, describeError(error));
    assert.match(describeError(error), /the model it was fitted to is \(others will be more\) off by/);
  });

  it("does not let a row that was interrupted speak for all of its kind", () => {
    const disturbed = model("a", ["conv", "pool"], (index) => (index === 0 ? 25 : 1));
    const { hardware } = learnLatency(DEFAULT_HARDWARE, PHONE, [disturbed]);
    isNear(hardware.efficiency?.conv, TRUE.conv, 0.4);
  });

  it("predicts each model from the others' runs, and says how far off that is", () => {
    const alike = learnLatency(DEFAULT_HARDWARE, PHONE, [model("a", ["conv", "dense"]), model("b", ["dense", "conv"])]);
    assert.equal(alike.error.kind, "left-out");
    assert.ok(alike.error.ofModels < 0.05, describeError(alike.error));
    assert.equal(alike.error.fitted, "kinds");
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
        return { roofs: { [kind]: size }, operators: 1, seconds: index % 2 === at % 2 ? 1.9 * seconds : 0.1 * seconds };
      });
      const seconds = groups.reduce(
        (sum, { roofs }) => sum + factor * ((Object.values(roofs)[0] ?? 0) + DEFAULT_HARDWARE.secondsPerOperator),
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
    isNear(hardware.efficiency?.conv, TRUE.conv, 0.05);
    assert.equal(error.models, 1);
    assert.throws(() => learnLatency(DEFAULT_HARDWARE, PHONE, []), RangeError);
  });

  it("stays finite and positive for nonsense", () => {
    const nothing = { file: "a", sha256: "a", seconds: 0, groups: [{ roofs: {}, operators: 0, seconds: 0 }] };
    const instant = {
      file: "b",
      sha256: "b",
      seconds: 1,
      groups: [{ roofs: { conv: 1e9 }, operators: 1, seconds: 1e-9 }],
    };
    const { hardware } = learnLatency(DEFAULT_HARDWARE, PHONE, [nothing, instant]);
    for (const part of Object.values(hardware.efficiency ?? {})) assert.ok(part > 0 && Number.isFinite(part));
    assert.ok(hardware.secondsPerOperator >= 0);
  });

  it("gives a hardware profile that is read again as it is, and estimates by it", async () => {
    const { hardware } = learnLatency(DEFAULT_HARDWARE, PHONE, [model("a", ["conv", "dense", "pool"])]);
    assert.equal(hardware.name, "test-phone-x1-4-threads");
    assert.deepEqual(parseHardwareProfile(JSON.parse(JSON.stringify(hardware)), "test"), hardware);
    const [before, after] = [await rowsOf(DEFAULT_HARDWARE), await rowsOf(hardware)];
    const conv = before.findIndex(({ kind }) => kind === "conv");
    const roof = (before[conv]?.latencySeconds ?? 0) - DEFAULT_HARDWARE.secondsPerOperator;
    const expected = roof / (hardware.efficiency?.conv ?? 1) + hardware.secondsPerOperator;
    isNear(after[conv]?.latencySeconds ?? undefined, expected, 1e-9);
  });

  it("sees a run as groups of rows, brought to the latency that a user gets", async () => {
    const layers = await rowsOf(DEFAULT_HARDWARE);
    const rows = [
      { layer: 0, name: "a", op: "Conv", seconds: 3e-3, spread: null, fused: [1], operators: [] },
      { layer: 3, name: "b", op: "Conv", seconds: 1e-3, spread: null, fused: [], operators: [] },
    ];
    const observed = observe(
      run({ optimization: "basic", runs: 1, totalSeconds: 5e-3, rows, unmapped: [] }),
      layers,
      DEFAULT_HARDWARE,
    );
    assert.deepEqual(
      observed.groups.map(({ seconds, operators, roofs }) => [seconds, operators, Object.keys(roofs)]),
      [
        [1.5e-3, 2, ["conv", "activation"]],
        [5e-4, 1, ["conv"]],
      ],
    );
    const roof = (layers[3]?.latencySeconds ?? 0) - DEFAULT_HARDWARE.secondsPerOperator;
    isNear(observed.groups[1]?.roofs.conv, roof, 1e-9);
    const learned = learnLatency(DEFAULT_HARDWARE, PHONE, [observed]).hardware;
    const again = observe(
      run({ optimization: "basic", runs: 1, totalSeconds: 5e-3, rows, unmapped: [] }),
      await rowsOf(learned),
      learned,
    );
    isNear(again.groups[1]?.roofs.conv, roof, 1e-6);
  });

  it("sees a run without layers as one group", async () => {
    const { groups } = observe(run({ reason: "not told" }), await rowsOf(DEFAULT_HARDWARE), DEFAULT_HARDWARE);
    const [group] = groups;
    assert.ok(group !== undefined && groups.length === 1);
    assert.equal(group.seconds, 2e-3);
    assert.ok((group.roofs.conv ?? 0) > 0 && (group.roofs.dense ?? 0) > 0);
  });
});

async function rowsOf(hardware: HardwareProfile): Promise<readonly LayerProfile[]> {
  const path = "media/samples/digits_lenet.onnx";
  const source = await FileSource.open(path);
  try {
    return (await profileModel(source, new ExternalDataFolder(path), { hardware })).layers;
  } finally {
    await source.close();
  }
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
