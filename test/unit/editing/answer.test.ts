import assert from "node:assert/strict";
import { answerOf, type Answer, type MeetingEdit } from "../../../profiler/editing/answer.ts";
import { movedOnChip } from "../../../profiler/editing/suggestion.ts";
import type { Totals } from "../../../profiler/profile.ts";
import { INITIAL_BUDGETS, type BudgetTexts } from "../../../profiler/views/budgets.ts";
import { layerRow, TOTALS } from "../webview/profiles.ts";

const NO_BUDGETS = Object.fromEntries(Object.keys(INITIAL_BUDGETS).map((id) => [id, ""])) as BudgetTexts;

/** Ten convolutions that are alike, and a classifier with most of the weights. */
const LAYERS = [
  ...Array.from({ length: 10 }, (_, index) => layerRow(index, { weightBytes: 100, latencySeconds: 1e-3 })),
  layerRow(10, {
    name: "/classifier/Gemm",
    op: "Gemm",
    kind: "dense",
    weightBytes: 3000,
    latencySeconds: 1e-3,
    energy: { arithmetic: 0, weights: 50, activations: 0 },
  }),
];

function answer(budgets: Partial<BudgetTexts>, totals: Partial<Totals> = {}, edits?: readonly MeetingEdit[]): Answer {
  return answerOf({
    layers: LAYERS,
    totals: { ...TOTALS, ...totals },
    incomplete: new Set(),
    budgets: { ...NO_BUDGETS, ...budgets },
    suggestions: edits,
  });
}

function edit(restructuring: string, guarantee: MeetingEdit["guarantee"], after: Partial<Totals>): MeetingEdit {
  return {
    edit: { restructuring, target: "", options: {} },
    title: restructuring,
    guarantee,
    after: { ...TOTALS, ...after },
    score: 0.1,
  };
}

describe("The answer of a profile", () => {
  it("names a layer that has a lot alone, and else the kind that has most, each once", () => {
    const { dominants } = answer({});
    assert.deepEqual(
      dominants.map(({ kind, isLayer, layer, parts }) => [kind, isLayer, layer.index, parts.map(({ of }) => of)]),
      [
        ["dense", true, 10, ["weightBytes", "energyPicojoules"]],
        ["conv", false, 0, ["latencySeconds"]],
      ],
    );
    assert.equal(dominants[0]?.parts[0]?.share, 0.75);
    assert.equal(dominants[1]?.parts[0]?.share.toFixed(3), (10 / 11).toFixed(3));
  });

  it("counts no row that is in no total", () => {
    const { dominants } = answerOf({
      layers: [...LAYERS, layerRow(11, { weightBytes: 1e9, isCounted: false })],
      totals: TOTALS,
      incomplete: new Set(),
      budgets: NO_BUDGETS,
      suggestions: undefined,
    });
    assert.equal(dominants[0]?.layer.index, 10);
  });

  it("tells of each total the tightest budget that is missed, with what is left to one inference", () => {
    const { misses, isWithinAll } = answer({ download: "4 KB", update: "1 KB", rate: "2000", response: "10 s" });
    assert.deepEqual(
      misses.map(({ budget, total, most }) => [budget, total, most]),
      [
        ["update", "fileBytes", 1000],
        ["rate", "latencySeconds", 1 / 2000],
      ],
    );
    assert.equal(isWithinAll, false);
  });

  it("shares energy an hour among the inferences of an hour", () => {
    const energy = { energyPicojoules: 1e12 };
    const [miss] = answer({ energyPerHour: "3.6 kJ", rate: "2" }, { ...energy, latencySeconds: 0.1 }).misses;
    assert.deepEqual([miss?.budget, miss?.most], ["energyPerHour", 0.5e12]);
    assert.equal(answer({ energyPerHour: "3.6 kJ" }, energy).misses.length, 0, "no rate, no verdict");
  });

  it("is within every budget only where one is set and nothing is unknown", () => {
    assert.equal(answer({}).isWithinAll, false);
    assert.equal(answer({ macs: "2 M" }).isWithinAll, true);
    assert.equal(answer({ macs: "2 M", peakMemory: "1 MB" }, { peakMemoryBytes: null }).isWithinAll, false);
  });

  it("names the mildest edit of the strongest guarantee that meets a budget", () => {
    const met = (edits: readonly MeetingEdit[] | undefined) => answer({ update: "2 KB" }, {}, edits).misses[0]?.edit;
    const edits = [
      edit("train", "needs training", { fileBytes: 1999 }),
      edit("hard", "approximate", { fileBytes: 100 }),
      edit("mild", "approximate", { fileBytes: 2000 }),
      edit("little", "exact", { fileBytes: 2001 }),
    ];
    const meeting = met(edits);
    assert.ok(meeting);
    assert.equal(meeting.title, "mild");
    assert.equal(met([edit("little", "exact", { fileBytes: 2001 })]), null);
    const forElse = { ...edit("equalize", "exact", { fileBytes: 1999 }), score: 0 };
    assert.equal(met([forElse]), null, "what is for something else is no answer");
    assert.equal(met(undefined), undefined, "nobody has looked");
  });
});

describe("On-chip memory", () => {
  it("is what an edit crosses into, of weights and of activations", () => {
    const before = { ...TOTALS, weightBytes: 2000, peakMemoryBytes: 2000 };
    const moved = (weightBytes: number, peakMemoryBytes: number | null) =>
      movedOnChip(before, { ...before, weightBytes, peakMemoryBytes }, { onChipBytes: 1000 });
    assert.deepEqual(moved(1000, 1000), ["weights", "activations"]);
    assert.deepEqual(moved(1001, null), []);
    assert.deepEqual(
      movedOnChip({ ...before, weightBytes: 900 }, { ...before, weightBytes: 1 }, { onChipBytes: 1000 }),
      [],
    );
  });
});
