import assert from "node:assert/strict";
import type { Edit } from "../../../../profiler/editing/edit.ts";
import type { OptionSpec } from "../../../../profiler/restructure/options.ts";
import { moved, rewritten, switched, without } from "../../../../webview/editing/edit-list.ts";
import { optionValue, parseOption, sliderRange, withOption } from "../../../../webview/editing/option-values.ts";
import {
  conflictingWith,
  editKey,
  INITIAL_SUGGESTION_VIEW,
  isSmall,
  kindsOf,
  positionsOf,
  ranked,
  shownAbsences,
  shownSuggestions,
  suggestionsByRow,
  withFound,
} from "../../../../webview/editing/suggestion-list.ts";
import type { DocumentEdit, ListedSuggestion } from "../../../../webview/protocol/editing.ts";
import { TOTALS } from "../profiles.ts";

const RANK: OptionSpec = { id: "rank", title: "Rank", description: "", type: "integer", minimum: 1, maximum: 64 };
const LOW_RANK: Edit = { restructuring: "dense-low-rank", target: "fc6", options: { rank: 16 } };

function suggestion(target: string, fields: Partial<ListedSuggestion> = {}): ListedSuggestion {
  return {
    edit: { ...LOW_RANK, target },
    title: "Low rank",
    why: "",
    guarantee: "approximate",
    after: TOTALS,
    saves: { parameters: 0, macs: 0, weightBytes: 0, peakMemoryBytes: 0, energyPicojoules: 0, latencySeconds: 0 },
    score: 0,
    conflicts: [],
    label: `Low rank ${target}`,
    summary: "",
    literature: [],
    options: [RANK],
    rows: [],
    ...fields,
  } as ListedSuggestion;
}

describe("The list of suggestions", () => {
  const saving = (macs: number): Pick<ListedSuggestion, "saves"> => ({ saves: { ...suggestion("").saves, macs } });
  const list = [
    suggestion("a", { rows: [1, 2], conflicts: [2], ...saving(0.1) }),
    suggestion("b", { guarantee: "exact", rows: [3], ...saving(0.4) }),
    suggestion("c", { rows: [2], conflicts: [0], ...saving(0.2) }),
  ];
  const targets = (view: Partial<typeof INITIAL_SUGGESTION_VIEW>, rows: readonly number[] = []): string =>
    shownSuggestions(list, { ...INITIAL_SUGGESTION_VIEW, ...view }, new Set(rows))
      .map((placed) => placed.suggestion.edit.target)
      .join("");

  it("is ranked by the engine, or by what is saved of a total", () => {
    assert.equal(targets({}), "abc");
    assert.equal(targets({ order: "macs" }), "bca");
  });

  it("tells of selected rows alone why edits are not offered there, where those are asked for", () => {
    const absence = { restructuring: "separable", title: "Separable", reason: "", layers: ["a"], rows: [1] };
    const model = { ...absence, rows: [] };
    assert.deepEqual(shownAbsences([absence, model], null), [absence, model]);
    assert.deepEqual(shownAbsences([absence, model], new Set([1, 2])), [absence]);
    assert.deepEqual(shownAbsences([absence, model], new Set([2])), []);
  });

  it("is narrowed to a guarantee and to selected rows", () => {
    assert.equal(targets({ guarantee: "exact" }), "b");
    assert.equal(targets({ isForSelection: true }, [2]), "ac");
    assert.equal(targets({ isForSelection: true }), "");
  });

  it("leaves chosen what was chosen when it is ranked anew", () => {
    const keys = new Set(["a", "c"].map((target) => editKey(suggestion(target).edit)));
    assert.deepEqual([...positionsOf(keys, list)], [0, 2]);
    const anew = [list[2], list[1], suggestion("d"), list[0]].flatMap((one) => one ?? []);
    assert.deepEqual([...positionsOf(keys, anew)], [0, 3]);
    assert.deepEqual([...positionsOf(keys, [suggestion("b")])], []);
  });

  it("is grouped by kind, in the order of the best of each", () => {
    const kind = (restructuring: string, target: string): ListedSuggestion =>
      suggestion(target, { edit: { restructuring, target, options: {} }, title: restructuring });
    const mixed = [kind("fold", "a"), kind("rank", "b"), kind("fold", "c"), kind("rank", "d")];
    const kinds = kindsOf(shownSuggestions(mixed, INITIAL_SUGGESTION_VIEW, new Set()));
    assert.deepEqual(
      kinds.map(({ title, members }) => [title, members.map(({ position }) => position)]),
      [
        ["fold", [0, 2]],
        ["rank", [1, 3]],
      ],
    );
  });

  it("folds away what saves less than 1 % of every total, also where it costs or nothing is known", () => {
    assert.equal(isSmall(suggestion("a", saving(0.0099))), true);
    assert.equal(isSmall(suggestion("a", saving(0.01))), false);
    assert.equal(isSmall(suggestion("a", saving(-0.5))), true);
    assert.equal(isSmall({ saves: { ...suggestion("").saves, macs: null } }), true);
  });

  it("takes what is found as it comes, each once, and starts anew for another revision", () => {
    const part = (revision: number, ...found: readonly ListedSuggestion[]) => ({
      revision,
      before: TOTALS,
      list: found,
    });
    const first = withFound(null, part(1, suggestion("a", { score: 0.1 })));
    const both = withFound(first, part(1, suggestion("a"), suggestion("b", { score: 0.2 })));
    assert.deepEqual(
      ranked(both.list).map(({ edit }) => edit.target),
      ["b", "a"],
    );
    assert.equal(withFound(both, part(2, suggestion("c"))).list.length, 1);
  });

  it("counts suggestions by row, and knows what conflicts with what is chosen", () => {
    assert.deepEqual(
      [...suggestionsByRow(list)],
      [
        [1, 1],
        [2, 2],
        [3, 1],
      ],
    );
    assert.equal(
      suggestionsByRow([suggestion("", { rows: [1, 2] })]).size,
      0,
      "one for the whole model is about no row",
    );
    assert.deepEqual([...conflictingWith(new Set([0]), list)], [[2, list[0]]]);
    assert.equal(conflictingWith(new Set([1]), list).size, 0);
  });
});

describe("The list of edits", () => {
  const edits: readonly DocumentEdit[] = ["a", "b", "c"].map((target, id) => ({
    id,
    edit: { ...LOW_RANK, target },
    label: `Low rank ${target}`,
    isOn: true,
    options: [RANK],
  }));
  const order = (list: readonly { readonly edit: Edit }[]): string => list.map(({ edit }) => edit.target).join("");

  it("is changed as a whole: switched, taken out, moved, rewritten", () => {
    assert.deepEqual(
      switched(edits, 1, false).map(({ isOn }) => isOn),
      [true, false, true],
    );
    assert.equal(order(without(edits, 1)), "ac");
    assert.equal(order(moved(edits, 2, -1)), "acb");
    assert.equal(order(moved(edits, 0, 1)), "bac");
    assert.deepEqual(rewritten(edits, 0, { ...LOW_RANK, options: {} })[0]?.edit.options, {});
    assert.deepEqual(
      moved(edits, 2, -1).map(({ id }) => id),
      [0, 2, 1],
    );
  });

  it("stays as it is beyond its ends", () => {
    assert.equal(order(moved(edits, 0, -1)), "abc");
    assert.equal(order(moved(edits, 2, 1)), "abc");
    assert.equal(order(moved(edits, 7, 1)), "abc");
  });
});

describe("An option of an edit", () => {
  it("has the edit's value, else its default", () => {
    assert.equal(optionValue(LOW_RANK, RANK), 16);
    assert.equal(optionValue({ ...LOW_RANK, options: {} }, { ...RANK, default: 8 }), 8);
    assert.deepEqual(withOption(LOW_RANK, "rank", 4).options, { rank: 4 });
    assert.deepEqual(withOption(LOW_RANK, "rank", undefined).options, {});
  });

  it("is parsed within its bounds", () => {
    assert.equal(parseOption(" 12 ", RANK), 12);
    assert.equal(parseOption("", RANK), undefined);
    for (const text of ["1.5", "0", "65", "x"]) assert.ok(Number.isNaN(parseOption(text, RANK)), text);
    assert.equal(parseOption("0,5", { ...RANK, type: "number", minimum: 0, maximum: 1 }), 0.5);
  });

  it("has a slider where it has both ends", () => {
    assert.deepEqual(sliderRange(RANK), { min: 1, max: 64, step: 1 });
    assert.equal(sliderRange({ id: "r", title: "", description: "", type: "number", minimum: 0 }), undefined);
  });
});
