import assert from "node:assert/strict";
import { formatEdit } from "../../../profiler/editing/edit.ts";
import { mixedFurthest, mixedToSize } from "../../../profiler/editing/sensitivity/mixed-edit.ts";
import type { LayerSensitivity, SensitivityPoint } from "../../../profiler/editing/sensitivity/sensitivity-points.ts";
import { allocate, chosenWithin } from "../../../profiler/compression/allocate.ts";
import { binarized } from "../../../profiler/compression/binary.ts";
import { GramError } from "../../../profiler/compression/gram-error.ts";
import { GroupedError } from "../../../profiler/compression/grouped-error.ts";
import { errorOf, minus, plainError, type OutputError } from "../../../profiler/compression/output-error.ts";
import { SampleError } from "../../../profiler/compression/sample-error.ts";
import { sampledError } from "../../../profiler/compression/sampled-error.ts";
import { clustered, shared } from "../../../profiler/compression/palette.ts";
import { keptWeights } from "../../../profiler/compression/kept-rows.ts";
import {
  blockSaliencies,
  mostSalient,
  patternMask,
  refitted,
  saliencies,
  stagedMask,
} from "../../../profiler/compression/prune.ts";
import { descended } from "../../../profiler/compression/coordinate-descent.ts";
import { levelsOf, roundToGrid, searchScales, type GridSpec } from "../../../profiler/compression/scales.ts";
import { binaryRounding, paletteRounding, uniformRounding } from "../../../profiler/compression/rounding.ts";
import { matrix, type Matrix } from "../../../profiler/numeric/matrix.ts";
import { RuntimeProducts } from "../../../profiler/runtime/runtime-products.ts";
import { Random } from "../../../profiler/numeric/random.ts";

const FOUR_BITS: GridSpec = { lowest: -8, highest: 7, hasZeroPoint: false, maySwapSides: true };

describe("weights with errors passed on", () => {
  const products = new RuntimeProducts();

  for (const [kind, samples] of [
    ["more samples than columns", 600],
    ["fewer samples than columns", 60],
  ] as const) {
    it(`change outputs far less than weights rounded each by itself, with ${kind}`, async () => {
      const { error, weights } = await problem(samples);
      const spec = { ...FOUR_BITS };
      const { weights: passed } = await roundToGrid(weights, error, spec);
      const alone = await plainError(200).passErrors(weights, uniformRounding(searchScales(weights, error, spec)));
      const [withPassing, without] = [await lossOf(error, passed, weights), await lossOf(error, alone, weights)];
      assert.ok(withPassing < 0.3 * without, `${withPassing} is not far below ${without}`);
    });
  }

  it("are the same by H and in the space of the samples", async () => {
    const wide = await problem(60);
    // The same samples three times: as many rows as columns, and H three times as large.
    const repeated = matrix(240, 200, Float32Array.from([0, 1, 2, 3].flatMap(() => [...wide.inputs.data])));
    const { error: tall } = await sampledError(repeated, products);
    const x = noise(5, 200, 3);
    const [a, b] = [await wide.error.apply(x), await tall.apply(x)];
    const scale = norm(b.data) / norm(a.data);
    assert.ok(Math.abs(scale - 4) < 0.2, `${scale}`);
  });

  it("are the same whichever way they are computed, where samples are some fewer than columns", async () => {
    const [inputs, weights] = [noise(150, 200, 1), noise(24, 200, 2)];
    const rounding = uniformRounding(searchScales(weights, plainError(200), FOUR_BITS));
    const gram = await products.multiply(inputs, inputs, { transposeA: true });
    const byColumns = await (await GramError.of(gram, 0.02, products)).passErrors(weights, rounding);
    const bySamples = await SampleError.of(inputs, 0.02, products).passErrors(weights, rounding);
    // Float32 tells few of those halfway between two levels otherwise.
    const others = byColumns.data.filter((value, at) => Math.abs(value - (bySamples.data[at] ?? 0)) > 1e-6);
    assert.ok(others.length < 0.01 * weights.data.length, `${others.length} of ${weights.data.length} weights`);
  });

  it("lie on the grid that says so", async () => {
    const { error, weights } = await problem(300);
    const { weights: rounded, grid } = await roundToGrid(weights, error, {
      ...FOUR_BITS,
      blockSize: 40,
      hasZeroPoint: true,
    });
    const levels = levelsOf(rounded, grid);
    assert.ok(levels.every((level) => level >= -8 && level <= 7));
    for (const [at, value] of rounded.data.entries()) {
      const place = Math.floor(at / 200) * grid.blocks + Math.floor((at % 200) / 40);
      const decoded = ((levels[at] ?? 0) - (grid.zeroPoints[place] ?? 0)) * (grid.scales[place] ?? 0);
      assert.ok(Math.abs(decoded - value) < 1e-5);
    }
  });

  it("change outputs less with scales that are fitted again, whether or not they are rounded again", async () => {
    for (const [samples, seed] of [
      [300, 1],
      [600, 2],
      [2000, 3],
    ] as const) {
      const { error, weights } = await problem(samples, seed);
      const first = await error.passErrors(weights, uniformRounding(searchScales(weights, error, FOUR_BITS)));
      const { weights: rounded, grid } = await roundToGrid(weights, error, FOUR_BITS);
      const levels = levelsOf(rounded, grid);
      for (const [at, value] of rounded.data.entries())
        assert.ok(Math.abs((levels[at] ?? 0) * (grid.scales[Math.floor(at / 200)] ?? 0) - value) < 1e-5);
      const [again, once] = [await lossOf(error, rounded, weights), await lossOf(error, first, weights)];
      assert.ok(again < once, `${again} is no less than ${once}`);
    }
  });

  it("take few values, fitted to the outputs", async () => {
    const { error, weights } = await problem(400);
    const { weights: rounded, codebook } = await shared(weights, error, 8);
    assert.equal(new Set(rounded.data).size <= 8, true);
    assert.ok(rounded.data.every((value) => codebook.includes(value)));
    const nearest = clustered(weights, error, 8);
    const alone = weights.data.map((value) =>
      nearest.reduce((a, b) => (Math.abs(b - value) < Math.abs(a - value) ? b : a)),
    );
    assert.ok((await lossOf(error, rounded, weights)) < 0.5 * (await lossOf(error, matrix(24, 200, alone), weights)));
  });

  it("are plus and minus one magnitude a row", async () => {
    const { error, weights } = await problem(400);
    const { weights: binary, magnitudes } = await binarized(weights, error);
    for (const [at, value] of binary.data.entries())
      assert.ok(Math.abs(Math.abs(value) - (magnitudes[Math.floor(at / 200)] ?? 0)) < 1e-6);
    assert.ok((await lossOf(error, binary, weights)) < 0.35 * (await lossOf(error, matrix(24, 200), weights)));
  });

  it("of one magnitude have signs of which none is better turned", async () => {
    const { error, weights } = await problem(400);
    const signs = binaryRounding(Float32Array.from({ length: 24 }, () => 0.5));
    const before = await error.passErrors(weights, signs);
    const turned = await descended(before, weights, error, signs);
    const least = await lossOf(error, turned, weights);
    assert.ok(least < 0.95 * (await lossOf(error, before, weights)), "no sign was turned");
    for (let at = 0; at < 200; at += 7) {
      const other = matrix(24, 200, turned.data.slice());
      other.data[at] = -(other.data[at] ?? 0);
      assert.ok((await lossOf(error, other, weights)) > least * (1 - 1e-4), `${at}`);
    }
  });

  it("of few levels have none that is better another level", async () => {
    const { error, weights } = await problem(400);
    const { weights: rounded, grid } = await roundToGrid(weights, error, { ...FOUR_BITS, lowest: -2, highest: 1 });
    const least = await lossOf(error, rounded, weights);
    assert.ok(least < 0.95 * (await lossOf(error, await error.passErrors(weights, uniformRounding(grid)), weights)));
    for (let at = 0; at < 200; at += 7) {
      const [level = 0] = levelsOf(matrix(1, 1, rounded.data.subarray(at, at + 1)), {
        ...grid,
        blocks: 1,
        blockSize: 1,
      });
      for (const other of [level - 1, level + 1].filter((value) => value >= grid.lowest && value <= grid.highest)) {
        const changed = matrix(24, 200, rounded.data.slice());
        changed.data[at] = other * (grid.scales[0] ?? 1);
        assert.ok((await lossOf(error, changed, weights)) > least * (1 - 1e-3), `${at}`);
      }
    }
  });

  it("of groups are those of each group alone", async () => {
    const [first, second] = [await problem(300, 1), await problem(300, 2)];
    const grouped = new GroupedError([first.error, second.error], 24);
    const both = matrix(48, 200, Float32Array.from([...first.weights.data, ...second.weights.data]));
    const weights = await grouped.passErrors(both, uniformRounding(searchScales(both, grouped, FOUR_BITS)));
    const own = searchScales(second.weights, second.error, FOUR_BITS);
    const alone = await second.error.passErrors(second.weights, uniformRounding(own));
    assert.deepEqual(weights.data.subarray(24 * 200), alone.data);
  });
});

describe("pruned weights", () => {
  it("are fitted so that no other weights in their places do better", async () => {
    const { error, weights } = await problem(500);
    for (const kept of [600, 3000]) {
      const mask = mostSalient(await saliencies(weights, error, 1), kept);
      const fitted = await refitted(weights, error, mask);
      assert.ok(fitted.data.every((value, at) => mask[at] === 1 || value === 0));
      assert.equal(
        mask.reduce((sum, bit) => sum + bit, 0),
        kept,
      );
      const gradient = await error.apply(minus(fitted, weights));
      const left = gradient.data.filter((_, at) => mask[at] === 1);
      assert.ok(norm(left) < 2e-2 * norm(gradient.data), `${norm(left)} of ${norm(gradient.data)}`);
    }
  });

  it("cost what they do with those already taken out", async () => {
    const { error, weights } = await problem(300);
    const mask = mostSalient(await saliencies(weights, error, 1), 200);
    const rows = keptWeights(error, mask);
    const solved = await rows.solved(weights);
    const costs = await rows.saliencies(solved);
    const place = solved.data.findIndex((value) => value !== 0);
    const less = await refitted(
      weights,
      error,
      mask.map((value, at) => (at === place ? 0 : value)),
    );
    const before = await lossOf(error, solved, weights);
    const more = (await lossOf(error, less, weights)) - before;
    assert.ok(Math.abs(more - (costs[place] ?? 0)) < 1e-3 * before + 0.02 * more, `${more} is not ${costs[place]}`);
  });

  it("are each by themselves where nothing is known of their inputs", async () => {
    const { weights } = await problem(300);
    const plain = plainError(weights.columns);
    const { isIdentity: _, ...general } = plain;
    const mask = mostSalient(await saliencies(weights, plain, 1), 200);
    const looks = async (error: OutputError): Promise<readonly unknown[]> => {
      const rows = keptWeights(error, mask);
      const solved = await rows.solved(weights);
      const table = paletteRounding(Float32Array.of(-1, 0.25, 1));
      const rounded = await rows.rounded(solved, table);
      const indices = Uint8Array.from(solved.data, (_each, at) => at % 3);
      return [
        solved,
        await rows.saliencies(solved),
        rounded,
        await rows.errorOf(minus(rounded, solved)),
        await rows.tableEquations(indices, 3, solved),
      ];
    };
    assert.deepEqual(await looks(plain), await looks(general));
  });

  it("go in stages with less error than at once", async () => {
    const { error, weights } = await problem(300);
    const once = await saliencies(weights, error, 1);
    const lossWith = async (mask: Uint8Array): Promise<number> =>
      lossOf(error, await refitted(weights, error, mask), weights);
    const staged = await stagedMask(weights, error, once, 100);
    assert.equal(
      staged.reduce((sum, value) => sum + value, 0),
      100,
    );
    const [inStages, atOnce] = [await lossWith(staged), await lossWith(mostSalient(once, 100))];
    assert.ok(inStages < atOnce, `${inStages} is not below ${atOnce}`);
  });

  it("keep two of every four", () => {
    const mask = patternMask(Float32Array.from([1, 4, 2, 3, 9, 1, 1, 8]), 8, 2, 4);
    assert.deepEqual([...mask], [0, 1, 0, 1, 1, 0, 0, 1]);
  });

  it("go as blocks of inputs, the last of a row a shorter one", () => {
    const costs = Float32Array.from([1, 9, 1, 1, 8, 2, 2, 2, 2, 3]);
    const means = blockSaliencies(costs, 5, 4);
    assert.deepEqual([...means], [3, 3, 3, 3, 8, 2, 2, 2, 2, 3]);
    assert.deepEqual([...mostSalient(means, 6)], [1, 1, 1, 1, 1, 0, 0, 0, 0, 1]);
  });

  it("go where they cost least", () => {
    const steep = [100, 50, 10].map((kept) => ({ kept, error: (100 - kept) / 100 }));
    const flat = [100, 50, 10].map((kept) => ({ kept, error: (100 - kept) / 1000 }));
    assert.deepEqual(allocate([steep, flat], 130), [100, 30]);
    assert.deepEqual(allocate([steep, flat], 60), [50, 10]);
  });

  it("go in whole steps where only those can be had, and what is left goes to where it saves most", () => {
    const steep = [100, 50, 10].map((kept) => ({ kept, error: (100 - kept) / 100 }));
    const flat = [100, 60, 50, 10].map((kept) => ({ kept, error: (100 - kept) / 1000 }));
    assert.deepEqual(chosenWithin([steep, flat], 200), [0, 0]);
    assert.deepEqual(chosenWithin([steep, flat], 130), [0, 3], "the hull of a line is its ends");
    assert.deepEqual(chosenWithin([steep, flat], 165), [0, 1], "it need not have been so far");
    assert.deepEqual(chosenWithin([steep, flat], 60), [1, 3]);
    assert.equal(chosenWithin([steep, flat], 19), undefined);
  });

  it("make one edit of layers that each have the bits that they bear, to the byte", async () => {
    const layers = [1, 10].map((scale, at): LayerSensitivity => ({
      layer: `conv ${at};`,
      elements: 1000,
      points: [8, 4, 2].map((amount): SensitivityPoint => ({
        technique: "quantize",
        amount,
        edit: { restructuring: "quantize-weights", target: `conv ${at};`, options: { bits: amount } },
        fileBytes: 10_000 - 1000 * (4 - amount / 8),
        error: (scale * 2 ** -amount) / 10_000,
        ...{ maxRelative: 0, agreement: null, accuracy: null, expectedAccuracy: null },
      })),
    }));
    const asked: string[] = [];
    const edit = await mixedToSize(layers, 10_000, 2800, (one) => {
      asked.push(formatEdit(one));
      return Promise.resolve(asked.length === 1 ? 2810 : 2700);
    });
    assert.deepEqual(asked.length, 2, "a prediction that is too large is made up for");
    assert.equal(edit?.options.layers, "conv 0%3B 2; conv 1%3B 4");
    assert.equal(mixedFurthest(layers, "quantize")?.options.layers, "conv 0%3B 2; conv 1%3B 4");
    assert.equal(mixedFurthest(layers, "prune"), undefined);
    assert.equal(await mixedToSize(layers, 10_000, 2000, () => Promise.resolve(1)), undefined);
  });
});

interface Problem {
  readonly inputs: Matrix;
  readonly error: OutputError;
  readonly weights: Matrix;
}

/** Inputs that hang together, as those of layers do: 200 of 20 sources and a little of their own. */
async function problem(samples: number, seed = 0): Promise<Problem> {
  const products = new RuntimeProducts();
  const mixing = noise(20, 200, seed + 10);
  const sources = noise(samples, 20, seed + 20);
  const own = noise(samples, 200, seed + 30);
  const mixed = await products.multiply(sources, mixing);
  const inputs = matrix(
    samples,
    200,
    mixed.data.map((value, at) => value + 0.3 * (own.data[at] ?? 0)),
  );
  return { inputs, error: (await sampledError(inputs, products)).error, weights: noise(24, 200, seed + 40) };
}

function noise(rows: number, columns: number, seed: number): Matrix {
  return matrix(rows, columns, new Random(seed).normals(rows * columns));
}

function lossOf(error: OutputError, changed: Matrix, weights: Matrix): Promise<number> {
  return errorOf(error, minus(changed, weights));
}

function norm(data: Float32Array): number {
  return Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
}
