import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../install.mjs";
import {
  budgetAmount,
  BUDGETS,
  energyPerHour,
  INITIAL_BUDGETS,
  isBudgetText,
  judge,
  partOfBattery,
} from "../../../profiler/views/budgets.ts";
import { TOTALS } from "../../builders/profile-builder.ts";

describe("A budget", () => {
  it("is kept or not, in words and numbers", () => {
    const cases: readonly (readonly [number | null, boolean, kind: string, part: string, excess: string])[] = [
      [38e6, false, "within", "38.0 %", ""],
      [100e6, false, "within", "100.0 %", ""],
      [120e6, false, "over", "120.0 %", "20.0 MB"],
      [230e6, false, "over", "2.3×", "130 MB"],
      [5.53e12, false, "over", "55,300×", "5.53 TB"],
      [0, false, "within", "0.0 %", ""],
      [38e6, true, "unknown", "38.0 %", ""],
      [230e6, true, "over", "2.3×", "130 MB"],
      [0, true, "unknown", "", ""],
      [40e3, true, "unknown", "", ""],
      [null, false, "unknown", "", ""],
    ];
    for (const [value, isLowerBound, kind, part, excess] of cases) {
      assert.deepEqual(judge(value, 100e6, "bytes", isLowerBound), {
        kind,
        part,
        ratio: part === "" ? 0 : (value ?? 0) / 100e6,
        isAtLeast: isLowerBound && part !== "",
        excess,
      });
    }
  });

  it("is a quantity above 0 in its unit, or none", () => {
    const [download, rate, response] = ["download", "rate", "response"].map((id) => {
      const budget = BUDGETS.find((candidate) => candidate.id === id);
      assert.ok(budget);
      return budget;
    });
    assert.ok(download && rate && response);
    const accepted = (budget: typeof download, texts: readonly string[]): boolean[] =>
      texts.map((text) => isBudgetText(budget, text));
    assert.deepEqual(accepted(download, ["4 MB", "", "4 s", "-1 MB", "0", "much"]), [
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    assert.deepEqual(accepted(rate, ["30", "30 fps", "12.5 /s", "30 MB"]), [true, true, true, false]);
    assert.equal(budgetAmount(response, { ...INITIAL_BUDGETS, response: "100 ms" }), 0.1);
    assert.equal(budgetAmount(response, { ...INITIAL_BUDGETS, response: "" }), null);
    assert.equal(budgetAmount(response, { ...INITIAL_BUDGETS, response: "soon" }), null);
  });

  it("has presets and an initial amount that it accepts", () => {
    for (const budget of BUDGETS) {
      for (const text of [budget.initial, ...budget.presets.map((preset) => preset.text)]) {
        assert.ok(isBudgetText(budget, text), `${budget.id}: ${text}`);
      }
    }
  });

  it("is a setting of the manifest, with the same initial amount", () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      contributes: { configuration: { properties?: Settings } | readonly { properties: Settings }[] };
    };
    const { configuration } = manifest.contributes;
    const settings: Settings = Object.fromEntries(
      [configuration].flat().flatMap(({ properties }) => Object.entries(properties ?? {})),
    );
    const ids = Object.keys(settings).filter((name) => name.startsWith("edgewise.budgets."));
    assert.deepEqual(ids.sort(), BUDGETS.map(({ id }) => `edgewise.budgets.${id}`).sort());
    for (const { id, initial } of BUDGETS) assert.equal(settings[`edgewise.budgets.${id}`]?.default, initial);
  });
});

type Settings = Record<string, { readonly default?: unknown }>;

describe("Energy of an hour", () => {
  it("of a watt is 3.6 kJ, 6.5 % of a phone's battery", () => {
    const hour = energyPerHour({ ...TOTALS, energyPicojoules: 0.05e12 }, 20);
    assert.equal(hour, 3.6e15);
    assert.equal(partOfBattery(hour).toFixed(3), "0.065");
  });
});
