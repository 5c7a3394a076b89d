import assert from "node:assert/strict";
import type { Miss } from "../../../../profiler/editing/answer.ts";
import { INITIAL_BUDGETS } from "../../../../profiler/views/budgets.ts";
import { fitTextsOf, layerText } from "../../../../webview/answer/answer-text.ts";
import { budgetOf } from "../../../../webview/editing/fit-points.ts";

describe("The words of the answer", () => {
  it("name a layer by its operator and the end of its path, in whole segments", () => {
    assert.equal(layerText({ name: "/features/features.1/conv/conv.0/Conv", op: "Conv" }), "Conv conv/conv.0");
    assert.equal(layerText({ name: "/Conv", op: "Conv" }), "Conv");
    assert.equal(layerText({ name: "logits", op: "MatMul" }), "MatMul logits");
  });

  it("ask a search for the budget that is missed, where it knows such a goal", () => {
    const texts = (budget: Miss["budget"], total: Miss["total"], most: number) =>
      fitTextsOf({ budget, total, most } as Miss, INITIAL_BUDGETS);
    assert.deepEqual(texts("update", "fileBytes", 5e5), { fileBytes: "500 KB" });
    const rate = texts("rate", "latencySeconds", 1 / 30);
    assert.deepEqual(rate, { latencySeconds: "33.33 ms" });
    assert.deepEqual(budgetOf(rate), { latencySeconds: 0.03333 });
    assert.equal(texts("energyPerHour", "energyPicojoules", 1), null);
  });
});
