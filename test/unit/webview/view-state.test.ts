import assert from "node:assert/strict";
import { INITIAL_VIEW, restoreKept, type KeptState } from "../../../webview/state/view-state.ts";

describe("The page's kept state", () => {
  it("comes back as it was", () => {
    const kept: KeptState = {
      view: {
        sort: { column: "macs", isDescending: true },
        filter: "conv",
        showsFolded: true,
        showsWarnings: true,
        selected: 12,
        widths: { name: 240 },
      },
      scrollTop: 4400,
    };
    assert.deepEqual(restoreKept(JSON.parse(JSON.stringify(kept))), kept);
  });

  it("starts anew where there is none, or one that makes no sense", () => {
    for (const kept of [undefined, null, 7, {}, { view: null, scrollTop: -1 }]) {
      assert.deepEqual(restoreKept(kept), { view: INITIAL_VIEW, scrollTop: 0 });
    }
  });

  it("keeps what makes sense beside what does not", () => {
    const { view } = restoreKept({
      view: { sort: "macs", filter: "conv", selected: 1.5, widths: { name: 200, op: "x" } },
    });
    assert.deepEqual(view, { ...INITIAL_VIEW, filter: "conv", widths: { name: 200 } });
  });
});
