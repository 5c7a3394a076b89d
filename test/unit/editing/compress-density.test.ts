import assert from "node:assert/strict";
import {
  densityFor,
  isEnough,
  isNearly,
  isUseless,
  type Pruned,
  type PrunedSizes,
} from "../../../profiler/editing/compress/density.ts";

const SIZES: PrunedSizes = {
  fixed: 2_000,
  weights: 580_000,
  bits: 4,
  limits: { fileBytes: 26_000, downloadBytes: 20_000 },
};

const made = (density: number, fileBytes: number, downloadBytes: number): Pruned => ({
  density,
  fileBytes,
  downloadBytes,
});

describe("The density of a pruned model that is to have a size", () => {
  it("goes on below all that are too large, though the smallest file has not the fewest weights", () => {
    // As digits_lenet has them.
    const tries = [made(0.02543, 26_627, 21_173), made(0.02361, 25_282, 20_071), made(0.02326, 25_288, 20_095)];
    const density = densityFor(SIZES, tries);
    assert.ok(density !== undefined && density < 0.02326 && density > 0.022, `${density}`);
  });

  it("is looked for longer while no file is small enough", () => {
    // As a vgg_bn of 24 channels has them, for 24 KB.
    const sizes = { ...SIZES, limits: { fileBytes: 24_000, downloadBytes: 20_000 } };
    const tries = [made(0.03984, 26_773, 21_231), made(0.03437, 25_034, 19_251), made(0.0322, 24_280, 18_596)];
    assert.ok(!isEnough(sizes, [...tries, made(0.0319, 24_090, 18_450)]));
    assert.ok(isEnough(sizes, [...tries, made(0.031, 23_000, 18_000)]), "small enough, though not nearly as large");
    const never = Array.from({ length: 6 }, (_, at) => made(0.04 - at / 1000, 26_000 - at, 21_000));
    assert.ok(isEnough(sizes, never) && !isEnough(sizes, never.slice(0, 5)));
  });

  it("goes on above all that are too small", () => {
    const density = densityFor(SIZES, [made(0.02, 21_000, 17_000), made(0.021, 20_990, 16_990)]);
    assert.ok(density !== undefined && density > 0.021 && density < 0.03, `${density}`);
  });

  it("lies between one too large and one too small, and is near enough just below the limit", () => {
    const tries = [made(0.026, 27_000, 21_500), made(0.022, 24_000, 19_000)];
    const density = densityFor(SIZES, tries);
    assert.ok(density !== undefined && density > 0.022 && density < 0.026, `${density}`);
    assert.ok(isNearly(SIZES, made(0.0233, 25_000, 19_700)));
    assert.ok(!isNearly(SIZES, tries[0]) && !isNearly(SIZES, tries[1]));
  });

  it("is not looked for where many fewer weights make no smaller file", () => {
    // As kws_dscnn_float.tflite has them, whose pruned layers are decoded by operators of their own.
    assert.ok(isUseless([made(0.35948, 36_016, 24_102), made(0.30669, 36_256, 24_055)]));
    assert.ok(!isUseless([made(0.02361, 25_282, 20_071), made(0.02326, 25_288, 20_095)]), "out of order by chance");
    assert.ok(!isUseless([made(0.02, 21_000, 17_000), made(0.025, 26_000, 20_500)]), "more, as they were too few");
  });
});
