import assert from "node:assert/strict";
import { isMeasured, type LayerTimes } from "../../../../profiler/device/run-result.ts";
import { baselineOf, compareRuns } from "../../../../webview/runs/compare-runs.ts";
import { middleHalf } from "../../../../webview/runs/spread.ts";
import { keptRun, layerTimes, runResult } from "../kept-runs.ts";

const STEADY = [10, 11, 12, 13, 14].map((milliseconds) => milliseconds / 1000);
const shifted = (by: number): number[] => STEADY.map((seconds) => seconds + by / 1000);

describe("What two runs differ by", () => {
  it("is noise while the middle halves of their runs overlap, and has a direction beyond", () => {
    const before = runResult(STEADY);
    const meanings = [-3, -2, 0, 2, 3].map((by) => compareRuns(before, runResult(shifted(by))).meaning);
    assert.deepEqual(meanings, ["faster", "noise", "noise", "noise", "slower"]);
  });

  it("cannot be told from noise by a few runs", () => {
    assert.equal(compareRuns(runResult([0.01, 0.01]), runResult(STEADY)).meaning, "unknown");
  });

  it("is the change of the medians", () => {
    const { seconds, relative } = compareRuns(runResult(STEADY), runResult(shifted(-6)));
    assert.ok(Math.abs(seconds + 0.006) < 1e-12);
    assert.ok(Math.abs(relative + 0.5) < 1e-12);
  });

  it("adds up over the layers to the change of the totals, with what belongs to no row", () => {
    const before = layerTimes([["conv", 0, 0.004], ["gone", 1, 0.003], ["relu", 2, 0.001]], 0.0005); // oxfmt-ignore
    const after = layerTimes([["conv", 0, 0.001], ["new", 1, 0.002], ["relu", 2, 0.001]], 0.0002); // oxfmt-ignore
    const { layers } = compareRuns(runResult(STEADY, { layers: before }), runResult(STEADY, { layers: after }));
    assert.deepEqual(
      layers.map(({ name }) => name),
      ["conv", "gone → new", "between operators", "relu"],
    );
    assert.deepEqual(layers[2], {
      name: "between operators",
      before: 0.0005,
      after: 0.0002,
      change: 0.0002 - 0.0005,
      isNoise: null,
      row: null,
    });
    assert.ok(isMeasured(before) && isMeasured(after));
    const sum = layers.reduce((total, { change }) => total + change, 0);
    assert.ok(Math.abs(sum - (after.totalSeconds - before.totalSeconds)) < 1e-12);
  });

  it("is told of layers of another model by name, and of one operator in order between those", () => {
    const before = layerTimes([["stem", 0, 4], ["a", 1, 2], ["head", 2, 1]]); // oxfmt-ignore
    const after = layerTimes([["stem", 0, 3], ["b", 4, 1], ["c", 5, 5], ["head", 6, 1]]); // oxfmt-ignore
    const { layers } = compareRuns(runResult(STEADY, { layers: before }), runResult(STEADY, { layers: after }));
    assert.deepEqual(
      layers.map(({ name, row, change }) => [name, row, change]),
      [["c", 5, 5], ["stem", 0, -1], ["a → b", 4, -1], ["head", 6, 0]], // oxfmt-ignore
    );
  });

  it("is noise in a layer whose profiled runs lie as far apart, and nothing is known of one that tells only means", () => {
    const times = (seconds: number, spread: number | null): LayerTimes => {
      const all = layerTimes([["conv", 0, seconds]]);
      return { ...all, rows: all.rows.map((row) => ({ ...row, spread })) };
    };
    const isNoise = (spread: number | null): boolean | null | undefined =>
      compareRuns(runResult(STEADY, { layers: times(10, spread) }), runResult(STEADY, { layers: times(9, spread) }))
        .layers[0]?.isNoise;
    assert.deepEqual([isNoise(0.4), isNoise(0.5), isNoise(null)], [false, true, null]);
  });

  it("has no layers where a runtime does not tell them", () => {
    assert.deepEqual(compareRuns(runResult(STEADY), runResult(STEADY, { layers: layerTimes([]) })).layers, []);
  });

  it("starts from the last run of the file on the same device", () => {
    const elsewhere = keptRun("elsewhere", STEADY);
    const runs = [
      keptRun("edited", STEADY, { edits: ["Fold"] }),
      { ...elsewhere, result: { ...elsewhere.result, device: { ...elsewhere.result.device, name: "Galaxy" } } },
      keptRun("older edit", STEADY, { edits: ["Prune"] }),
      keptRun("file", STEADY),
      keptRun("older file", STEADY),
    ];
    const [edited] = runs;
    assert.ok(edited);
    assert.equal(baselineOf(edited, runs)?.id, "file");
    assert.equal(baselineOf(edited, [edited]), undefined);
  });
});

describe("The spread of runs", () => {
  it("is not that of one run that something disturbed", () => {
    const half = middleHalf(runResult([...STEADY, 5]).latency);
    assert.ok(half && half.high < 0.02);
  });

  it("lies between the quartiles", () => {
    assert.deepEqual(middleHalf(runResult([1, 2, 3, 4, 5]).latency), { low: 2, high: 4 });
  });

  it("comes from the standard deviation where single runs are not told", () => {
    const { latency } = runResult([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const half = middleHalf({ ...latency, runSeconds: [] });
    assert.ok(half && Math.abs(half.high - half.low - 2 * 0.6745 * latency.statistics.standardDeviation) < 1e-9);
  });

  it("is unknown for a few runs", () => {
    assert.equal(middleHalf(runResult([1, 2]).latency), null);
  });
});
