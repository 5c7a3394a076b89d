import assert from "node:assert/strict";
import {
  CHART_COLUMNS,
  INITIAL_CHARTS,
  restoreCharts,
  SUMMED_COLUMNS,
} from "../../../../webview/charts/charts-view.ts";
import { INITIAL_PICTURES, restorePictures } from "../../../../webview/state/pictures.ts";

describe("The kept view of the charts", () => {
  it("comes back as it was, or as far as it makes sense", () => {
    const kept = { bars: "latency", line: "parameters", shares: "macs" };
    assert.deepEqual(restoreCharts(JSON.parse(JSON.stringify(kept))), kept);
    assert.deepEqual(restoreCharts({ bars: "name", line: 7, shares: "activationBytes" }), INITIAL_CHARTS);
    assert.deepEqual(restoreCharts(undefined), INITIAL_CHARTS);
  });

  it("offers amounts only, and shares only of what adds up", () => {
    const ids = CHART_COLUMNS.map(({ id }) => id);
    for (const id of ["index", "name", "macsShare", "repeats"]) assert.ok(!ids.includes(id), id);
    assert.ok(!SUMMED_COLUMNS.some(({ id }) => id === "activationBytes"));
  });
});

describe("The kept view of the pictures", () => {
  it("comes back as it was, or as far as it makes sense", () => {
    const kept = { ...INITIAL_PICTURES, tab: "graph", showsCards: false };
    assert.deepEqual(restorePictures(JSON.parse(JSON.stringify(kept))), kept);
    assert.deepEqual(restorePictures({ tab: "pie" }), INITIAL_PICTURES);
    assert.deepEqual(restorePictures(7), INITIAL_PICTURES);
  });
});
