import assert from "node:assert/strict";
import type { Shape } from "../../../profiler/model/shape.ts";
import { normalizeAxes, normalizeAxis } from "../../../profiler/shapes/axes.ts";
import { broadcastShapes } from "../../../profiler/shapes/broadcast.ts";
import { concatShapes, splitSizes, stackShapes } from "../../../profiler/shapes/concat.ts";
import { depthToSpaceShape, spaceToDepthShape } from "../../../profiler/shapes/depth-space.ts";
import { gatherNdShape, gatherShape } from "../../../profiler/shapes/gather.ts";
import { expandShape, padShape, tileShape } from "../../../profiler/shapes/pad.ts";
import { reduceShape } from "../../../profiler/shapes/reduce.ts";
import { flattenShape, reshapeShape, squeezeShape, unsqueezeShape } from "../../../profiler/shapes/reshape.ts";
import { ShapeError } from "../../../profiler/shapes/shape-error.ts";
import { resolveCut, sliceShape } from "../../../profiler/shapes/slice.ts";
import { transposeShape } from "../../../profiler/shapes/transpose.ts";
import { size } from "../../builders/size.ts";

const copies = { zeroCopies: true };
const keeps = { zeroCopies: false };
const nhwc = { blockSize: 2, channelAxis: -1 };

describe("shape arithmetic", () => {
  const cases: readonly (readonly [string, Shape | undefined, Shape | undefined])[] = [
    ["broadcasts nothing to a scalar", broadcastShapes([]), []],
    [
      "broadcasts to empty tensors",
      broadcastShapes([
        [0, 1],
        [1, 3],
      ]),
      [0, 3],
    ],
    ["broadcasts nothing with an unknown rank", broadcastShapes([[2], undefined]), undefined],
    ["counts axes from the end", normalizeAxes([-1, 0, 2], 3), [0, 2]],
    [
      "concatenates symbolic sizes",
      concatShapes(
        [
          [size("n"), 3],
          [size("m"), size("k")],
        ],
        0,
      ),
      [size("m+n"), 3],
    ],
    [
      "stacks along a new last axis",
      stackShapes(
        [
          [2, size("n")],
          [2, 5],
        ],
        -1,
      ),
      [2, 5, 2],
    ],
    ["splits with a smaller last part", splitSizes(7, 3), [3, 3, 1]],
    ["splits a symbolic size", splitSizes(size("n"), 2), [size("ceil(n/2)"), size("ceil(n/2)")]],
    ["moves depth to space, NHWC", depthToSpaceShape([size("n"), 2, 3, 8], nhwc), [size("n"), 4, 6, 2]],
    ["moves space to depth, NHWC", spaceToDepthShape([1, 4, 6, size("c")], nhwc), [1, 2, 3, size("4*c")]],
    ["gathers with batch axes", gatherShape([2, 5, 4], [2, 3], 1, 1), [2, 3, 4]],
    ["gathers slices by coordinates", gatherNdShape([2, 5, 4], [7, 2]), [7, 4]],
    ["gathers nothing by an open number of coordinates", gatherNdShape([2, 5], [7, size("k")]), undefined],
    ["pads and crops", padShape([4, size("n")], [1, 0], [-2, 3]), [3, size("n+3")]],
    ["tiles", tileShape([2, size("n")], [0, 3]), [0, size("3*n")]],
    ["expands both ways", expandShape([3, 1], [2, 1, 4]), [2, 3, 4]],
    ["reduces all axes", reduceShape([2, size("n")], undefined, false), []],
    ["keeps reduced axes as 1", reduceShape([2, size("n")], [-1], true), [2, 1]],
    ["copies sizes for 0", reshapeShape([2, size("n"), 3], [0, 0, 3], copies), [2, size("n"), 3]],
    ["takes 0 as a size", reshapeShape([0, 4], [4, 0], keeps), [4, 0]],
    [
      "infers −1 over symbolic sizes",
      reshapeShape([size("b"), 12, size("s"), 64], [size("b"), size("s"), -1], copies),
      [size("b"), size("s"), 768],
    ],
    ["infers −1 of an unknown input", reshapeShape(undefined, [3, -1], copies), [3, size("?")]],
    ["flattens at the rank", flattenShape([2, size("n")], 2), [size("2*n"), 1]],
    ["squeezes named axes of symbolic size", squeezeShape([1, size("n"), 3], [0, 1]), [3]],
    ["squeezes nothing unknown by itself", squeezeShape([1, size("n")]), undefined],
    ["unsqueezes in any order", unsqueezeShape([size("n")], [2, 0]), [1, size("n"), 1]],
    ["transposes to the reverse", transposeShape([1, size("n"), 3]), [3, size("n"), 1]],
    ["slices empty tensors", sliceShape([0], { starts: [-1], ends: [-9], steps: [-1] }), [0]],
    ["slices named axes", sliceShape([4, 9], { starts: [8], ends: [-20], axes: [-1], steps: [-3] }), [4, 3]],
  ];
  for (const [label, actual, expected] of cases) {
    it(label, () => {
      assert.deepEqual(actual, expected);
    });
  }

  it("clamps cuts to what is there", () => {
    const cut = { starts: [-100, 100], ends: [2 ** 63, -(2 ** 63)], steps: [2, -1] };
    assert.deepEqual(resolveCut([5, 3], cut), [
      { start: 0, step: 2, count: 3 },
      { start: 2, step: -1, count: 3 },
    ]);
  });

  const wrong: readonly (readonly [string, () => unknown])[] = [
    ["axes beyond the rank", () => normalizeAxis(3, 3)],
    ["axes that are no whole number", () => normalizeAxis(0.5, 3)],
    ["sizes that do not broadcast", () => broadcastShapes([[2], [3]])],
    ["ranks that do not concatenate", () => concatShapes([[2], [2, 2]], 0)],
    ["parts that nothing is left for", () => splitSizes(5, 4)],
    ["permutations that name an axis twice", () => transposeShape([1, 2], [0, -2])],
    ["more coordinates than axes", () => gatherNdShape([2], [3, 2])],
    ["pads of another rank", () => padShape([2], [1, 1], [1, 1])],
    ["negative repeats", () => tileShape([2], [-1])],
    ["elements that do not fit", () => reshapeShape([2, 3], [4], copies)],
    ["a size inferred beside 0", () => reshapeShape([0, 3], [0, -1], copies)],
    ["blocks that do not divide", () => depthToSpaceShape([1, 2, 2, 3], nhwc)],
    ["lists of a slice that differ in length", () => sliceShape([2], { starts: [0, 1], ends: [1] })],
  ];
  for (const [label, compute] of wrong) {
    it(`refuses ${label}`, () => {
      assert.throws(compute, ShapeError);
    });
  }
});
