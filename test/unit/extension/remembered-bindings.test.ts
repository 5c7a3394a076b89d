import assert from "node:assert/strict";
import { RememberedBindings, REMEMBERED_MODELS, type Memory } from "../../../extension/editor/remembered-bindings.ts";

function memory(content?: unknown): Memory {
  const values = new Map<string, unknown>([["edgewise.dimensionValues", content]]);
  return {
    get: (key) => values.get(key),
    update: (key, value) => {
      values.set(key, value);
      return Promise.resolve();
    },
  };
}

describe("Remembered dimension values", () => {
  it("come back for their model, and are forgotten when there are none", async () => {
    const remembered = new RememberedBindings(memory());
    await remembered.remember("a", { batch: 4 });
    await remembered.remember("b", { batch: 8 });
    assert.deepEqual([remembered.of("a"), remembered.of("b"), remembered.of("c")], [{ batch: 4 }, { batch: 8 }, {}]);
    await remembered.remember("a", {});
    assert.deepEqual([remembered.of("a"), remembered.of("b")], [{}, { batch: 8 }]);
  });

  it("forget the model that was changed longest ago when there are too many", async () => {
    const remembered = new RememberedBindings(memory());
    for (let model = 0; model <= REMEMBERED_MODELS; model++) await remembered.remember(`m${model}`, { n: model + 1 });
    assert.deepEqual(remembered.of("m0"), {});
    assert.deepEqual(remembered.of("m1"), { n: 2 });
  });

  it("are dropped where another version left something else", () => {
    for (const content of ["x", [1], [["a"]], [["a", { n: "4" }]], { a: { n: 4 } }]) {
      assert.deepEqual(new RememberedBindings(memory(content)).of("a"), {});
    }
  });
});
