import assert from "node:assert/strict";
import { isText } from "../../../../extension/source-control/is-text.ts";
import { longChain } from "../../../vscode/ui/models.ts";

describe("Telling models from text", () => {
  it("knows text by its characters, whole or cut in one", () => {
    const text = new TextEncoder().encode("version https://git-lfs\r\n\tgrün\n");
    for (let length = 0; length <= text.length; length++) assert.equal(isText(text.subarray(0, length)), true);
  });

  it("takes no model for text, one without a NUL included", () => {
    const model = longChain(10);
    assert.equal(model.includes(0), false);
    assert.equal(isText(model), false);
    assert.equal(isText(new Uint8Array([0xff, 0xfe])), false);
  });
});
