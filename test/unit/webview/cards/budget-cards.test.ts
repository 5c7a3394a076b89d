import assert from "node:assert/strict";
import type { Totals } from "../../../../profiler/profile.ts";
import { INITIAL_BUDGETS, type BudgetTexts } from "../../../../profiler/views/budgets.ts";
import { budgetCards, lineText, worstVerdict, type BudgetCard } from "../../../../webview/cards/budget-cards.ts";
import { TOTALS } from "../../../builders/profile-builder.ts";

const ALEXNET: Totals = {
  ...TOTALS,
  parameters: 61e6,
  macs: 724e6,
  fileBytes: 244e6,
  peakMemoryBytes: 1.78e6,
  energyPicojoules: 44.6e9,
  latencySeconds: 8.45e-3,
};

function card(
  id: keyof Totals,
  changes: Partial<BudgetTexts> = {},
  totals = ALEXNET,
  isLowerBound = false,
): BudgetCard {
  const incomplete = new Set<keyof Totals>(isLowerBound ? [id] : []);
  const found = budgetCards(totals, incomplete, { ...INITIAL_BUDGETS, ...changes }).find(
    ({ total }) => total.id === id,
  );
  assert.ok(found);
  return found;
}

const texts = ({ lines }: BudgetCard): readonly string[] => lines.map(lineText);

describe("A card of budgets", () => {
  it("says how far over or under in words and numbers", () => {
    assert.deepEqual(texts(card("fileBytes")), [
      "144 MB over the 100 MB download limit",
      "244 MB over the 500 KB update limit",
    ]);
    assert.deepEqual(texts(card("peakMemoryBytes")), ["0.7 % of 256 MB"]);
    assert.deepEqual(texts(card("macs")), ["124 M MACs over the 600 M limit"]);
  });

  it("says which rates the latency allows, and what they leave of it", () => {
    const latency = card("latencySeconds");
    assert.equal(latency.remark, "118 fps");
    assert.deepEqual(texts(latency), ["25.4 % of the time at 30 fps", "8.4 % of 0.1 s response"]);
    assert.equal(texts(card("latencySeconds", { rate: "240 fps" }))[0], "118 fps, misses 240 by 4.3 ms");
    const slow = { ...ALEXNET, latencySeconds: 1 / 29.3 };
    assert.equal(texts(card("latencySeconds", {}, slow))[0], "29.3 fps, misses 30 by 0.8 ms");
    assert.equal(texts(card("latencySeconds", {}, slow, true))[0], "at most 29.3 fps, misses 30 by at least 0.8 ms");
    assert.equal(
      texts(card("latencySeconds", {}, { ...ALEXNET, latencySeconds: 2 }))[0],
      "0.500 fps, misses 30 by 1.97 s",
    );
  });

  it("turns energy into that of an hour at the rate, and into a battery", () => {
    const energy = card("energyPicojoules", { rate: "1" });
    assert.equal(energy.remark, "161 J an hour at 1 fps, 0.3 % of a phone’s battery");
    assert.deepEqual(texts(energy), ["5.8 % of 2.77 kJ an hour"]);
    assert.equal(card("energyPicojoules", { rate: "" }).remark, null);
  });

  it("takes an empty budget for none, and one without sense as it stands", () => {
    const [line] = card("macs", { macs: "" }).lines;
    assert.equal(line?.verdict, null);
    assert.deepEqual(texts(card("macs", { macs: "" })), ["no budget"]);
    assert.deepEqual(texts(card("macs", { macs: "many" })), ["many"]);
  });

  it("knows the worst of several verdicts", () => {
    const update = { ...ALEXNET, fileBytes: 600_000 };
    assert.equal(worstVerdict(card("fileBytes", {}, update).lines)?.kind, "over");
    const both = { ...ALEXNET, fileBytes: 115e6 };
    assert.equal(worstVerdict(card("fileBytes", {}, both).lines)?.part, "230×", "of two that are over, the farther");
    assert.equal(worstVerdict(card("latencySeconds").lines)?.kind, "within");
    assert.equal(worstVerdict(card("parameters").lines), undefined);
  });

  it("does not call a lower bound within its budget", () => {
    const [line] = card("peakMemoryBytes", {}, ALEXNET, true).lines;
    assert.equal(line?.verdict?.kind, "unknown");
    assert.equal(card("latencySeconds", {}, ALEXNET, true).remark, "at most 118 fps");
    assert.equal(
      card("energyPicojoules", { rate: "1" }, ALEXNET, true).remark,
      "≥ 161 J an hour at 1 fps, at least 0.3 % of a phone’s battery",
    );
    assert.deepEqual(texts(card("macs", {}, ALEXNET, true)), ["at least 124 M MACs over the 600 M limit"]);
    assert.deepEqual(texts(card("peakMemoryBytes", {}, { ...ALEXNET, peakMemoryBytes: null })), [
      "unknown against 256 MB",
    ]);
  });
});
