import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { FileSource } from "../../../../profiler/bytes/file-source.ts";
import { profileModel } from "../../../../profiler/profile-model.ts";
import type { Profile } from "../../../../profiler/profile.ts";
import { skip } from "../../../skip.ts";
import { noExternalData } from "../../zoo/no-external-data.ts";

const CASES = new URL("../../../../../shared/cases/onnx-qdq/", import.meta.url);

/** A small network as ONNX Runtime's quantizer writes it, and as ONNX Runtime writes down what it runs of that. */
describe("A network between Q and DQ", () => {
  before(function () {
    if (!existsSync(CASES)) skip(this, "needs ../shared/cases");
  });

  const profiled = async (name: string): Promise<Profile> => {
    const source = await FileSource.open(new URL(name, CASES).pathname);
    try {
      return await profileModel(source, noExternalData);
    } finally {
      await source.close();
    }
  };

  it("costs what the operators cost that it is run as", async () => {
    const [listed, run] = [
      await profiled("qdq-costed-as-float.onnx"),
      await profiled("qdq-costed-as-float_what-runs.onnx"),
    ];
    const { fileBytes, ...totals } = listed.totals;
    const { fileBytes: otherBytes, ...expected } = run.totals;
    assert.ok(fileBytes > otherBytes);
    assert.deepEqual({ ...totals, energyPicojoules: 0 }, { ...expected, energyPicojoules: 0 });
    assert.ok(Math.abs(totals.energyPicojoules / expected.energyPicojoules - 1) < 1e-9);
    const names = ({ layers }: Profile): readonly string[] =>
      layers.filter(({ role }) => role === "compute").map(({ name }) => name);
    assert.deepEqual(names(listed), names(run));
  });

  it("has edges from operator to operator", async () => {
    const { layers, structure } = await profiled("qdq-costed-as-float.onnx");
    const fused = new Set(layers.filter(({ role }) => role === "fused").map(({ index }) => index));
    assert.ok(fused.size > 20);
    assert.ok(structure.edges.every(({ from, to }) => !fused.has(from) && !fused.has(to)));
    const named = (text: string) => layers.find(({ name }) => name === text)?.index;
    assert.ok(
      structure.edges.some(({ from, to }) => from === named("/stem/stem.0/Conv") && to === named("/dw/dw.0/Conv")),
    );
  });
});
