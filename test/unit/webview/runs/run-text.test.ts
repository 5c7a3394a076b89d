import assert from "node:assert/strict";
import { coresText, parseCores } from "../../../../webview/runs/cores-text.ts";
import {
  dateText,
  latencyFigures,
  measuredLatency,
  medianText,
  modelText,
  outputVerdict,
  progressPart,
  progressText,
  startTexts,
} from "../../../../webview/runs/run-text.ts";
import type { KeptRun } from "../../../../webview/protocol/running.ts";
import { keptRun, runResult } from "../kept-runs.ts";

const RUNS = [10, 11, 12, 13, 14].map((milliseconds) => milliseconds / 1000);

describe("Texts of runs", () => {
  it("tells runs of the same minute apart by their seconds", () => {
    const at = (id: string, startedAt: string): KeptRun => ({
      ...keptRun(id, [1]),
      result: runResult([1], { startedAt }),
    });
    const runs = [at("a", "2026-03-01T12:00:05Z"), at("b", "2026-03-01T12:00:40Z"), at("c", "2026-03-01T12:01:00Z")];
    const texts = startTexts(runs);
    assert.equal(new Set(texts.values()).size, 3);
    assert.match(texts.get("a") ?? "", /:05/);
    assert.doesNotMatch(texts.get("c") ?? "", /:00 /);
  });

  it("give the median with its noise, where there are runs enough to know it", () => {
    assert.equal(medianText(runResult(RUNS).latency), "12.0 ms ± 1.00 ms");
    assert.equal(medianText(runResult([0.01]).latency), "10.0 ms");
  });

  it("say beside the estimate what was measured, and on what", () => {
    assert.deepEqual(measuredLatency(runResult(RUNS)), {
      short: "12.0 ms measured",
      text: "12.0 ms measured on Google Pixel 8, 4 threads",
    });
  });

  it("leave out figures that a runtime does not tell", () => {
    const { latency } = runResult(RUNS);
    const ids = latencyFigures({ ...latency, loadSeconds: null, statistics: { ...latency.statistics, p90: null } }).map(
      ({ id }) => id,
    );
    assert.deepEqual(ids, ["median", "mean", "p99", "minimum", "spread", "first"]);
  });

  it("call a version by its edits", () => {
    assert.equal(modelText({ edits: [] }), "the file");
    assert.equal(modelText({ edits: ["Fold batch norm"] }), "Fold batch norm");
    assert.equal(modelText({ edits: ["a", "b"] }), "2 edits");
  });

  it("say how far a run is, bytes where something is pushed", () => {
    assert.equal(progressText({ phase: "pushing-model", done: 5e6, total: 1e7 }), "Pushing the model: 5.00 MB of 10.0 MB"); // oxfmt-ignore
    assert.equal(progressText({ phase: "latency", done: 5, total: 50 }), "Measuring the latency: 5 of 50");
    assert.equal(progressText({ phase: "comparing" }), "Comparing the outputs with this machine’s");
    assert.equal(progressPart({ phase: "latency", done: 5, total: 50 }), 0.1);
    assert.equal(progressPart({ phase: "latency", done: 5 }), undefined);
  });

  it("do not trust the latency of a wrong result", () => {
    const output = { name: "y", maxAbsolute: 1, maxRelative: 0.5, isEqual: false };
    assert.equal(outputVerdict({ verdict: "differs", tolerance: 1e-3, outputs: [output] }).icon, "error");
    const skipped = { ...output, maxAbsolute: null, maxRelative: null, reason: "The outputs are text." };
    const verdict = outputVerdict({ verdict: "not-compared", tolerance: 1e-3, outputs: [skipped] });
    assert.deepEqual(verdict, { icon: "question", text: "The outputs are text." });
  });

  it("show what is no date as it is", () => {
    assert.equal(dateText("<script>"), "<script>");
  });

  it("read cores as people write them, and write them so", () => {
    assert.deepEqual(parseCores("4-7"), [4, 5, 6, 7]);
    assert.deepEqual(parseCores(" 7, 0,4 - 5 ,5"), [0, 4, 5, 7]);
    for (const text of ["", "x", "7-4", "1,", "999", "0-99999", "-1"]) assert.equal(parseCores(text), null, text);
    assert.equal(coresText([0, 4, 5, 6]), "0, 4-6");
  });
});
