import assert from "node:assert/strict";
import { INITIAL_PICTURES } from "../../../webview/state/pictures.ts";
import { differsInSizesOnly, INITIAL_PREFERENCES, restorePreferences } from "../../../webview/state/preferences.ts";
import { NOTHING_SELECTED } from "../../../webview/state/selection.ts";
import { INITIAL_VIEW, restoreKept, type KeptState } from "../../../webview/state/view-state.ts";

describe("The page's kept state", () => {
  it("comes back as it was", () => {
    const kept: KeptState = {
      view: {
        ...INITIAL_VIEW,
        sort: { column: "macs", isDescending: true },
        filter: "conv",
        layout: "flat",
        expansion: { "features/stem": false, "fold:#3": true },
        filteredExpansion: { features: false },
        showsWarnings: true,
        selection: { active: "#4", anchor: "#2", lines: ["#2", "#3", "#4", "features"] },
      },
      pictures: { ...INITIAL_PICTURES, tab: "charts", showsCards: false },
      scrollTop: 4400,
    };
    assert.deepEqual(restoreKept(JSON.parse(JSON.stringify(kept))), kept);
  });

  it("starts anew where there is none, or one that makes no sense", () => {
    for (const kept of [undefined, null, 7, {}, { view: null, scrollTop: -1 }]) {
      assert.deepEqual(restoreKept(kept), { view: INITIAL_VIEW, pictures: INITIAL_PICTURES, scrollTop: 0 });
    }
  });

  it("keeps what makes sense beside what does not", () => {
    const { view } = restoreKept({
      view: {
        ...INITIAL_VIEW,
        sort: "macs",
        filter: "conv",
        layout: "cube",
        expansion: { a: true, b: "yes" },
        selection: { active: 7, lines: ["#1", 2] },
      },
    });
    const selection = { ...NOTHING_SELECTED, lines: ["#1"] };
    assert.deepEqual(view, { ...INITIAL_VIEW, filter: "conv", expansion: { a: true }, selection });
  });
});

describe("The page's kept preferences", () => {
  it("tell what a drag changes from what is chosen", () => {
    const details = { ...INITIAL_PREFERENCES.details, width: 300 };
    const dragged = { ...INITIAL_PREFERENCES, widths: { name: 120 }, details };
    assert.ok(differsInSizesOnly(INITIAL_PREFERENCES, dragged));
    assert.ok(!differsInSizesOnly(INITIAL_PREFERENCES, { ...dragged, columns: ["name"] }));
    assert.ok(!differsInSizesOnly(INITIAL_PREFERENCES, { ...dragged, details: { ...details, isOpen: false } }));
  });

  it("come back as they were", () => {
    const kept = {
      columns: ["name", "macs"],
      widths: { name: 240 },
      details: { isOpen: false, width: 300, height: 200 },
    };
    assert.deepEqual(restorePreferences(JSON.parse(JSON.stringify(kept))), kept);
  });

  it("are the usual ones where they make no sense", () => {
    for (const kept of [undefined, null, 7, { columns: "name", widths: 3, details: [] }]) {
      assert.deepEqual(restorePreferences(kept), INITIAL_PREFERENCES);
    }
    const { columns, widths } = restorePreferences({ columns: ["name", 7], widths: { name: 200, op: "x" } });
    assert.deepEqual([columns, widths], [null, { name: 200 }]);
  });
});
