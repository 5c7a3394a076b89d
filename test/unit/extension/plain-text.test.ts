import assert from "node:assert/strict";
import { plainText } from "../../../extension/dialogs/plain-text.ts";

/** How VS Code finds links in messages and prompts, and icons in labels (vs/base/common/linkedText.ts, iconLabels.ts). */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
const ICON = /\$\([a-z0-9-]+(?:~[a-z]+)?\)/i;

describe("Text in messages of VS Code", () => {
  for (const text of [
    "[x](command:workbench.action.terminal.new)",
    '[Retry](https://evil.example "ok")',
    "]](command:x) [a](file:///etc)",
    "$(warning) x",
    "$$(sync~spin)",
    "\\$(bug)",
  ]) {
    it(`is no link and no icon: ${text}`, () => {
      assert.ok(LINK.test(text) || ICON.test(text));
      const shown = plainText(text);
      assert.doesNotMatch(shown, LINK);
      assert.doesNotMatch(shown, ICON);
      assert.equal(shown.replaceAll("\u{2060}", ""), text);
    });
  }

  it("is one line without what turns it around, and no longer than is read", () => {
    assert.equal(plainText("a\r\n\tb\u{202e}c\u{1b}"), "a b\u{fffd}c\u{fffd}");
    assert.ok(plainText("x".repeat(1e6)).length <= 1000);
  });

  it("stays as it is where there is nothing to disarm", () => {
    assert.equal(plainText("conv [1, 3] (first) costs 5 $"), "conv [1, 3] (first) costs 5 $");
  });
});
