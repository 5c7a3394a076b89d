import { isStatic, type Dimension, type Shape } from "../../../model/shape.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import type { FormOf } from "../../../neutral/forms.ts";
import { fixed, NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";
import type { Fold, Operators } from "../../../neutral/operator.ts";
import { permutedWeights } from "../../../neutral/stored-weights.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { broadcastShapes } from "../../../shapes/broadcast.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import { concatShapes, splitSizes } from "../../../shapes/concat.ts";
import { depthToSpaceShape, spaceToDepthShape, type DepthSpaceOptions } from "../../../shapes/depth-space.ts";
import { UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { fill, knownTensor, knownTensors, positionOf, type KnownTensor } from "../../../shapes/known-tensor.ts";
import { expandShape, padShape, tileShape } from "../../../shapes/pad.ts";
import { ShapeError } from "../../../shapes/shape-error.ts";
import { transposeShape } from "../../../shapes/transpose.ts";
import {
  concatValue,
  expandValue,
  padValue,
  sliceValue,
  tileValue,
  transposeValue,
} from "../../../shapes/value-layout.ts";
import { inferredType, listSetting, mapShape, numbersOf, sameAs, unknownSizes } from "./inferred-types.ts";

const TRANSPOSE: OperatorRule = {
  infer: (view) => {
    const permutation = view.ints("perm");
    const known = knownTensor(view.input(0));
    const shape = mapShape(view.shape(0), (input) => transposeShape(input, permutation));
    return [inferredType(view.dataType(0), shape, known && transposeValue(known, permutation))];
  },
  kind: "data-movement",
  carries: 0,
};

const CONCAT: OperatorRule = {
  infer: (view) => {
    const axis = view.int("axis", 1);
    const parts = view.inputs.map((_, index) => view.input(index));
    const shapes = parts.map(({ shape }) => shape).filter((shape) => shape !== undefined);
    const shape = shapes.length === parts.length ? concatShapes(shapes, axis) : undefined;
    const known = knownTensors(parts.some(({ value }) => value !== undefined) ? parts.map(withOpenElements) : parts);
    return [inferredType(view.dataType(0), shape, known && concatValue(known, axis))];
  },
  kind: "data-movement",
};

/** A list of sizes of which only the length is known: beside known ones it still tells the rank and the other sizes. */
function withOpenElements(part: InferredType): InferredType {
  const [length, ...rest] = part.shape ?? [];
  if (part.value !== undefined || part.dataType !== "int64" || typeof length !== "number" || rest.length > 0)
    return part;
  return { ...part, value: unknownSizes(length) };
}

const SPLIT: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const dataType = view.dataType(0);
    const count = view.node.outputs.length;
    if (shape === undefined) return Array.from({ length: count }, () => inferredType(dataType, undefined));
    const axis = normalizeAxis(view.int("axis", 0), shape.length);
    const known = knownTensor(view.input(0));
    let start = 0;
    return partSizes(view, shape[axis] ?? 0, count).map((size) => {
      const isFixed = typeof size === "number";
      const value =
        known && isFixed ? sliceValue(known, { starts: [start], ends: [start + size], axes: [axis] }) : undefined;
      start += isFixed ? size : 0;
      return inferredType(dataType, shape.with(axis, size), value);
    });
  },
  kind: "data-movement",
  configuration: [1],
};

/** Given as an attribute before opset 13 and as an input since; else equal parts, of which the last may be smaller. */
function partSizes(view: NodeView, total: Dimension, outputs: number): readonly Dimension[] {
  const sizes = listSetting(view, "split", 1);
  if (sizes.kind === "given") return sizes.list;
  if (sizes.kind === "open") return unknownSizes(outputs);
  const parts = view.int("num_outputs", outputs);
  if (parts > outputs) throw new ShapeError(`${parts} parts for ${outputs} outputs`);
  return splitSizes(total, parts);
}

const EXPAND: OperatorRule = {
  infer: (view) => {
    const target = listSetting(view, "shape", 1);
    const known = knownTensor(view.input(0));
    const shape = mapShape(view.shape(0), (input) => expanded(input, target));
    return [
      inferredType(view.dataType(0), shape, known && shape && isStatic(shape) ? expandValue(known, shape) : undefined),
    ];
  },
  kind: "data-movement",
  configuration: [1],
};

function expanded(input: Shape, target: ReturnType<typeof listSetting>): Shape | undefined {
  if (target.kind === "given") return expandShape(input, target.list);
  if (target.kind === "absent" || target.length === undefined) return undefined;
  return broadcastShapes([input, unknownSizes(target.length)]);
}

/** Opset 1 repeats one axis; both its number and the repeats are inputs. */
const TILE: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const repeats = shape && tileRepeats(view, shape.length);
    const known = knownTensor(view.input(0));
    const isKnown = known !== undefined && repeats !== undefined && isStatic(repeats);
    return [
      inferredType(
        view.dataType(0),
        shape && repeats && tileShape(shape, repeats),
        isKnown ? tileValue(known, repeats) : undefined,
      ),
    ];
  },
  kind: "data-movement",
  configuration: [1, 2],
};

function tileRepeats(view: NodeView, rank: number): readonly Dimension[] {
  const repeats = view.value(1);
  if (view.version >= 6) return repeats ?? unknownSizes(rank);
  const axis = view.number(2);
  if (axis === undefined) return unknownSizes(rank);
  return Array.from({ length: rank }, (_, at) => (at === axis ? (repeats?.[0] ?? UNKNOWN_SIZE) : 1));
}

const PAD: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const pads = shape && padsOf(view, shape.length);
    if (shape === undefined || pads === undefined) {
      return [inferredType(view.dataType(0), shape && unknownSizes(shape.length))];
    }
    const { before, after } = pads;
    const known = view.text("mode", "constant") === "constant" ? knownTensor(view.input(0)) : undefined;
    const padding = view.has(2) ? view.value(2)?.[0] : view.int("value", 0);
    const isKnown = known && padding !== undefined && isStatic(before) && isStatic(after);
    const value = isKnown ? padValue(known, before, after, padding) : undefined;
    return [inferredType(view.dataType(0), padShape(shape, before, after), value)];
  },
  kind: "data-movement",
  configuration: [1, 2, 3],
};

/** Cropped or padded around the middle to the sizes of input 1, which are those of `axes`. */
const CENTER_CROP_PAD: OperatorRule = {
  infer: (view) => {
    const sizes = view.value(1);
    const axes = view.ints("axes");
    const shape = mapShape(view.shape(0), (input) =>
      (axes ?? input.map((_, axis) => axis)).reduce<Shape>(
        (cut, axis, place) => cut.with(normalizeAxis(axis, input.length), sizes?.[place] ?? UNKNOWN_SIZE),
        input,
      ),
    );
    return [inferredType(view.dataType(0), shape)];
  },
  kind: "data-movement",
  configuration: [1],
};

interface Pads {
  readonly before: readonly Dimension[];
  readonly after: readonly Dimension[];
}

/** Named `paddings` in opset 1, an input since 11, and for the axes of input 3 alone since 18. */
function padsOf(view: NodeView, rank: number): Pads | undefined {
  const pads = listSetting(view, view.version < 2 ? "paddings" : "pads", 1);
  const axes = listSetting(view, "axes", 3);
  if (pads.kind !== "given" || axes.kind === "open") return undefined;
  const padded = numbersOf(axes) ?? Array.from({ length: rank }, (_, axis) => axis);
  const before: Dimension[] = Array.from({ length: rank }, () => 0);
  const after: Dimension[] = [...before];
  padded.forEach((named, place) => {
    const axis = normalizeAxis(named, rank);
    before[axis] = pads.list[place] ?? 0;
    after[axis] = pads.list[place + padded.length] ?? 0;
  });
  return { before, after };
}

function depthSpace(shapeOf: (shape: Shape, options: DepthSpaceOptions) => Shape): OperatorRule {
  return {
    infer: (view) => {
      const options = { blockSize: view.int("blocksize", 0), channelAxis: 1 };
      return [
        inferredType(
          view.dataType(0),
          mapShape(view.shape(0), (shape) => shapeOf(shape, options)),
        ),
      ];
    },
    kind: "data-movement",
  };
}

/** The upper or lower triangle of each matrix; zeros in the other. */
const TRILU: OperatorRule = {
  infer: (view) => {
    const known = knownTensor(view.input(0));
    const diagonal = view.has(1) ? view.number(1) : 0;
    const { dataType, shape } = sameAs(view);
    const isKnown = known !== undefined && diagonal !== undefined;
    return [inferredType(dataType, shape, isKnown ? triangle(known, diagonal, view.flag("upper", true)) : undefined)];
  },
  kind: "data-movement",
  configuration: [1],
  inPlace: [0],
};

function triangle(matrices: KnownTensor, diagonal: number, isUpper: boolean): InferredType["value"] {
  return fill(matrices.shape, (place) => {
    const distance = (place.at(-1) ?? 0) - (place.at(-2) ?? 0) - diagonal;
    const isKept = isUpper ? distance >= 0 : distance <= 0;
    return isKept ? matrices.value[positionOf(place, matrices.shape)] : 0;
  });
}

function liftTranspose(layer: NativeLayer): Lifted {
  const rank = layer.shape().length;
  const permutation = layer.view.ints("perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return layer.lifted({ kind: "transpose", permutation });
}

const foldTranspose: Fold = ({ view }, _, input) => {
  const weights = input();
  const reversed = weights?.shape.map((__, axis, { length }) => length - 1 - axis);
  return weights && permutedWeights(weights, view.ints("perm") ?? reversed ?? []);
};

function liftConcat(layer: NativeLayer): Lifted {
  const { view } = layer;
  const axis = layer.axis(view.int("axis", 1));
  return layer.lifted({ kind: "concat", axis, activation: undefined }, [...view.inputs.keys()]);
}

function liftSplit(layer: NativeLayer): Lifted {
  const axis = layer.axis(layer.view.int("axis", 0));
  const sizes = layer.view.node.outputs.map((_, output) =>
    fixed(layer.output(output).shape?.[axis], "what it splits off"),
  );
  if (layer.view.node.outputs.some((id) => id < 0)) throw new NotLiftable("it leaves outputs out");
  return layer.lifted({ kind: "split", axis, sizes });
}

/** X, shape. Source: ONNX, Expand. */
function liftExpand(layer: NativeLayer): Lifted {
  return layer.lifted({ kind: "expand", target: layer.view.numbers(1) });
}

function liftPad(layer: NativeLayer): Lifted {
  const rank = layer.shape().length;
  const pads = layer.settings("pads", 1) ?? layer.view.ints("paddings");
  if (pads === undefined) throw new NotLiftable("its pads are missing");
  const axes = padAxes(layer, rank);
  const side = (offset: number): readonly number[] => {
    const sizes = Array.from({ length: rank }, (_, axis) => axis).map(() => 0);
    axes.forEach((axis, index) => (sizes[axis] = pads[offset + index] ?? 0));
    return sizes;
  };
  return layer.lifted({
    kind: "pad",
    mode: padMode(layer),
    begin: side(0),
    end: side(axes.length),
    value: padFilling(layer),
  });
}

function padAxes(layer: NativeLayer, rank: number): readonly number[] {
  if (!layer.view.has(3)) return Array.from({ length: rank }, (_, axis) => axis);
  const axes = layer.view.numbers(3);
  if (axes === undefined) throw new NotLiftable("its axes are computed while the model runs");
  return axes.map((axis) => layer.axis(axis));
}

function padMode(layer: NativeLayer): FormOf<"pad">["mode"] {
  const mode = layer.view.text("mode", "constant");
  if (mode === "constant" || mode === "reflect" || mode === "edge" || mode === "wrap") return mode;
  throw new NotLiftable(`it pads by "${mode}"`);
}

function padFilling(layer: NativeLayer): number {
  if (!layer.view.has(2)) return layer.view.int("value", 0);
  const value = layer.view.number(2);
  if (value === undefined) throw new NotLiftable("what it pads with is computed while the model runs");
  return value;
}

function liftDepthSpace(kind: "depth-to-space" | "space-to-depth"): (layer: NativeLayer) => Lifted {
  return (layer) =>
    layer.lifted({
      kind,
      block: layer.view.int("blocksize", 1),
      isGrouped: kind === "depth-to-space" && layer.view.text("mode", "DCR") === "CRD",
    });
}

/** Operators that move elements without computing any. */
export const LAYOUT: Operators = {
  Transpose: { ...TRANSPOSE, lift: liftTranspose, fold: foldTranspose },
  Concat: { ...CONCAT, lift: liftConcat },
  Split: { ...SPLIT, lift: liftSplit },
  Expand: { ...EXPAND, lift: liftExpand },
  Tile: TILE,
  Pad: { ...PAD, lift: liftPad },
  CenterCropPad: CENTER_CROP_PAD,
  DepthToSpace: { ...depthSpace(depthToSpaceShape), lift: liftDepthSpace("depth-to-space") },
  SpaceToDepth: { ...depthSpace(spaceToDepthShape), lift: liftDepthSpace("space-to-depth") },
  ReverseSequence: { infer: (view) => [sameAs(view)], kind: "data-movement", configuration: [1] },
  Trilu: TRILU,
};
