import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { FileSource } from "../../../../profiler/bytes/file-source.ts";
import { ExternalDataFolder } from "../../../../profiler/bytes/external-data-folder.ts";
import { CalibrationError, OptionError } from "../../../../profiler/errors.ts";
import { onnxBytes } from "../../../../profiler/formats/onnx/write.ts";
import { DEFAULT_HARDWARE } from "../../../../profiler/hardware/hardware.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { Random } from "../../../../profiler/numeric/random.ts";
import { analyseModel, costModel } from "../../../../profiler/profile-model.ts";
import { readModel } from "../../../../profiler/formats/formats.ts";
import type { Totals } from "../../../../profiler/profile.ts";
import { formatEdit } from "../../../../profiler/editing/edit.ts";
import { fit, type FitOptions } from "../../../../profiler/editing/fit/fit.ts";
import { inOrder, type FitPoint } from "../../../../profiler/editing/fit/fit-point.ts";
import { combined } from "../../../../profiler/editing/fit/strengths.ts";
import type { CalibrationSpec } from "../../../../profiler/calibration/spec.ts";
import { restructuringOf } from "../../../../profiler/restructure/registry.ts";
import { graph, node, onnxModel, tensor, value } from "../../../builders/onnx-builder.ts";
import { skip } from "../../../skip.ts";
import { temporaryFolder } from "../../cli/run-cli.ts";
import { bytesOf, npyFile } from "../../runtime/npy-file.ts";
import { readBytes, weights } from "../../restructure/edited-model.ts";

const SIZE = 32;

/** Two dense layers of 32×32 with a normalisation between; the first has rank 4 and a little more, so that it can be halved for nothing. */
function network(): Promise<Model> {
  const random = new Random(7);
  const [tall, wide] = [random.normals(SIZE * 4), random.normals(4 * SIZE)];
  const low = Array.from({ length: SIZE * SIZE }, (_, index) => {
    const [row, column] = [Math.floor(index / SIZE), index % SIZE];
    const sum = [0, 1, 2, 3].reduce((all, k) => all + (tall[row * 4 + k] ?? 0) * (wide[k * SIZE + column] ?? 0), 0);
    return sum + 1e-3 * random.normal();
  });
  const nodes = [
    node("MatMul", ["x", "low"], ["a"], {}, { name: "low" }),
    node("BatchNormalization", ["a", "scale", "shift", "mean", "variance"], ["b"], {}, { name: "norm" }),
    node("Relu", ["b"], ["c"], {}, { name: "relu" }),
    node("MatMul", ["c", "full"], ["y"], {}, { name: "full" }),
  ];
  const initializers = [
    tensor("low", "float32", [SIZE, SIZE], low),
    weights("full", [SIZE, SIZE]),
    ...["scale", "shift", "mean"].map((name) => weights(name, [SIZE])),
    weights("variance", [SIZE], "positive"),
  ];
  const inputs = [value("x", "float32", ["n", SIZE])];
  return readBytes(onnxModel({ graph: graph(nodes, { inputs, outputs: ["y"], initializers }) }));
}

function totalsOf(model: Model): Totals {
  return costModel(analyseModel(model, {}), DEFAULT_HARDWARE).totals;
}

const RANDOM = { hardware: DEFAULT_HARDWARE, calibration: { count: 24, seed: 3 } };

describe("fit", function () {
  this.timeout(120_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    folder = await temporaryFolder();
  });
  after(() => folder.remove());

  /** 64 samples of the network's input, of two classes. */
  async function samples(labels = Array.from({ length: 64 }, (_, index) => index % SIZE)): Promise<CalibrationSpec> {
    const path = join(folder.path, "x.npy");
    await writeFile(path, npyFile("<f4", [64, SIZE], bytesOf(new Random(11).normals(64 * SIZE))));
    const classes = join(folder.path, "labels.txt");
    await writeFile(classes, labels.join("\n"));
    return { inputs: { "": { kind: "array", path } }, labels: { path: classes } };
  }

  it("keeps a budget with the edits that err least, on random samples where there are no others", async () => {
    const model = await network();
    const before = totalsOf(model);
    const { result, model: fitted } = await fit(model, { ...RANDOM, budget: { parameters: 0.7 * before.parameters } });
    assert.ok(result.isMet);
    assert.equal(result.ending, "met");
    assert.deepEqual(result.samples, {
      fitted: 0,
      judged: 0,
      measured: 24,
      description: "seeded random (seed 3)",
      isRandom: true,
      hasLabels: false,
    });
    const best = result.points[result.best];
    assert.ok(best && best.isWithinBudget && best.isOnParetoFront);
    assert.ok(totalsOf(fitted).parameters <= 0.7 * before.parameters);
    assert.deepEqual(totalsOf(fitted), best.totals, "the model is that of the point");
    const texts = best.edits.map(formatEdit);
    assert.ok(texts.includes("fold-batch-norm:norm"), "what is free comes first");
    assert.ok(
      texts.some((text) => text.startsWith("dense-low-rank:low")),
      `the layer of low rank, not ${texts.join(" ")}`,
    );
    assert.ok(inOrder(best.error) < 1e-4, `${best.error}`);
  });

  it("starts the curve with the model as it is, and marks what nothing beats", async () => {
    const model = await network();
    const before = totalsOf(model);
    const found: FitPoint[] = [];
    const budget = { parameters: 0.7 * before.parameters, macs: 0.7 * before.macs };
    const { result } = await fit(model, { ...RANDOM, budget, onPoint: (point) => found.push(point) });
    assert.deepEqual(
      result.points.map(({ isOnParetoFront: _, ...point }) => point),
      found,
    );
    const [first] = result.points;
    assert.deepEqual([first?.edits, first?.error, first?.totals], [[], 0, before]);
    for (const point of result.points) {
      const isBeaten = result.points.some(
        ({ error, totals }) =>
          inOrder(error) <= inOrder(point.error) &&
          totals.parameters <= point.totals.parameters &&
          totals.macs <= point.totals.macs &&
          (inOrder(error) < inOrder(point.error) ||
            totals.parameters < point.totals.parameters ||
            totals.macs < point.totals.macs),
      );
      assert.equal(point.isOnParetoFront, !isBeaten);
    }
  });

  it("gives the same file for the same seed", async () => {
    const calibration = await samples();
    const once = async (): Promise<Uint8Array> => {
      const model = await network();
      const budget = { parameters: 0.6 * totalsOf(model).parameters };
      return onnxBytes((await fit(model, { ...RANDOM, calibration, budget, seed: 5 })).model);
    };
    assert.deepEqual(await once(), await once());
  });

  it("measures on samples that nothing was fitted to", async () => {
    const model = await network();
    const calibration = await samples();
    const budget = { parameters: 0.7 * totalsOf(model).parameters };
    const { result } = await fit(model, { ...RANDOM, calibration, budget });
    assert.deepEqual([result.samples.fitted, result.samples.measured, result.samples.isRandom], [48, 16, false]);
    const apart = await fit(model, { ...RANDOM, calibration, measuring: { ...calibration, count: 10 }, budget });
    assert.deepEqual([apart.result.samples.fitted, apart.result.samples.measured], [64, 10]);
  });

  it("keeps what it found when it is cancelled", async () => {
    const model = await network();
    const abort = new AbortController();
    const options: FitOptions = {
      ...RANDOM,
      budget: { parameters: 0.3 * totalsOf(model).parameters },
      signal: abort.signal,
      onPoint: ({ edits }) => {
        if (edits.length > 0) abort.abort();
      },
    };
    const { result } = await fit(model, options);
    assert.equal(result.ending, "cancelled");
    assert.equal(result.points.length, 2);
    assert.equal(result.best, 1, "free edits are nearer to the budget than none");
  });

  it("says how near it came when nothing is left to try", async () => {
    const model = await network();
    const { result } = await fit(model, { ...RANDOM, budget: { parameters: 1 } });
    assert.deepEqual([result.isMet, result.ending], [false, "exhausted"]);
    const best = result.points[result.best];
    assert.ok(best?.excess && best.excess > 0 && best.excess < 0.5, "the smallest model that was found");
    assert.equal(best.excess, Math.min(...result.points.map(({ excess }) => inOrder(excess))));
  });

  it("stays above an accuracy, and without other limits is as small as that allows", async () => {
    const model = await network();
    const { result } = await fit(model, { ...RANDOM, calibration: await ownLabels(), budget: { lowestAccuracy: 0.9 } });
    assert.ok(result.points.length > 2);
    assert.ok(result.points.every(({ accuracy }) => accuracy !== null && accuracy >= 0.9));
    assert.ok(result.points[result.best]?.isWithinBudget);
    const within = result.points.filter(({ isWithinBudget }) => isWithinBudget);
    assert.equal(result.points[result.best]?.excess, Math.min(...within.map(({ excess }) => inOrder(excess))));
    const approximate = result.points.at(-1)?.edits.map(({ restructuring }) => restructuringOf(restructuring)) ?? [];
    const stores = approximate
      .filter(({ guarantee }) => guarantee !== "exact")
      .map(({ keepsMacs = false }) => keepsMacs);
    assert.ok(stores.includes(false), "layers become smaller");
    assert.deepEqual(stores, stores.toSorted(), "those stored in fewer bits cannot: that comes last");
    const { fitted, measured, judged } = result.samples;
    assert.deepEqual([fitted, measured, judged], [32, 8, 24], "each sample has one use");
    const failed = result.points.findIndex(({ isWithinBudget }) => !isWithinBudget);
    assert.ok(
      failed < 0 || failed === result.points.length - 1,
      "the first that the verdict is against ends the search",
    );
    const { guarantee } = result;
    assert.ok(guarantee?.samples === 24 && guarantee.least < guarantee.right / 24);
    assert.equal(guarantee.isShown, guarantee.least >= 0.9);
    assert.equal(guarantee.samplesNeeded, 29, "24 samples cannot show it");

    /** What the network answers itself. */
    async function ownLabels(): Promise<CalibrationSpec> {
      const { withSession } = await import("../../runtime/with-session.ts");
      const spec = await samples();
      const data = new Random(11).normals(64 * SIZE);
      const answers = await withSession(model, (session) =>
        session.run({ x: { dataType: "float32", shape: [64, SIZE], data } }),
      );
      const rows = Array.from({ length: 64 }, (_, row) =>
        Array.from(answers.y?.data.slice(row * SIZE, (row + 1) * SIZE) ?? []),
      );
      await samples(rows.map((row) => row.indexOf(Math.max(...row))));
      return spec;
    }
  });

  it("refuses a budget of nothing, and an accuracy without labels", async () => {
    const model = await network();
    await assert.rejects(fit(model, { ...RANDOM, budget: {} }), OptionError);
    await assert.rejects(fit(model, { ...RANDOM, budget: { lowestAccuracy: 0.9 } }), CalibrationError);
  });

  it("makes one edit of two that go on with each other", () => {
    assert.deepEqual(combined("reduce-channels", { ratio: 0.9 }, { ratio: 0.5 }), { ratio: 0.45 });
    assert.equal(combined("separable", { multiplier: 4 }, { multiplier: 2 }), undefined);
  });
});

describe("fit on the digits", function () {
  this.timeout(900_000);
  const DIGITS = "../shared/data/digits";

  before(function () {
    if (!existsSync(DIGITS)) skip(this, "needs the digits beside the repository");
  });

  const images = (file: string, labels: string): CalibrationSpec => ({
    inputs: { "": { kind: "array", path: `${DIGITS}/${file}`, dataType: "uint8", scale: 1 / 255 } },
    labels: { path: `${DIGITS}/digits.json`, key: labels },
  });

  it("brings digits_lenet to a quarter of its parameters at 99 % or better", async () => {
    const path = "media/samples/digits_lenet.onnx";
    const source = await FileSource.open(path);
    try {
      const model = await readModel(source, new ExternalDataFolder(path));
      const { parameters } = totalsOf(model);
      const { result } = await fit(model, {
        budget: { parameters: parameters / 4, lowestAccuracy: 0.99 },
        hardware: DEFAULT_HARDWARE,
        calibration: { ...images("digits_calibration_256x1x32x32_uint8.bin", "calibration_labels"), count: 96 },
        measuring: { ...images("digits_test_540x1x32x32_uint8.bin", "test_labels"), count: 180 },
      });
      const best = result.points[result.best];
      assert.ok(best?.isWithinBudget, `${best?.accuracy ?? NaN} at ${best?.totals.parameters ?? NaN}`);
      assert.ok(best.totals.parameters <= parameters / 4);
      assert.ok((best.accuracy ?? 0) >= 0.99);
    } finally {
      await source.close();
    }
  });
});
