import { isStatic, type Dimension, type Shape } from "../../../model/shape.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import type { FormOf, Sampling } from "../../../neutral/forms.ts";
import { fixed, NotLiftable } from "../../../neutral/native-layer.ts";
import type { Fold } from "../../../neutral/operator.ts";
import { permutedWeights } from "../../../neutral/stored-weights.ts";
import { inferredType, unknownSizes } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import { broadcastShapes } from "../../../shapes/broadcast.ts";
import { concatShapes, splitSizes, stackShapes } from "../../../shapes/concat.ts";
import { depthToSpaceShape, spaceToDepthShape } from "../../../shapes/depth-space.ts";
import { add, multiply, quotient, subtract, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { knownTensor, knownTensors } from "../../../shapes/known-tensor.ts";
import { expandShape, padShape, tileShape } from "../../../shapes/pad.ts";
import { ShapeError } from "../../../shapes/shape-error.ts";
import { transposeShape } from "../../../shapes/transpose.ts";
import {
  concatValue,
  expandValue,
  padValue,
  sliceValue,
  stackValue,
  tileValue,
  transposeValue,
} from "../../../shapes/value-layout.ts";
import type { TfliteLayer } from "../restructure/tflite-layer.ts";
import { listInput, outputType, shaped, type Rules } from "./common.ts";

const TRANSPOSE: OperatorRule = {
  infer: (view) => {
    const permutation = view.numbers(1);
    const shape = view.shape(0);
    const type = view.dataType(0);
    if (permutation === undefined || shape === undefined)
      return [inferredType(type, shape && unknownSizes(shape.length))];
    const known = knownTensor(view.input(0));
    return [inferredType(type, transposeShape(shape, permutation), known && transposeValue(known, permutation))];
  },
  kind: "data-movement",
  configuration: [1],
  carries: 0,
};

const CONCATENATION: OperatorRule = {
  infer: (view) => {
    const parts = view.inputs.map((_, index) => view.input(index));
    const shapes = parts.map(({ shape }) => shape).filter((shape) => shape !== undefined);
    const axis = view.int("axis", view.int("dimension", 0));
    const known = knownTensors(parts);
    const shape = shapes.length === parts.length ? concatShapes(shapes, axis) : undefined;
    return [inferredType(view.dataType(0), shape, known && concatValue(known, axis))];
  },
  kind: "data-movement",
};

const PACK: OperatorRule = {
  infer: (view) => {
    const parts = view.inputs.map((_, index) => view.input(index));
    const shapes = parts.map(({ shape }) => shape).filter((shape) => shape !== undefined);
    const shape = shapes.length === parts.length ? stackShapes(shapes, view.int("axis", 0)) : undefined;
    // How converters put shapes together, of scalars, and the pads of each axis, of lists.
    const known = shape && knownTensors(parts);
    return [inferredType(view.dataType(0), shape, known && stackValue(known, view.int("axis", 0)))];
  },
  kind: "data-movement",
};

const UNPACK: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const type = view.dataType(0);
    const axis = shape && normalizeAxis(view.int("axis", 0), shape.length);
    const part = shape && axis !== undefined ? shape.toSpliced(axis, 1) : undefined;
    const known = knownTensor(view.input(0));
    return view.node.outputs.map((_, index) => {
      const cut = axis === undefined ? undefined : { starts: [index], ends: [index + 1], axes: [axis] };
      return inferredType(type, part, known && cut && sliceValue(known, cut));
    });
  },
  kind: "data-movement",
};

/** Parts along an axis; the sizes as functions of the axis' size. */
function split(
  data: number,
  axisInput: number,
  sizesOf: (view: NodeView, total: Dimension, parts: number) => readonly Dimension[],
): OperatorRule {
  return {
    infer: (view) => {
      const shape = view.shape(data);
      const axis = view.number(axisInput);
      const type = view.dataType(data);
      const parts = view.node.outputs.length;
      if (shape === undefined || axis === undefined) {
        return view.node.outputs.map(() => inferredType(type, shape && unknownSizes(shape.length)));
      }
      const along = normalizeAxis(axis, shape.length);
      const known = knownTensor(view.input(data));
      let start = 0;
      return sizesOf(view, shape[along] ?? UNKNOWN_SIZE, parts).map((size) => {
        const cut = typeof size === "number" ? { starts: [start], ends: [start + size], axes: [along] } : undefined;
        start += typeof size === "number" ? size : 0;
        return inferredType(type, shape.with(along, size), known && cut && sliceValue(known, cut));
      });
    },
    kind: "data-movement",
    configuration: data === 0 ? [1, 2] : [0],
  };
}

/** Sizes in an input, of which one may be −1: what is left. */
function givenSizes(view: NodeView, total: Dimension, parts: number): readonly Dimension[] {
  const sizes = view.value(1) ?? unknownSizes(parts);
  const rest = sizes.reduce<Dimension>((left, size) => (size === -1 ? left : subtract(left, size)), total);
  return sizes.map((size) => (size === -1 ? rest : size));
}

/** Pairs of pads, before and after, an axis each. */
function padPairs(view: NodeView, shape: Shape): { before: readonly Dimension[]; after: readonly Dimension[] } {
  const pads = view.value(1) ?? unknownSizes(2 * shape.length);
  return {
    before: shape.map((_, axis) => pads[2 * axis] ?? 0),
    after: shape.map((_, axis) => pads[2 * axis + 1] ?? 0),
  };
}

const MIRROR_PAD = shaped(
  (shape, view) => {
    const { before, after } = padPairs(view, shape);
    return padShape(shape, before, after);
  },
  { kind: "data-movement", configuration: [1] },
);

const PAD: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    if (shape === undefined) return [inferredType(view.dataType(0), undefined)];
    const { before, after } = padPairs(view, shape);
    const known = knownTensor(view.input(0));
    const padding = view.has(2) ? view.value(2)?.[0] : 0;
    const value =
      known && padding !== undefined && isStatic(before) && isStatic(after)
        ? padValue(known, before, after, padding)
        : undefined;
    return [inferredType(view.dataType(0), padShape(shape, before, after), value)];
  },
  kind: "data-movement",
  configuration: [1, 2],
};

const TILE: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const repeats = view.numbers(1);
    const known = knownTensor(view.input(0));
    const tiled = shape && tileShape(shape, view.value(1) ?? unknownSizes(shape.length));
    return [inferredType(view.dataType(0), tiled, known && repeats && tileValue(known, repeats))];
  },
  kind: "data-movement",
  configuration: [1],
};

const BROADCAST_TO: OperatorRule = {
  infer: (view) => {
    const target = listInput(view, 1);
    const shape = view.shape(0);
    const stretched = shape && target && expandShape(shape, target);
    const known = knownTensor(view.input(0));
    const value = known && stretched && isStatic(stretched) ? expandValue(known, stretched) : undefined;
    return [inferredType(view.dataType(0), stretched, value)];
  },
  kind: "data-movement",
  configuration: [1],
};

/** The shape that two shapes, given as tensors, stretch to. */
const BROADCAST_ARGS: OperatorRule = {
  infer: (view) => {
    const [a, b] = [view.value(0), view.value(1)];
    const shape = a && b && broadcastShapes([a, b]);
    return [inferredType(view.dataType(0), shape ? [shape.length] : unknownSizes(1), shape)];
  },
  kind: "shape",
};

/** Blocks of spatial axes moved into the batch; each axis is padded first. */
const SPACE_TO_BATCH = shaped(
  (shape, view) => {
    const block = listInput(view, 1) ?? unknownSizes(shape.length - 2);
    const pads = view.value(2) ?? unknownSizes(2 * block.length);
    const spatial = block.map((size, axis) => {
      const padded = add(add(shape[axis + 1] ?? UNKNOWN_SIZE, pads[2 * axis] ?? 0), pads[2 * axis + 1] ?? 0);
      return whole(quotient([padded], [size]));
    });
    return [block.reduce(multiply, shape[0] ?? UNKNOWN_SIZE), ...spatial, ...shape.slice(block.length + 1)];
  },
  { kind: "data-movement", configuration: [1, 2] },
);

/** The way back; each axis is cropped last. */
const BATCH_TO_SPACE = shaped(
  (shape, view) => {
    const block = listInput(view, 1) ?? unknownSizes(shape.length - 2);
    const crops = view.value(2) ?? unknownSizes(2 * block.length);
    const spatial = block.map((size, axis) => {
      const grown = multiply(shape[axis + 1] ?? UNKNOWN_SIZE, size);
      return subtract(subtract(grown, crops[2 * axis] ?? 0), crops[2 * axis + 1] ?? 0);
    });
    return [whole(quotient([shape[0] ?? UNKNOWN_SIZE], block)), ...spatial, ...shape.slice(block.length + 1)];
  },
  { kind: "data-movement", configuration: [1, 2] },
);

/** @throws ShapeError when a size does not divide into blocks */
function whole(size: Dimension): Dimension {
  if (typeof size === "number" && !Number.isInteger(size)) throw new ShapeError("a size does not divide into blocks");
  return size;
}

/** The new height and width are an input; batch and channels stay. */
const RESIZE: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const [height = UNKNOWN_SIZE, width = UNKNOWN_SIZE] = listInput(view, 1) ?? [];
    return [inferredType(outputType(view), shape && [shape[0] ?? UNKNOWN_SIZE, height, width, ...shape.slice(3)])];
  },
  kind: "resize",
  configuration: [1],
};

const same = shaped((shape) => shape, { kind: "data-movement", configuration: [1] });

function liftTranspose(layer: TfliteLayer): Lifted {
  return layer.lifted({ kind: "transpose", permutation: layer.constants(1, "axes").map((axis) => layer.axis(axis)) });
}

const foldTranspose: Fold = ({ view }, _, input) => {
  const [permutation, weights] = [view.numbers(1), input()];
  return permutation && weights && permutedWeights(weights, permutation);
};

function liftConcatenation(layer: TfliteLayer): Lifted {
  const { view } = layer;
  const axis = layer.axis(view.int("axis", 0));
  return layer.lifted({ kind: "concat", axis, activation: layer.fused() }, [...view.inputs.keys()]);
}

/** @param data @param axis which of the inputs they are */
function liftSplit(data: number, axis: number): (layer: TfliteLayer) => Lifted {
  return (layer) => {
    const [given = 0] = layer.constants(axis, "axis");
    const along = layer.axis(given, layer.shape(data).length);
    const sizes = layer.view.node.outputs.map((_, output) =>
      fixed(layer.output(output).shape?.[along], "what it splits off"),
    );
    return layer.lifted({ kind: "split", axis: along, sizes }, [data]);
  };
}

/** @param mode how PAD and PADV2 fill what they add, and MIRROR_PAD by its option */
function liftPad(modeOf: (layer: TfliteLayer) => FormOf<"pad">["mode"]): (layer: TfliteLayer) => Lifted {
  return (layer) => {
    const pairs = layer.constants(1, "pads");
    const side = (offset: number): readonly number[] => layer.shape().map((_, axis) => pairs[2 * axis + offset] ?? 0);
    return layer.lifted({ kind: "pad", mode: modeOf(layer), begin: side(0), end: side(1), value: fillingOf(layer) });
  };
}

/** A quantized PAD fills with its zero point, which stands for 0. */
function fillingOf(layer: TfliteLayer): number {
  if (!layer.view.has(2)) return 0;
  const value = layer.view.number(2);
  const quantization = layer.weights(2).quantization;
  if (value === undefined) throw new NotLiftable("what it pads with is not a single number");
  const [zeroPoint = 0] = quantization?.zeroPoints ?? [];
  const [scale = 1] = quantization?.scales ?? [];
  return (value - zeroPoint) * scale;
}

function mirrorMode({ view }: TfliteLayer): "reflect" {
  if (view.text("mode", "REFLECT") === "REFLECT") return "reflect";
  throw new NotLiftable("it repeats the border as it mirrors");
}

function liftDepthSpace(kind: "depth-to-space" | "space-to-depth"): (layer: TfliteLayer) => Lifted {
  return (layer) => layer.lifted({ kind, block: layer.view.int("block_size", 1), isGrouped: false });
}

/** Height and width; batch and channels stay. */
function liftResize(mode: "nearest" | "linear"): (layer: TfliteLayer) => Lifted {
  return (layer) => {
    if (layer.shape().length !== 4) throw new NotLiftable("its input is not an image");
    const sizes = layer.isConstant(1) ? layer.view.numbers(1) : undefined;
    return layer.lifted({ kind: "resize", to: sizes && { sizes }, sampling: { mode, ...samplingOf(layer) } });
  };
}

/** Source: TFLite's reference kernels, resize_bilinear.h and resize_nearest_neighbor.h. */
function samplingOf({ view }: TfliteLayer): Omit<Sampling, "mode"> {
  if (view.flag("align_corners")) return { coordinates: "align-corners", rounding: "half-up" };
  if (view.flag("half_pixel_centers")) return { coordinates: "half-pixel", rounding: "half-up" };
  return { coordinates: "asymmetric", rounding: "floor" };
}

const NHWC_CHANNELS = 3;

function depthSpace(shapeOf: typeof depthToSpaceShape): OperatorRule {
  const options = (view: NodeView): Parameters<typeof depthToSpaceShape>[1] => ({
    blockSize: view.int("block_size", 0),
    channelAxis: NHWC_CHANNELS,
  });
  return shaped((shape, view) => shapeOf(shape, options(view)), { kind: "data-movement" });
}

/** Operators that move elements without computing any. */
export const LAYOUT: Rules = {
  TRANSPOSE: { ...TRANSPOSE, lift: liftTranspose, fold: foldTranspose },
  CONCATENATION: { ...CONCATENATION, lift: liftConcatenation },
  STABLEHLO_CONCATENATE: CONCATENATION,
  PACK,
  UNPACK,
  SPLIT: { ...split(1, 0, (_, total, parts) => splitSizes(total, parts)), lift: liftSplit(1, 0) },
  SPLIT_V: { ...split(0, 2, givenSizes), lift: liftSplit(0, 2) },
  PAD: { ...PAD, lift: liftPad(() => "constant") },
  PADV2: { ...PAD, lift: liftPad(() => "constant") },
  MIRROR_PAD: { ...MIRROR_PAD, lift: liftPad(mirrorMode) },
  TILE,
  BROADCAST_TO,
  BROADCAST_ARGS,
  SPACE_TO_BATCH_ND: SPACE_TO_BATCH,
  BATCH_TO_SPACE_ND: BATCH_TO_SPACE,
  DEPTH_TO_SPACE: { ...depthSpace(depthToSpaceShape), lift: liftDepthSpace("depth-to-space") },
  SPACE_TO_DEPTH: { ...depthSpace(spaceToDepthShape), lift: liftDepthSpace("space-to-depth") },
  REVERSE_V2: same,
  REVERSE_SEQUENCE: same,
  // Zeros between the elements of each axis: (size − 1) · dilation + 1.
  DILATE: shaped(
    (shape, view) =>
      shape.map((size, axis) => add(multiply(subtract(size, 1), view.value(1)?.[axis] ?? UNKNOWN_SIZE), 1)),
    { kind: "data-movement", configuration: [1, 2] },
  ),
  RESIZE_BILINEAR: { ...RESIZE, lift: liftResize("linear") },
  RESIZE_NEAREST_NEIGHBOR: { ...RESIZE, lift: liftResize("nearest") },
  MATRIX_DIAG: shaped((shape) => [...shape, shape.at(-1) ?? UNKNOWN_SIZE], { kind: "data-movement" }),
  MATRIX_SET_DIAG: shaped((shape) => shape, { kind: "data-movement", inPlace: [0] }),
};
