import assert from "node:assert/strict";
import { columnOf } from "../../../profiler/columns.ts";
import { profileCsv } from "../../../profiler/exports/csv.ts";
import { exportProfile } from "../../../profiler/index.ts";
import type { ProfileJson } from "../../../profiler/exports/json.ts";
import { profileMarkdown } from "../../../profiler/exports/markdown.ts";
import { layersTsv } from "../../../profiler/exports/tsv.ts";
import { runCommands } from "../../../profiler/cli/command-line.ts";
import { layerProfile, TOTALS } from "../../builders/profile-builder.ts";
import { SAMPLE } from "./sample-profile.ts";

/** Names that a spreadsheet would compute, the last three with the commands that attacks have been made of. */
const FORMULAS = [
  ...["=", "+", "-", "@", "＝", "＋", "－", "＠"],
  "=1+1",
  "-2+3",
  " =1+1",
  "\t=1+1",
  "\r\n=1+1",
  "=HYPERLINK(0)",
  "-2+3+cmd|' /C calc'!A0",
  "@SUM(1+9)*cmd|' /C calc'!A0",
];

/** What steers a terminal, turns text around, or ends a line. */
const STEERING = [
  "\u{1b}[2J",
  "\u{9b}31m",
  "\u{7}",
  "\u{7f}",
  "\u{202e}x",
  "\u{2066}x",
  "\u{2028}x",
  "\u{61c}x",
  "a\nb",
  "a\rb",
];

const STEERS = /[\u{0}-\u{8}\u{b}-\u{1f}\u{7f}-\u{9f}\u{61c}\u{202a}-\u{202e}\u{2028}\u{2029}\u{2066}-\u{2069}]/u;

/** The sample with one name, as of a stranger's file. */
const named = (name: string): typeof SAMPLE => ({
  ...SAMPLE,
  layers: SAMPLE.layers.slice(0, 1).map((layer) => ({ ...layer, name, op: name, notes: [name] })),
});

describe("Names of a stranger's file", () => {
  const columns = ["name"].flatMap((id) => columnOf(id) ?? []);

  for (const name of FORMULAS) {
    it(`are no formula in a spreadsheet: ${JSON.stringify(name)}`, () => {
      const [, csv = ""] = profileCsv(named(name), { columns }).split("\n");
      const [, tsv = ""] = layersTsv([layerProfile(name)], TOTALS, columns).split("\n");
      for (const cell of [csv, tsv]) assert.doesNotMatch(cell, /^"?\s*[=+\-@＝＋－＠]/);
    });
  }

  it("stay in their cells where semicolons and tabs part them, whatever quotes they hold", () => {
    assert.match(profileCsv(named("x;=1+1"), { columns }), /x;'=1\+1/);
    assert.equal(layersTsv([layerProfile('"a')], TOTALS, columns), 'Name\n"""a"\n');
    assert.equal(layersTsv([layerProfile('b"=1+1')], TOTALS, columns), 'Name\n"b""=1+1"\n');
  });

  it("steer no terminal, whichever way the profile is written", () => {
    for (const name of STEERING) {
      for (const format of ["csv", "json", "markdown", "html"] as const)
        assert.doesNotMatch(exportProfile(named(name), format), STEERS, `${format} of ${JSON.stringify(name)}`);
      assert.doesNotMatch(layersTsv([layerProfile(name)], TOTALS, columns), STEERS);
    }
    assert.equal(
      (JSON.parse(exportProfile(named("\u{9b}31m\u{202e}"), "json")) as ProfileJson).layers[0]?.name,
      "\u{9b}31m\u{202e}",
    );
  });

  it("name nobody and nothing in Markdown", () => {
    const linking = {
      "@octocat": /@octocat/,
      "@org/team": /@org/,
      "see #12": /#12/,
      "GH-12": /GH-12/,
      "!34": /!34/,
      "http://evil.example/x": /:\/\//,
      "www.evil.example": /www\.e/,
      "a@b.example": /@b/,
      "[x](command:y)": /[^\\]\]\(/,
      "![x](http://evil/x.png)": /[^\\]\[x/,
      "<b>": /<b/,
      $x$: /[^\\]\$/,
    };
    for (const [name, link] of Object.entries(linking)) {
      const lines = profileMarkdown(named(name)).split("\n");
      const row = lines.find((line) => line.startsWith("| 0 |")) ?? "";
      assert.doesNotMatch(row, link);
      assert.ok(row.replaceAll(/[\u{2060}\\]/gu, "").includes(name.replaceAll("<", "&lt;")), row);
    }
  });

  it("steer no terminal in what is said on standard error", async () => {
    const said: string[] = [];
    const context = {
      write: () => undefined,
      remark: (text: string) => void said.push(text),
      width: undefined,
      setExitCode: () => undefined,
    };
    const fail = (program: { command: (name: string) => { action: (work: () => never) => unknown } }): void =>
      void program.command("fail").action(() => {
        throw new Error("a\u{1b}[2J\nedgewise: forged\u{9b}31m");
      });
    await runCommands(["fail"], [fail, (_, { remark }) => remark("w\u{1b}[2J")], context);
    assert.deepEqual(said, ["w\u{fffd}[2J", "internal error: a\u{fffd}[2J edgewise: forged\u{fffd}31m"]);
  });
});
