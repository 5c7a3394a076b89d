import assert from "node:assert/strict";
import { DEFAULT_HARDWARE } from "../../../../profiler/hardware/hardware.ts";
import { analyseModel, costModel } from "../../../../profiler/profile-model.ts";
import type { LayerProfile } from "../../../../profiler/profile.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { Usefulness, worthiest } from "../../../../profiler/editing/fit/contenders.ts";
import {
  formatDeviceSearch,
  keptSearch,
  parseDeviceSearch,
  type DeviceSearch,
} from "../../../../profiler/editing/fit/device/device-search.ts";
import type { Clock } from "../../../../profiler/editing/fit/device/measured-costs.ts";
import { anchored, rowAnchors } from "../../../../profiler/editing/fit/device/row-anchors.ts";
import { fit, type FitOptions, type Fitted } from "../../../../profiler/editing/fit/fit.ts";
import type { FitPoint } from "../../../../profiler/editing/fit/fit-point.ts";
import type { RuntimeIdentity } from "../../../../profiler/device/run-result.ts";
import { latencyStatistics } from "../../../../profiler/device/latency-statistics.ts";
import { graph, node, onnxModel, value } from "../../../builders/onnx-builder.ts";
import { readBytes, weights } from "../../restructure/edited-model.ts";

const SIZE = 24;
const LAYERS = ["quick", "slow", "other"];
/** Seconds of a MAC: this device is bad at what one layer does, which no count of MACs tells. */
const SLOW = 20e-9;
const QUICK = 1e-9;

/** Three dense layers of 24×24. */
function network(): Promise<Model> {
  const nodes = LAYERS.flatMap((name, place) => [
    node("MatMul", [place === 0 ? "x" : `r${place - 1}`, name], [`d${place}`], {}, { name }),
    node("Relu", [`d${place}`], [place === LAYERS.length - 1 ? "y" : `r${place}`], {}, { name: `relu${place}` }),
  ]);
  const initializers = LAYERS.map((name) => weights(name, [SIZE, SIZE]));
  const inputs = [value("x", "float32", ["n", SIZE])];
  return readBytes(onnxModel({ graph: graph(nodes, { inputs, outputs: ["y"], initializers }) }));
}

function secondsOf({ name, macs }: LayerProfile): number {
  return (macs ?? 0) * (name.includes("slow") ? SLOW : QUICK) + 1e-7;
}

/** A device whose clock counts; all else of the search is real. */
function device(onRun: () => void = () => undefined): { readonly clock: Clock; readonly name: string } {
  const clock: Clock = ({ model, layers }) => {
    onRun();
    const rows = layers.map((layer) => {
      const { index, name, op } = layer;
      return { layer: index, name, op, seconds: secondsOf(layer), spread: 0, fused: [], operators: [name] };
    });
    const totalSeconds = rows.reduce((sum, { seconds }) => sum + seconds, 0);
    const sha256 = layers.map(({ name, macs }) => `${name} ${macs}`).join();
    return Promise.resolve({
      model: { file: model.file, format: model.format, fileBytes: 0, sha256 },
      runtime: RUNTIME,
      latency: { loadSeconds: 0, firstRunSeconds: 0, statistics: latencyStatistics([totalSeconds]), runSeconds: [] },
      layers: { optimization: "all", runs: 1, totalSeconds, rows, unmapped: [] },
      outputs: { verdict: "equal", tolerance: 0, outputs: [] },
    });
  };
  return { clock, name: "a device" };
}

const RUNTIME: RuntimeIdentity = { name: "A runtime", version: "1.2", kind: "native", description: "CPU" };
const SETTINGS = { hardware: DEFAULT_HARDWARE, calibration: { count: 8, seed: 3 } };
const ALL = LAYERS.length * SIZE * SIZE;
const START = SIZE * SIZE * (SLOW + (LAYERS.length - 1) * QUICK);

describe("fit with a device in the loop", function () {
  this.timeout(120_000);
  let model: Model;
  before(async () => {
    model = await network();
  });

  const search = (options: Partial<FitOptions>): Promise<Fitted> =>
    fit(model, { ...SETTINGS, budget: { latencySeconds: START / 2 }, device: device(), ...options });

  it("keeps a latency as it is measured, and tells it of the model that is taken", async () => {
    const { result, model: found } = await search({});
    assert.ok(result.isMet, "the budget is kept");
    assert.equal(result.device, "a device, A runtime 1.2 (CPU)", "what measured is named");
    const [first, best] = [result.points[0], result.points[result.best]];
    assert.ok(first && best);
    assert.ok(Math.abs(first.totals.latencySeconds / START - 1) < 0.1, "the curve begins with what was measured");
    assert.ok(best.totals.latencySeconds <= START / 2);
    const { layers } = costModel(analyseModel(found, {}), DEFAULT_HARDWARE);
    const seconds = layers.reduce((sum, layer) => sum + secondsOf(layer), 0);
    assert.ok(
      Math.abs(best.totals.latencySeconds / seconds - 1) < 1e-9,
      "the model has the latency that the curve says",
    );
  });

  it("goes on where it was ended, without measuring anew what it knows", async () => {
    const controller = new AbortController();
    let kept: DeviceSearch | undefined;
    const onSearch = (state: DeviceSearch): void => {
      kept = state;
      if (state.points.length > 2) controller.abort();
    };
    const budget = { latencySeconds: START / 2 };
    const ended = await search({ budget, device: { ...device(), onSearch }, signal: controller.signal });
    assert.equal(ended.result.ending, "cancelled");
    assert.ok(ended.result.points.length > 2, "what was found is kept");
    assert.ok(kept);
    const resume = parseDeviceSearch(formatDeviceSearch(kept), "kept.json");
    let runs = 0;
    const on = device(() => (runs += 1));
    const { result, model: found } = await search({ budget, device: { ...on, resume } });
    assert.ok(result.isMet);
    const again = result.points.slice(0, resume.points.length);
    assert.deepEqual(
      again.map(({ edits, totals }) => ({ edits, totals })),
      resume.points.map(({ edits, totals }) => ({ edits, totals })),
    );
    assert.ok(found !== model && runs > 0);

    runs = 0;
    const finished: { state?: DeviceSearch } = {};
    await search({ budget, device: { ...on, resume, onSearch: (state) => (finished.state = state) } });
    assert.ok(finished.state);
    runs = 0;
    const third = await search({ budget, device: { ...on, resume: finished.state } });
    assert.ok(third.result.isMet && runs <= 6, `what is found is measured again, and nothing else: ${runs} runs`);
  });

  it("ends at any run and keeps what it found", async () => {
    for (const last of [3, 5, 8]) {
      const controller = new AbortController();
      let runs = 0;
      const on = device(() => {
        runs += 1;
        if (runs === last) controller.abort();
      });
      const { result } = await search({ device: on, signal: controller.signal });
      assert.equal(result.ending, "cancelled");
      assert.ok(result.points.length > 0 && runs === last, `${runs} runs, ${result.points.length} points`);
    }
  });

  it("refuses to go on with the search of something else, and with what is none", async () => {
    let kept: DeviceSearch | undefined;
    await search({ budget: { latencySeconds: 1 }, device: { ...device(), onSearch: (state) => (kept = state) } });
    assert.ok(kept);
    const resume = kept;
    await assert.rejects(search({ device: { ...device(), name: "another", resume } }), /another device/);
    await assert.rejects(search({ device: { ...device(), resume: { ...resume, sha256: "00" } } }), /another model/);
    await assert.rejects(search({ bindings: { n: 2 }, device: { ...device(), resume } }), /other sizes/);
    // An editor keeps searches by itself: there one of something else is passed over.
    const isGoneOnWith = async (options: Partial<FitOptions>, name = "a device"): Promise<boolean> => {
      let isResumed = false;
      const on = { ...device(), name, resume, resumesOnlySame: true, onResumed: () => (isResumed = true) };
      await search({ budget: { latencySeconds: 1 }, ...options, device: on });
      return isResumed;
    };
    assert.ok(await isGoneOnWith({}));
    assert.ok(!(await isGoneOnWith({}, "another")));
    assert.ok(!(await isGoneOnWith({ bindings: { n: 2 } })));
    assert.ok(!(await isGoneOnWith({ calibration: { count: 9, seed: 3 } })), "other samples");
    const text = formatDeviceSearch(resume);
    assert.deepEqual(keptSearch(text), parseDeviceSearch(text, "x.json"));
    assert.equal(keptSearch(text.slice(0, -9)), undefined, "cut off");
    assert.throws(() => parseDeviceSearch("{}", "x.json"), /x\.json: expected a search/);
    assert.throws(() => parseDeviceSearch("no", "x.json"), /x\.json: expected a search/);
  });

  it("tries the whole network in integers before it goes on step by step: no count tells what that saves", async () => {
    const float = device();
    const clock: Clock = async (measured, signal) => {
      const run = await float.clock(measured, signal);
      const isInIntegers = measured.layers.some(({ op }) => op === "QuantizeLinear");
      const statistics = latencyStatistics([isInIntegers ? START / 3 : START]);
      return { ...run, latency: { ...run.latency, statistics } };
    };
    const controller = new AbortController();
    const onPoint = ({ edits }: FitPoint): void => {
      if (edits.some(({ restructuring }) => restructuring === "quantize-model")) controller.abort();
    };
    const on = { device: { clock, name: "integers" }, signal: controller.signal, onPoint };
    const { result } = await search(on);
    assert.ok(result.isMet && result.ending === "cancelled");
    const tried = result.points.flatMap(({ edits }) => edits.map(({ restructuring }) => restructuring));
    assert.deepEqual([...new Set(tried)], ["reduce-channels", "quantize-model"]);
  });

  it("holds no model against one that another runtime ran, and goes on with no search of another", async () => {
    const first = device();
    const controller = new AbortController();
    let runs = 0;
    const clock: Clock = async (measured, signal) => {
      const run = await first.clock(measured, signal);
      const isEdited = measured.layers.reduce((sum, { macs }) => sum + (macs ?? 0), 0) !== ALL;
      runs += 1;
      if (runs === 12) controller.abort();
      return isEdited ? { ...run, runtime: { ...RUNTIME, name: "Another" } } : run;
    };
    let kept: DeviceSearch | undefined;
    const onSearch = (state: DeviceSearch): void => void (kept = state);
    const { result } = await search({ device: { clock, name: "two", onSearch }, signal: controller.signal });
    assert.ok(!result.isMet && result.points.every(({ totals }) => totals.macs === ALL));
    assert.ok(kept);
    const other: Clock = async (...args) => ({
      ...(await first.clock(...args)),
      runtime: { ...RUNTIME, version: "2" },
    });
    await assert.rejects(
      search({ device: { clock: other, name: "two", resume: kept } }),
      /measured in A runtime 1\.2 \(CPU\), and A runtime 2 \(CPU\) runs the model now/,
    );
  });

  it("passes over models that the device gets wrong", async () => {
    const right = device();
    const controller = new AbortController();
    let runs = 0;
    const clock: Clock = async (measured, signal) => {
      const run = await right.clock(measured, signal);
      const isEdited = measured.layers.reduce((sum, { macs }) => sum + (macs ?? 0), 0) !== ALL;
      runs += 1;
      if (runs === 12) controller.abort();
      return isEdited ? { ...run, outputs: { ...run.outputs, verdict: "differs" } } : run;
    };
    const { result } = await search({ device: { clock, name: "wrong" }, signal: controller.signal });
    assert.ok(!result.isMet && result.points.every(({ totals }) => totals.macs === ALL));
  });
});

describe("Ranking what was measured", () => {
  it("takes what errs least for what it really saves, and nothing that saves nothing", () => {
    const pick = (errors: readonly number[], gains: readonly number[], standing = 0): number | undefined =>
      worthiest(
        errors.map((error, place) => ({ error, gain: gains[place] ?? 0, predicted: 0.1 })),
        standing,
      );
    assert.equal(pick([], []), undefined);
    assert.equal(pick([0.1], [0]), undefined);
    assert.equal(pick([0.1, 0.4], [-1, 0.1]), 1);
    assert.equal(pick([0.15, 0.3], [0.1, 0.2], 0.1), 0);
    assert.equal(pick([0.1, 0.1], [0.1, 0.2], 0.1), 1, "free ones by their gain");
    assert.equal(pick([0.1, 0.4], [0.04, 0.1]), 1, "less than half of what was predicted is noise");
  });

  it("gives up what never saves the time that its sizes say", () => {
    const usefulness = new Usefulness();
    usefulness.note("quantize-weights", false);
    assert.ok(usefulness.isWorthTrying("quantize-weights"));
    usefulness.note("quantize-weights", false);
    assert.ok(!usefulness.isWorthTrying("quantize-weights") && usefulness.isWorthTrying("reduce-channels"));
    for (const kept of [true, false, false, false]) usefulness.note("reduce-channels", kept);
    assert.ok(usefulness.isWorthTrying("reduce-channels"), "what once did is tried on");
  });

  it("holds predictions to the times of the layers that ran", async () => {
    const { clock } = device();
    const layers = [row(0, "quick", 1000, 1e-6), row(1, "slow", 1000, 1e-6), row(2, "unseen", 0, 1e-6)];
    const run = await clock({ model: await network(), layers: layers.slice(0, 2) });
    const anchors = rowAnchors(run, layers);
    const seconds = run.latency.statistics.median;
    assert.ok(Math.abs(anchored(layers, anchors) - seconds) < 1e-12, "the model itself is as measured");
    const halved = layers.map((layer) => (layer.name === "slow" ? { ...layer, latencySeconds: 0.5e-6 } : layer));
    assert.ok(Math.abs(anchored(halved, anchors) - (seconds - secondsOf(row(1, "slow", 1000, 0)) / 2)) < 1e-9);
  });
});

function row(index: number, name: string, macs: number, latencySeconds: number): LayerProfile {
  return {
    index,
    name,
    op: "MatMul",
    kind: "dense",
    path: [],
    inputs: [],
    outputs: [],
    parameters: 0,
    macs,
    otherOps: 0,
    weightBytes: 0,
    activationBytes: 0,
    energy: null,
    latencySeconds,
    role: "compute",
    isCounted: true,
    repeats: 1,
    macTerms: [],
    notes: [],
  };
}
