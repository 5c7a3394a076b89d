import assert from "node:assert/strict";
import { compareProfiles } from "../../../profiler/views/compare-profiles.ts";
import { layerProfile, profileOf, TOTALS } from "../../builders/profile-builder.ts";

/** "name:op" layers; "Conv" when no operator is given. */
const modelOf = (...layers: readonly string[]) =>
  profileOf(
    layers.map((layer) => {
      const [name = "", op = "Conv"] = layer.split(":");
      return layerProfile(name, { op, kind: op === "Conv" ? "conv" : op === "Gemm" ? "dense" : "activation" });
    }),
  );

const pairs = (before: readonly string[], after: readonly string[]): readonly string[] =>
  compareProfiles(modelOf(...before), modelOf(...after)).rows.map(
    ({ before: a, after: b }) => `${a?.name ?? "·"}|${b?.name ?? "·"}`,
  );

describe("compareProfiles", () => {
  it("pairs layers of one name", () => assert.deepEqual(pairs(["a", "b"], ["a", "b"]), ["a|a", "b|b"]));

  it("lets added and removed layers stand alone in their place", () => {
    assert.deepEqual(pairs(["a", "bn:BatchNormalization", "c"], ["a", "c", "d:Relu"]), ["a|a", "bn|·", "c|c", "·|d"]);
  });

  it("pairs renamed layers of one operator between named ones", () => {
    assert.deepEqual(pairs(["a", "x", "c"], ["a", "y", "c"]), ["a|a", "x|y", "c|c"]);
  });

  it("pairs repeated names in their order", () => {
    assert.deepEqual(pairs(["r:Relu", "r:Relu"], ["r:Relu", "n:Add", "r:Relu"]), ["r|r", "·|n", "r|r"]);
  });

  it("is not torn apart by one layer that moved", () => {
    assert.deepEqual(pairs(["m:Pad", "a", "b", "c"], ["a", "b", "c", "m:Pad"]), ["m|·", "a|a", "b|b", "c|c", "·|m"]);
  });

  it("does not pair different operators of one name", () => {
    assert.deepEqual(pairs(["a:Conv"], ["a:Gemm"]), ["a|·", "·|a"]);
  });

  it("sets the totals side by side", () => {
    const after = { ...modelOf("a"), totals: { ...TOTALS, macs: 50 } };
    const macs = compareProfiles(modelOf("a"), after).totals.find(({ id }) => id === "macs");
    assert.deepEqual(macs, { id: "macs", before: 100_000, after: 50 });
  });
});
