import assert from "node:assert/strict";
import fc from "fast-check";
import type { Dimension } from "../../../profiler/model/shape.ts";
import { ShapeError } from "../../../profiler/shapes/shape-error.ts";
import {
  dilatedKernel,
  transposedOutput,
  windowOutput,
  type Padding,
  type SlidingWindow,
  type TransposedWindow,
} from "../../../profiler/shapes/window.ts";
import { size } from "../../builders/size.ts";

const pads = (begin: number, end = begin): Padding => ({ kind: "explicit", begin, end });
const window = (
  kernel: Dimension,
  stride: number,
  padding: Padding,
  more: Partial<SlidingWindow> = {},
): SlidingWindow => ({ kernel, stride, dilation: 1, padding, ...more });

describe("sliding windows", () => {
  const CASES: readonly (readonly [what: string, size: Dimension, window: SlidingWindow, output: Dimension])[] = [
    ["AlexNet's first convolution", 227, window(11, 4, "valid"), 55],
    ["ResNet's first convolution", 224, window(7, 2, pads(3)), 112],
    ["a dilated kernel", 32, window(3, 1, pads(2), { dilation: 2 }), 32],
    ["same padding", 7, window(3, 2, "same-upper"), 4],
    ["same padding of a dilated kernel", 7, window(3, 2, "same-lower", { dilation: 3 }), 4],
    ["rounding down", 6, window(3, 2, "valid"), 2],
    ["rounding up", 6, window(3, 2, "valid", { ceilMode: true }), 3],
    ["no window that starts in the end padding", 4, window(1, 3, pads(0, 2), { ceilMode: true }), 2],
    ["a window as large as its input", 5, window(5, 1, "valid"), 1],
    ["an empty axis", 0, window(1, 1, pads(1)), 2],
    ["a name, kept by stride 1", size("w"), window(3, 1, pads(1)), size("w")],
    ["a name, shrunk", size("w"), window(3, 1, "valid"), size("w-2")],
    ["a name, divided", size("w"), window(3, 2, pads(1)), size("floor((w+1)/2)")],
    ["a name under same padding", size("w"), window(3, 2, "same-upper"), size("ceil(w/2)")],
    [
      "a name rounded up where no window can be lost",
      size("w"),
      window(3, 2, "valid", { ceilMode: true }),
      size("ceil((w-1)/2)"),
    ],
    ["a name rounded up where one may be lost", size("w"), window(1, 3, pads(0, 2), { ceilMode: true }), size("?")],
    ["an unknown kernel", 8, window(size("?"), 2, "valid"), size("?")],
  ];
  for (const [what, size, moved, output] of CASES) {
    it(`has ${String(output)} places: ${what}`, () => assert.equal(windowOutput(size, moved), output));
  }

  it("is where each place of the window really is", () => {
    const whole = fc.record({
      size: fc.integer({ min: 1, max: 20 }),
      kernel: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 5 }),
      dilation: fc.integer({ min: 1, max: 3 }),
      begin: fc.integer({ min: 0, max: 4 }),
      end: fc.integer({ min: 0, max: 4 }),
      ceilMode: fc.boolean(),
    });
    fc.assert(
      fc.property(whole, ({ size, kernel, stride, dilation, begin, end, ceilMode }) => {
        const span = (kernel - 1) * dilation + 1;
        fc.pre(span <= size + begin + end);
        const padded = size + begin + end;
        let places = 0;
        while (places * stride + span <= padded) places += 1;
        if (ceilMode) {
          // One more for what is left over; and of all, the last must not start in the end padding.
          if ((places - 1) * stride + span < padded) places += 1;
          if ((places - 1) * stride >= size + begin) places -= 1;
        }
        assert.equal(windowOutput(size, window(kernel, stride, pads(begin, end), { dilation, ceilMode })), places);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it("throws for a window that fits nowhere, and for steps that lead nowhere", () => {
    assert.throws(() => windowOutput(2, window(7, 1, "valid")), ShapeError);
    assert.throws(() => windowOutput(8, window(3, 0, "valid")), ShapeError);
    assert.throws(() => windowOutput(8, window(3, 1, "valid", { dilation: 0 })), ShapeError);
  });

  it("knows what a dilated kernel spans", () => {
    assert.equal(dilatedKernel(3, 2), 5);
    assert.equal(dilatedKernel(1, 9), 1);
  });
});

describe("transposed windows", () => {
  const transposed = (kernel: Dimension, stride: number, padding: Padding, more: Partial<TransposedWindow> = {}) => ({
    kernel,
    stride,
    dilation: 1,
    padding,
    ...more,
  });
  const CASES: readonly (readonly [size: Dimension, window: TransposedWindow, output: Dimension])[] = [
    [3, transposed(3, 1, "valid"), 5],
    [3, transposed(3, 2, "valid"), 7],
    [3, transposed(3, 2, pads(1), { outputPadding: 1 }), 6],
    [3, transposed(3, 3, pads(1, 2), { dilation: 2 }), 8],
    [3, transposed(3, 2, "same-upper"), 6],
    [3, transposed(1, 3, "same-lower"), 7],
    [size("w"), transposed(2, 2, pads(0)), size("2*w")],
    [size("w"), transposed(4, 2, pads(1)), size("2*w")],
    [size("w"), transposed(3, 2, pads(1)), size("2*w-1")],
    [size("w"), transposed(3, 2, "same-upper"), size("2*w")],
    [size("w"), transposed(size("?"), 2, "same-upper"), size("?")],
  ];
  for (const [size, moved, output] of CASES) {
    it(`makes ${String(output)} of ${String(size)}, ${JSON.stringify(moved)}`, () =>
      assert.equal(transposedOutput(size, moved), output));
  }

  it("undoes the convolution", () => {
    const whole = fc.record({
      size: fc.integer({ min: 1, max: 20 }),
      kernel: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 5 }),
      pad: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(whole, ({ size, kernel, stride, pad }) => {
        fc.pre(2 * pad < kernel);
        const larger = transposedOutput(size, transposed(kernel, stride, pads(pad)));
        assert.equal(windowOutput(larger, window(kernel, stride, pads(pad))), size);
      }),
      { seed: 1 },
    );
  });

  it("throws when the padding takes more than there is", () => {
    assert.throws(() => transposedOutput(1, transposed(1, 1, pads(3))), ShapeError);
  });
});
