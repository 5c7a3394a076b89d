import assert from "node:assert/strict";
import type { OpenModel } from "../../../extension/worker/model-store.ts";
import type { ModelLocation } from "../../../extension/worker/protocol.ts";
import { ReadFiles } from "../../../extension/worker/read-files.ts";

describe("Files that were read before the rest of the engine is there", () => {
  const closed: string[] = [];
  const at = (path: string): ModelLocation => ({ kind: "path", path, version: 1 });
  const opened = (path: string): OpenModel =>
    ({ source: { close: () => Promise.resolve(void closed.push(path)) } }) as unknown as OpenModel;

  it("are handed over once; of more than so many the oldest is closed", () => {
    const files = new ReadFiles(2);
    for (const path of ["a", "b", "c"]) files.keep(at(path), opened(path));
    assert.deepEqual(closed, ["a"]);
    assert.deepEqual(
      ["a", "b", "c"].map((path) => files.holds(at(path))),
      [false, true, true],
    );
    const taken: ModelLocation[] = [];
    files.handOver({ keep: (location) => void taken.push(location) });
    files.handOver({ keep: () => assert.fail("handed over twice") });
    assert.deepEqual(taken, [at("b"), at("c")]);
    assert.equal(files.holds(at("b")), false);
  });
});
