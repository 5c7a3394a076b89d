import assert from "node:assert/strict";
import { Echoes } from "../../../extension/listing/echoes.ts";

describe("Echoes of a selection", () => {
  it("are told from choices of the page's own, also where only the last is answered", () => {
    const echoes = new Echoes();
    const page = {};
    assert.equal(echoes.take(page, 3), false);
    for (const row of [1, 2, 3]) echoes.expect(page, row);
    assert.equal(echoes.take(page, 2), true);
    assert.equal(echoes.take(page, 1), false, "settled with the later one");
    assert.equal(echoes.take(page, 3), false, "after a choice of the page's own nothing is expected");
    assert.equal(echoes.last(page), undefined);
    for (const row of [5, 4]) echoes.expect(page, row);
    assert.equal(echoes.take(page, 5), true);
    assert.equal(echoes.last(page), 4, "the page is on its way there, and has to be asked for 5 once more");
    assert.equal(echoes.take({}, 4), false, "another page");
    assert.equal(echoes.take(page, 4), true);
    assert.equal(echoes.take(page, 4), false, "a click on the same row later is no echo");
  });
});
