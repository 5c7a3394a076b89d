import assert from "node:assert/strict";
import { formatCell } from "../../../profiler/columns.ts";
import { isOfVersion, MEASURED_COLUMNS, withMeasuredTimes } from "../../../profiler/views/measured-times.ts";
import { keptRun, layerTimes, runResult } from "../webview/kept-runs.ts";
import { layerRow, TOTALS } from "../webview/profiles.ts";

describe("Measured times beside the estimates", () => {
  const layers = [0, 1, 2, 3].map((index) => layerRow(index, { latencySeconds: 1e-3 }));
  const times = layerTimes([["conv", 0, 0.006, [1]], ["relu", 2, 0.003]], 0.001); // oxfmt-ignore
  const measured = withMeasuredTimes(layers, runResult([0.01], { layers: times }));

  const cells = (id: string): readonly string[] => {
    const column = MEASURED_COLUMNS.find((each) => each.id === id);
    assert.ok(column);
    return measured.map((layer) => formatCell(column.unit, column.value(layer, TOTALS)));
  };

  it("name the row that has the time of a fused one", () => {
    assert.deepEqual(cells("measured"), ["6.00 ms", "in #0", "3.00 ms", "unknown"]);
  });

  it("are parts of the profiled inference, which they add up to with what belongs to no row", () => {
    assert.deepEqual(cells("measuredShare"), ["60.0 %", "0.0 %", "30.0 %", "unknown"]);
    const sum = measured.reduce((total, { measured: time }) => total + (time?.seconds ?? 0), 0);
    const unmapped = times.unmapped.reduce((total, { seconds }) => total + seconds, 0);
    assert.ok(Math.abs(sum + unmapped - times.totalSeconds) < 1e-12);
  });

  it("stand in a ratio to the estimates of all rows that they are of", () => {
    assert.deepEqual(cells("measuredRatio"), ["3.00×", "", "3.00×", "unknown"]);
  });

  it("have no ratio to an unknown estimate, nor to none at all", () => {
    const rows = [layerRow(0, { latencySeconds: null }), layerRow(1, { latencySeconds: 0 })];
    const result = runResult([1], { layers: layerTimes([["a", 0, 1], ["b", 1, 1]]) }); // oxfmt-ignore
    const ratio = MEASURED_COLUMNS.find(({ id }) => id === "measuredRatio");
    assert.deepEqual(
      withMeasuredTimes(rows, result).map((layer) => ratio?.value(layer, TOTALS)),
      [null, null],
    );
  });

  it("leave the rows alone where the runtime tells no layers", () => {
    assert.equal(withMeasuredTimes(layers, runResult([1])), layers);
  });

  it("pass over rows that the model does not have", () => {
    const result = runResult([1], { layers: layerTimes([["a", 99, 1, [98]]]) });
    assert.deepEqual(withMeasuredTimes(layers, result), layers);
  });
});

describe("A run", () => {
  const shown = (fileBytes: number, part: string | null = null) => ({ totals: { fileBytes }, parts: { part } });

  it("is of the shown version when the same edits are in force", () => {
    const run = keptRun("run", [1], { edits: ["Fold"] });
    assert.ok(isOfVersion(run, ["Fold"], shown(1)));
    assert.ok(!isOfVersion(run, [], shown(1)));
    assert.ok(!isOfVersion(run, ["Prune"], shown(1)));
    assert.ok(!isOfVersion(run, ["Fold", "Prune"], shown(1)));
  });

  it("of one entry is not one of another", () => {
    const run = keptRun("run", [1]);
    const { model } = run.result;
    const ofEntry = { ...run, result: { ...run.result, model: { ...model, part: "decode" } } };
    assert.ok(isOfVersion(ofEntry, [], shown(model.fileBytes, "decode")));
    assert.ok(!isOfVersion(ofEntry, [], shown(model.fileBytes)));
    assert.ok(!isOfVersion(run, [], shown(model.fileBytes, "decode")));
  });

  it("of the file is not one of a file that has changed since", () => {
    const run = keptRun("run", [1]);
    const { fileBytes } = run.result.model;
    assert.ok(isOfVersion(run, [], shown(fileBytes)));
    assert.ok(!isOfVersion(run, [], shown(fileBytes + 1)));
  });
});
