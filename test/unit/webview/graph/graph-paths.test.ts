import assert from "node:assert/strict";
import type { Link } from "../../../../profiler/views/graph-links.ts";
import { linksThrough } from "../../../../webview/graph/graph-paths.ts";

const link = (from: string, to: string): Link => ({ from, to, tensors: new Set() });

describe("Paths of the graph", () => {
  it("are all that leads to a box and away from it, and nothing beside them", () => {
    const links = [link("a", "b"), link("b", "c"), link("c", "d"), link("a", "x"), link("x", "d"), link("c", "a")];
    const through = (box: string): readonly string[] =>
      [...linksThrough(links.slice(0, 5), box)].map(({ from, to }) => from + to).sort();
    assert.deepEqual(through("c"), ["ab", "bc", "cd"]);
    assert.deepEqual(through("d"), ["ab", "ax", "bc", "cd", "xd"]);
    assert.deepEqual([...linksThrough(links, undefined)], []);
    assert.equal(linksThrough(links, "a").size, links.length, "modules may feed each other both ways");
  });
});
