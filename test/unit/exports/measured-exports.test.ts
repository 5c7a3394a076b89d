import assert from "node:assert/strict";
import { COLUMNS } from "../../../profiler/columns.ts";
import { exportProfile } from "../../../profiler/exports/exports.ts";
import type { ProfileJson } from "../../../profiler/exports/json.ts";
import { layerTimes, runResult } from "../webview/kept-runs.ts";
import { SAMPLE } from "./sample-profile.ts";

const HOSTILE = `=cmd()|<script>alert(1)</script>`;

/** The dense layer takes 6 ms and the unknown operator 3 ms; 1 ms belongs to no row. */
const RUN = runResult([0.01, 0.011, 0.012], {
  layers: layerTimes([["Gemm", 0, 0.006], ["Custom", 2, 0.003]], 0.001), // oxfmt-ignore
  throttling: ["thermal status rose from none to moderate"],
});
const CALLED = runResult([0.01], {
  device: { ...RUN.device, name: HOSTILE },
  layers: {
    ...layerTimes([["Gemm", 0, 0.006]]),
    unmapped: [{ name: HOSTILE, op: null, seconds: 0.001, reason: HOSTILE }],
  },
});

function cellsOf(csv: string, line: number): readonly string[] {
  return csv.split("\n")[line]?.split(",") ?? [];
}

describe("Exports of a model with a run shown", () => {
  it("have the run's columns in CSV, named after it, and rows that add up to the profiled time", () => {
    const csv = exportProfile(SAMPLE, "csv", { run: RUN });
    const [titles = ""] = csv.split("\n");
    const name = "Measured on Google Pixel 8 (Android 14 (API level 34), Google Tensor G3), 2026-03-01 12:00 UTC (s)";
    assert.ok(titles.endsWith(`,"${name}",Measured share,× estimate`), titles);
    const at = COLUMNS.length;
    assert.deepEqual(cellsOf(csv, 1).slice(at, at + 2), ["0.006", "0.6"]);
    assert.deepEqual(cellsOf(csv, 2).slice(at), ["unknown", "unknown", "unknown"]);
    const measured = [1, 3, 4].map((line) => Number(cellsOf(csv, line)[at]));
    assert.ok(Math.abs(measured.reduce((sum, each) => sum + each, 0) - 0.01) < 1e-12, measured.join());
    assert.deepEqual([cellsOf(csv, 4)[1], cellsOf(csv, 4)[at - 1]], ["between operators", "gaps"]);
  });

  it("keep JSON's contract and add to it", () => {
    const plain = JSON.parse(exportProfile(SAMPLE, "json")) as ProfileJson;
    const { run, layers, ...rest } = JSON.parse(exportProfile(SAMPLE, "json", { run: RUN })) as ProfileJson;
    assert.deepEqual(rest, Object.fromEntries(Object.entries(plain).filter(([key]) => key !== "layers")));
    assert.deepEqual(
      layers.map(({ measured: _measured, ...layer }) => layer),
      plain.layers,
    );
    assert.deepEqual(layers[0]?.measured, {
      seconds: 0.006,
      share: 0.6,
      estimate: SAMPLE.layers[0]?.latencySeconds,
      fusedInto: null,
    });
    assert.ok(layers[1] !== undefined && !("measured" in layers[1]));
    assert.deepEqual(run?.layers, RUN.layers);
    assert.equal(run.device.name, "Google Pixel 8");
    assert.ok(!("serial" in run.device), "a report is handed on: a phone's serial is nobody's business");
    assert.ok(!("run" in plain));
  });

  it("have them in Markdown, with what ran, what came of it, and what belongs to no row", () => {
    const lines = exportProfile(SAMPLE, "markdown", { run: RUN }).split("\n");
    assert.ok(
      lines.some((line) => line.startsWith("| # |") && line.endsWith("| Measured | Measured share | × estimate |")),
    );
    assert.ok(lines.some((line) => line.startsWith("| 0 | /head/dense |") && line.includes("| 6.00 ms | 60.0 % |")));
    assert.ok(lines.some((line) => line.includes("**Total**") && line.includes("| **9.00 ms** | **90.0 %** |")));
    assert.ok(lines.some((line) => line.startsWith("## Measured on Google Pixel 8 (Android 14 (API level 34)")));
    assert.ok(lines.some((line) => line.startsWith("- Runtime: ONNX Runtime 1.27.0 (CPU), 4 threads")));
    assert.ok(lines.some((line) => line.startsWith("- Latency: 11.0 ms median")));
    assert.ok(lines.includes("- Unattributed time: between operators: 1.00 ms. gaps"));
    assert.ok(lines.includes("- Slowed down: thermal status rose from none to moderate"));
  });

  it("have them in HTML, with a chart of where the time went", () => {
    const html = exportProfile(SAMPLE, "html", { run: RUN });
    assert.match(html, /<h2>Measured on Google Pixel 8/);
    assert.match(html, /aria-label="Measured along the network\. Most in \/head\/dense \(#0\): 6\.00 ms/);
    assert.match(html, /<td class="number"[^>]*>9\.00 ms<\/td>/);
    assert.match(html, /between operators: 1\.00 ms\. gaps/);
    assert.doesNotMatch(html, /NaN|undefined/);
  });

  it("show what a device says of itself as text", () => {
    assert.match(exportProfile(SAMPLE, "csv", { run: CALLED }), /\n,'=cmd\(\)/);
    assert.doesNotMatch(exportProfile(SAMPLE, "html", { run: CALLED }), /<script/);
    assert.doesNotMatch(exportProfile(SAMPLE, "markdown", { run: CALLED }), /<script/);
  });

  it("tell the whole where the runtime tells no layers", () => {
    const run = runResult([0.01]);
    const csv = exportProfile(SAMPLE, "csv", { run });
    assert.equal(csv, exportProfile(SAMPLE, "csv"));
    assert.match(exportProfile(SAMPLE, "markdown", { run }), /- Layers: not measured: not told/);
  });
});
