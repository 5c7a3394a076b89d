import assert from "node:assert/strict";
import stringWidth from "string-width";
import { COLUMNS } from "../../../profiler/columns.ts";
import { profileCsv } from "../../../profiler/exports/csv.ts";
import { profileJson } from "../../../profiler/exports/json.ts";
import { profileMarkdown } from "../../../profiler/exports/markdown.ts";
import { plainTable, profileTable } from "../../../profiler/exports/terminal.ts";
import { renamed, SAMPLE } from "./sample-profile.ts";

const STEERING = "a\u001b[2Jb\nc";

describe("JSON", () => {
  const json = profileJson(SAMPLE);

  it("keeps the contract's keys", () => {
    for (const key of ["schema", "file", "format", "bindings", "totals", "layers", "warnings"])
      assert.ok(key in json, key);
    const totals =
      "parameters macs otherOps weightBytes fileBytes peakMemoryBytes energyPicojoules latencySeconds unknownRows";
    assert.deepEqual(Object.keys(json.totals), totals.split(" "));
    const keys =
      "index name op kind path inputs outputs parameters macs otherOps weightBytes activationBytes energy latencySeconds notes";
    for (const row of json.layers) for (const key of keys.split(" ")) assert.ok(key in row, key);
  });

  it("writes unknown as null and a symbolic size as text", () => {
    const [dense, , unknown] = json.layers;
    assert.equal(json.schema, 1);
    assert.deepEqual(json.bindings, { batch: 1 });
    assert.equal(json.totals.peakMemoryBytes, null);
    assert.deepEqual([unknown?.macs, unknown?.energy, unknown?.latencySeconds], [null, null, null]);
    assert.deepEqual(unknown?.outputs, [{ name: "y", dtype: "float32", shape: ["boxes", 4] }]);
    assert.deepEqual([dense?.path, dense?.macs, dense?.parameters], ["head", 80, 80]);
    assert.deepEqual(Object.keys(dense?.energy ?? {}), ["arithmetic", "weights", "activations"]);
    assert.deepEqual(json.warnings, ["No rule for Custom: 1 row is missing from the totals."]);
  });

  it("survives a trip through text", () => {
    assert.deepEqual(JSON.parse(JSON.stringify(json)), json);
  });
});

describe("CSV", () => {
  it("has a line of titles with units and a line a layer, with every digit", () => {
    const [titles, dense, , unknown] = profileCsv(SAMPLE).split("\n");
    assert.match(titles ?? "", /^#,Name,Operator,Kind,Module,Output shape,Type,Parameters,MACs,.*Weights \(bytes\),/);
    assert.equal(titles?.split(",").length, COLUMNS.length);
    assert.match(dense ?? "", /^0,\/head\/dense,Gemm,dense,head,1×10,float32,80,80,1,0,320,72,/);
    assert.match(unknown ?? "", /^2,pick,Custom,unknown,,boxes×4,float32,0,unknown,unknown,unknown,0,unknown,/);
  });

  it("quotes what needs it and disarms formulas", () => {
    assert.match(profileCsv(renamed('a,"b"')), /0,"a,""b""",Gemm/);
    assert.match(profileCsv(renamed("=cmd()")), /0,'=cmd\(\),Gemm/);
  });
});

describe("Markdown", () => {
  it("has totals, a table without bookkeeping and the warnings", () => {
    const lines = profileMarkdown(SAMPLE).split("\n");
    assert.equal(lines[0], "# sample.onnx");
    assert.ok(lines.includes("- Peak memory: unknown"));
    assert.ok(lines.includes("- MACs: ≥ 80"));
    assert.ok(lines.includes("- Dimension: batch = 1 (default; x\\[0\\])"));
    assert.ok(lines.some((line) => line.startsWith("| 0 | /head/dense | Gemm | 1×10 | 80 | 80 |")));
    assert.ok(!lines.some((line) => line.includes("/head/Shape")));
    assert.ok(lines.some((line) => line.startsWith("|  | **Total** |  |  | **80** | **≥ 80** |")));
    assert.ok(lines.includes("1 row of shape arithmetic, constants and fused operators is not shown."));
    assert.match(profileMarkdown(SAMPLE, { showAll: true }), /\/head\/Shape/);
  });

  it("shows names as text: no HTML, no cell borders, no line ends", () => {
    const text = profileMarkdown(renamed("<img src=x>|a\nb"));
    assert.match(text, /&lt;img src=x>\\\|a\u{fffd}b/u);
    assert.ok(!text.includes("<img"));
  });
});

describe("The table in a terminal", () => {
  it("has dimensions, rows, totals, unknown rows and warnings", () => {
    const text = profileTable(SAMPLE);
    assert.match(text, /^sample\.onnx, hardware profile flagship-phone$/m);
    assert.match(text, /^Dimension batch = 1 \(default; x\[0\]\)$/m);
    assert.match(text, /^0 {2}\/head\/dense {2}Gemm +1×10 +80 +80 +320 B/m);
    assert.match(text, /^ +Total +80 +≥ 80/m);
    assert.match(text, /^… 1 row of shape arithmetic, constants and fused operators hidden \(--all shows them\)$/m);
    assert.match(text, /^1 row is missing from at least one total, because something about it is unknown\.$/m);
    assert.match(text, /^1 warning:$/m);
    assert.match(profileTable(SAMPLE, { showAll: true }), /\/head\/Shape/);
  });

  it("fits a width by shortening names from their front", () => {
    const name = `/very/${"long/".repeat(30)}end`;
    const lines = profileTable(renamed(name), { width: 120 }).split("\n");
    const table = lines.slice(
      lines.findIndex((line) => line.startsWith("#")),
      7,
    );
    assert.ok(table.length > 2);
    for (const line of table) assert.ok(line.length <= 120, line);
    assert.ok(table.some((line) => /…[^ ]*long\/end/.test(line)));
    assert.ok(profileTable(renamed(name)).includes(name));
  });

  it("gives signs the places that terminals give them", () => {
    for (const sign of "×µ·±−–—…∞≤≥←→你") {
      const [line = ""] = plainTable(
        [
          [sign, "x"],
          ["abc", "x"],
        ],
        [{ align: "left" }, { align: "left" }],
      ).split("\n");
      assert.equal(stringWidth(line), "abc  x".length, sign);
    }
  });

  it("lets no name steer the terminal", () => {
    assert.ok(profileTable(renamed(STEERING)).includes("a\u{fffd}[2Jb\u{fffd}c"));
  });

  it("marks rows that are not counted", () => {
    const layers = SAMPLE.layers.map((row) => ({ ...row, isCounted: row.index !== 0 }));
    assert.match(profileTable({ ...SAMPLE, layers }), /\/head\/dense \(not counted\)/);
  });
});
