import assert from "node:assert/strict";
import {
  checkFacts,
  formatError,
  samplesText,
  triedText,
  worstOutput,
} from "../../../../webview/editing/check-text.ts";
import { differencesFrom } from "../../../../webview/editing/differences.ts";
import {
  budgetOf,
  budgetText,
  textsOf,
  FIT_AXES,
  FIT_GOALS,
  frontOf,
  limitOnChart,
  goalAmount,
} from "../../../../webview/editing/fit-points.ts";
import { formatSaved, savingsOf } from "../../../../webview/editing/savings.ts";
import type { FitPoint } from "../../../../profiler/editing/fit/fit-point.ts";
import type { Difference } from "../../../../profiler/runtime/difference.ts";
import { layerRow, TOTALS } from "../profiles.ts";

const DIFFERENCE: Difference = {
  elements: 5120,
  alikeNonFinite: 0,
  unlikeNonFinite: 0,
  isIdentical: false,
  maxRelative: 0.02,
  maxAbsolute: 0.4,
  rms: 0.01,
  snr: 31.25,
  cosine: 0.9991,
  top1: { samples: 512, agreement: 0.998, expectedAgreement: 0.997, accuracy: { a: 0.99, b: 0.985 } },
};

const { top1: _, ...WITHOUT_CLASSES } = DIFFERENCE;

const FIT_POINT: Omit<FitPoint, "totals"> = {
  edits: [],
  downloadBytes: null,
  error: null,
  maxRelative: null,
  agreement: null,
  accuracy: null,
  expectedAccuracy: null,
  verdict: null,
  isWithinBudget: false,
  excess: null,
};

describe("What Try measured, beside an edit", () => {
  const samples = { count: 512, description: "digits.npy", isRandom: false, hasLabels: true };
  const about = { samples, unmatched: [], doubts: [] };

  it("is in short how right the answers are, with all figures and the samples in the tip", () => {
    const tried = triedText({ ...about, outputs: [{ name: "y", difference: DIFFERENCE, reason: null }] });
    assert.equal(tried?.text, "Accuracy 99.0 % → 98.5 %, Same class 99.8 %, Signal to noise 31.3 dB");
    assert.match(tried.tip, /Largest error: 2\.00? %[^]*Measured on 512 samples: digits\.npy/);
  });

  it("is nothing where no output could be compared", () => {
    assert.equal(triedText({ ...about, outputs: [{ name: "y", difference: null, reason: "text" }] }), null);
  });
});

describe("Savings", () => {
  it("are parts of the model's totals and amounts", () => {
    const after = { ...TOTALS, parameters: 250, latencySeconds: 2e-3, peakMemoryBytes: null };
    const saves = {
      parameters: 0.75,
      macs: 0,
      weightBytes: 0,
      peakMemoryBytes: null,
      energyPicojoules: 0,
      latencySeconds: -1,
    };
    const [parameters, macs, , peak, , latency] = savingsOf(TOTALS, after, saves);
    assert.deepEqual([parameters?.share, parameters?.amount, parameters?.tone], ["−75.0 %", "−750", "less"]);
    assert.equal(parameters?.exact, "1,000 elements → 250 elements");
    assert.deepEqual([macs?.share, macs?.tone], ["0 %", "same"]);
    assert.deepEqual([peak?.share, peak?.amount], ["unknown", "unknown"]);
    assert.deepEqual([latency?.share, latency?.amount, latency?.tone], ["+100.0 %", "+1.00 ms", "more"]);
    assert.equal(formatSaved(0), "0 %");
  });
});

describe("A measured error", () => {
  it("is told by its facts, accuracy first where there are labels", () => {
    const facts = checkFacts(DIFFERENCE);
    assert.deepEqual(
      facts.map(({ id, value }) => `${id} ${value}`),
      ["accuracy 99.0 % → 98.5 %", "agreement 99.8 %", "error 2.0 %", "snr 31.3 dB", "cosine 0.99910"],
    );
  });

  it("is none where nothing differs, and not finite where a number is not", () => {
    const same = checkFacts({ ...WITHOUT_CLASSES, isIdentical: true, snr: null });
    assert.deepEqual(
      same.map(({ id }) => id),
      ["identical"],
    );
    const broken = checkFacts({ ...WITHOUT_CLASSES, maxRelative: null, snr: null });
    assert.equal(broken.find(({ id }) => id === "error")?.value, "not finite");
  });

  it("says which elements are no numbers in either model, and nothing else where none is", () => {
    const none = checkFacts({ ...WITHOUT_CLASSES, isIdentical: true, alikeNonFinite: 5120 });
    assert.deepEqual(
      none.map(({ id }) => id),
      ["not-finite"],
    );
    const some = checkFacts({ ...WITHOUT_CLASSES, alikeNonFinite: 2 });
    assert.equal(some.at(-1)?.value, "2 of 5,120 elements");
  });

  it("of several outputs is that of the worst", () => {
    const outputs = [0.1, null, 0.02].map((maxRelative, index) => ({
      name: `y${index}`,
      difference: { ...DIFFERENCE, maxRelative },
      reason: null,
    }));
    const samples = { count: 1, description: "", isRandom: true, hasLabels: false };
    assert.equal(worstOutput({ samples, outputs, unmatched: [], doubts: [] })?.maxRelative, null);
    assert.equal(worstOutput({ samples, outputs: outputs.slice(2), unmatched: [], doubts: [] })?.maxRelative, 0.02);
  });

  it("reads as a share, or as a power where a share says nothing", () => {
    assert.equal(formatError(0.0213), "2.1 %");
    assert.equal(formatError(2.4e-7), "2.4e-7");
    assert.equal(formatError(0), "0");
  });
});

describe("A budget to fit", () => {
  const goal = (id: string): (typeof FIT_GOALS)[number] => {
    const found = FIT_GOALS.find((candidate) => candidate.id === id);
    if (!found) throw new Error(`no goal ${id}`);
    return found;
  };

  it("is what the fields say, and none while one makes no sense or all are empty", () => {
    assert.deepEqual(budgetOf({ fileBytes: "500 KB", lowestAccuracy: "98 %" }), {
      fileBytes: 500_000,
      lowestAccuracy: 0.98,
    });
    assert.equal(budgetOf({ fileBytes: "" }), null);
    assert.equal(budgetOf({ fileBytes: "500 KB", macs: "many" }), null);
  });

  it("bounds what the search can keep: a download where weights are compressed, MACs where layers change", () => {
    const texts = { fileBytes: "42 KB", downloadBytes: "36 KB", macs: "1 M" };
    assert.deepEqual(budgetOf(texts, "weights"), { fileBytes: 42_000, downloadBytes: 36_000 });
    assert.deepEqual(budgetOf(texts, "layers"), { fileBytes: 42_000, macs: 1_000_000 });
    assert.equal(budgetOf({ macs: "1 M" }, "weights"), null);
    assert.match(budgetText({ downloadBytes: 36_000 }), /Download, compressed ≤ 36\.0 KB/);
  });

  it("is said in the words of the totals", () => {
    assert.equal(budgetText({ lowestAccuracy: 0.98, parameters: 15_000 }), "Parameters ≤ 15.0 k, Accuracy ≥ 98.0 %");
  });

  it("comes back as texts that ask for the same", () => {
    const budget = { lowestAccuracy: 0.98, parameters: 15_000, latencySeconds: 0.004 };
    assert.deepEqual(budgetOf(textsOf(budget)), budget);
  });

  it("knows an accuracy by its range", () => {
    assert.ok(Number.isNaN(goalAmount(goal("lowestAccuracy"), "98")));
    assert.ok(Number.isNaN(goalAmount(goal("macs"), "0")));
    assert.equal(goalAmount(goal("macs"), undefined), undefined);
  });
});

describe("The front of a search", () => {
  const size = FIT_AXES.find(({ id }) => id === "peakMemoryBytes");
  const point = (peakMemoryBytes: number | null, maxRelative: number | null, accuracy: number | null = null) => ({
    ...FIT_POINT,
    totals: { ...TOTALS, peakMemoryBytes },
    maxRelative,
    accuracy,
  });

  it("is what no other point beats, from the cheapest on", () => {
    assert.ok(size);
    const points = [point(100, 0), point(50, 0.2), point(60, 0.3), point(70, 0.1), point(50, 0.4)];
    assert.deepEqual(frontOf(points, size), [1, 3, 0]);
  });

  it("goes by accuracy where there are labels, and leaves out what is not known", () => {
    assert.ok(size);
    const points = [point(100, 0, 0.9), point(50, 0.2, 0.95), point(null, 0, 1), point(40, null)];
    assert.deepEqual(frontOf(points, size), [1]);
  });
});

describe("The budget on the curve of a search", () => {
  const macs = FIT_AXES.find(({ id }) => id === "macs");
  const points = [8e6, 2e6].map((cost): FitPoint => ({ ...FIT_POINT, totals: { ...TOTALS, macs: cost } }));

  it("is drawn among the points and near them, not where it would squeeze them", () => {
    assert.ok(macs);
    assert.equal(limitOnChart({ macs: 4e6 }, macs, points), 4e6);
    assert.equal(limitOnChart({ macs: 10e6 }, macs, points), 10e6);
    assert.equal(limitOnChart({ macs: 600e6 }, macs, points), undefined);
    assert.equal(limitOnChart({ parameters: 5 }, macs, points), undefined);
  });
});

describe("Samples that errors were measured on", () => {
  it("are counted, synthetic or not", () => {
    const note = { description: "seeded random (seed 0)", isRandom: true, hasLabels: false };
    assert.match(samplesText({ ...note, count: 16 }), /^Measured on 16 samples, seeded random \(seed 0\): /);
    assert.match(samplesText({ ...note, count: 1 }), /^Measured on 1 sample, seeded random/);
    assert.equal(
      samplesText({ count: 512, description: "digits.npy", isRandom: false, hasLabels: true }),
      "Measured on 512 samples: digits.npy.",
    );
  });
});

describe("Differences from the file", () => {
  it("name rows that changed, are new, or are gone", () => {
    const base = [layerRow(0), layerRow(1), layerRow(2, { op: "BatchNormalization", name: "/bn" })];
    const now = [
      layerRow(0),
      layerRow(1, { parameters: 288 }),
      layerRow(2, { op: "Reshape", name: "/reshape", parameters: 0 }),
    ];
    const { rows, removed } = differencesFrom({ layers: base, totals: TOTALS }, { layers: now, totals: TOTALS });
    assert.deepEqual(
      [...rows].map(([index, { change }]) => [index, change]),
      [
        [1, "changed"],
        [2, "added"],
      ],
    );
    assert.equal(rows.get(1)?.values.get("parameters")?.absolute, -288);
    assert.deepEqual(
      removed.map(({ name }) => name),
      ["/bn"],
    );
  });
});
