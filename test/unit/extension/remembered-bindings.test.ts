import assert from "node:assert/strict";
import { ONLY_PART } from "../../builders/only-part.ts";
import { namedPart } from "../../../extension/editor/named-part.ts";
import { DocumentPart, RememberedParts } from "../../../extension/editor/document-part.ts";
import { RememberedBindings } from "../../../extension/editor/remembered-bindings.ts";
import { REMEMBERED_MODELS, type Memory } from "../../../extension/editor/remembered.ts";

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

describe("Remembered parts", () => {
  it("come back with the sizes that each was given", async () => {
    const [parts, bindings] = [new RememberedParts(memory()), new RememberedBindings(memory())];
    const uri = { toString: () => "file:///m.tflite" };
    const part = new DocumentPart(uri, parts, bindings);
    assert.deepEqual(part.remembered, { part: {}, bindings: {} });
    await part.remember({ part: {}, bindings: { batch: 2 } });
    await part.remember({ part: { entry: "decode" }, bindings: { steps: 3 } });
    assert.deepEqual(part.remembered, { part: { entry: "decode" }, bindings: { steps: 3 } });
    assert.deepEqual(part.viewOf({}), { part: {}, bindings: { batch: 2 } });
    await part.remember(part.viewOf({}));
    assert.deepEqual(part.remembered, { part: {}, bindings: { batch: 2 } });
  });

  it("that are none of ours are dropped", () => {
    const stored: Memory = { get: () => [["m", { entry: 3 }]], update: () => Promise.resolve() };
    assert.equal(new RememberedParts(stored).find("m"), undefined);
  });

  it("have no name where they come first", () => {
    const entries = ["main", "decode"].map((name, subgraph) => ({ name, subgraph, signatures: [], body: null }));
    const parts = { ...ONLY_PART, models: ["a", "b"], model: "b", entries };
    assert.deepEqual(namedPart(parts, { entry: "main" }), { model: "b" });
    assert.deepEqual(namedPart(parts, { entry: "decode" }), { model: "b", entry: "decode" });
    assert.deepEqual(namedPart(parts, { model: "a" }), {});
    assert.deepEqual(namedPart({ ...parts, models: [], model: null }, { entry: "decode" }), { entry: "decode" });
  });
});
