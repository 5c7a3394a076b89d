import assert from "node:assert/strict";
import type { ActivationSource } from "../../../../profiler/neutral/activations.ts";
import { Random } from "../../../../profiler/numeric/random.ts";
import {
  gridsOf,
  NARROW,
  WIDE,
  type Cuts,
} from "../../../../profiler/restructure/restructurings/quantize-model/ranges.ts";

describe("Ranges of activations", () => {
  /** The greatest number that the integers reach, of 200,000 from 0 (or -1) to 1 and one that is larger (or two, one on either side). */
  const reach = async (cuts: Cuts, largest: number, isSigned = false): Promise<number> => {
    const random = new Random(1);
    const data = Float32Array.from({ length: 200_000 }, () => (isSigned ? 2 * random.uniform() - 1 : random.uniform()));
    data[100] = largest;
    if (isSigned) data[200] = -largest;
    const batch = new Map([[0, { shape: [1, data.length], data }]]);
    const source: ActivationSource = {
      countSamples: () => Promise.resolve(1),
      capture: async function* () {
        yield await Promise.resolve(batch);
      },
    };
    const group = { tensors: [], sources: [0], least: -Infinity, most: Infinity, fixed: undefined };
    const grids = await gridsOf([group], source, "uint8", { seed: 1, cuts });
    const { scale, zeroPoint } = [...grids.values()][0] ?? { scale: NaN, zeroPoint: 0 };
    return scale * (255 - zeroPoint);
  };
  const isNear = (value: number, wanted: number): void =>
    assert.ok(Math.abs(value - wanted) < 0.02 * wanted, `${value}, not ${wanted}`);

  it("are all that was seen where nothing lies far out", async () => {
    for (const cuts of [WIDE, NARROW]) isNear(await reach(cuts, 1), 1);
  });

  it("leave out what lies so far out that the error is halved, and on demand what makes it less", async () => {
    isNear(await reach(WIDE, 1.3), 1.3);
    isNear(await reach(NARROW, 1.3), 1);
    for (const cuts of [WIDE, NARROW]) isNear(await reach(cuts, 10), 1);
  });

  it("leave out both sides where that halves the error, and one of them alone would not", async () => {
    isNear(await reach(WIDE, 1.67, true), 1);
  });
});
