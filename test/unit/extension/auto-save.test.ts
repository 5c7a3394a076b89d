import assert from "node:assert/strict";
import { AutoSave, type AutoSaveMode } from "../../../extension/editor/auto-save.ts";

describe("Auto save", () => {
  it("saves each change by itself once after a delay: again is the user", () => {
    const autoSave = new AutoSave();
    const isAutomatic = (content: unknown): boolean => {
      autoSave.onContent(content);
      return autoSave.isAutomatic("afterDelay", true);
    };
    const [before, after] = [{}, {}];
    assert.deepEqual([after, after, before, before, after].map(isAutomatic), [true, false, true, false, true]);
  });

  for (const mode of ["onFocusChange", "onWindowChange"] satisfies AutoSaveMode[])
    it(`saves what has lost the focus: ${mode}`, () => {
      const autoSave = new AutoSave();
      assert.ok(autoSave.isAutomatic(mode, false));
      assert.ok(!autoSave.isAutomatic(mode, true));
    });

  it("is the user where it is off", () => {
    assert.ok(!new AutoSave().isAutomatic("off", false));
  });
});
