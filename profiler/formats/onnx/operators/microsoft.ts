import { isStatic, type Dimension, type Shape } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import { add, floorDivide, multiply, subtract, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { gatherShape } from "../../../shapes/gather.ts";
import { padShape } from "../../../shapes/pad.ts";
import { unsqueezeShape } from "../../../shapes/reshape.ts";
import { inferredType, mapShape, runtimeSize, sameAs, unknownSizes } from "./inferred-types.ts";
import { INDEXING } from "./indexing.ts";
import { MICROSOFT_ATTENTION } from "./microsoft-attention.ts";
import { MICROSOFT_FUSED } from "./microsoft-fused.ts";
import { MICROSOFT_PRODUCTS } from "./microsoft-products.ts";
import { MICROSOFT_QUANTIZED } from "./microsoft-quantized.ts";
import { SHAPE_ARITHMETIC } from "./shape-arithmetic.ts";
import { LAYOUT } from "./layout.ts";
import { cropShape, GRID_SAMPLE } from "./vision.ts";

/** X, axis */
const EXPAND_DIMS: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const axis = view.number(1);
    const expanded = shape && (axis === undefined ? unknownSizes(shape.length + 1) : unsqueezeShape(shape, [axis]));
    return [inferredType(view.dataType(0), expanded, view.value(0))];
  },
  kind: "reshape",
  configuration: [1],
  isView: true,
  carries: 0,
};

/** data, pads (also as 1×2n), value? */
const PAD: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const pads = view.value(1);
    const rank = shape?.length ?? 0;
    const padded = shape && (pads ? padShape(shape, pads.slice(0, rank), pads.slice(rank)) : unknownSizes(rank));
    return [inferredType(view.dataType(0), padded)];
  },
  kind: "data-movement",
  configuration: [1, 2],
};

/** x → its different elements, where each element is among them, how often each occurs */
const UNIQUE: OperatorRule = {
  infer: (view) => {
    const count = runtimeSize(view, "unique");
    return [
      inferredType(view.dataType(0), [count]),
      inferredType("int64", view.shape(0)),
      inferredType("int64", [count]),
    ];
  },
  kind: "sort",
};

/** data (packed blocks), indices, scales, zero_points? */
const GATHER_BLOCK_QUANTIZED: OperatorRule = {
  infer: (view) => {
    const data = elementsPerAxis(view);
    const indices = view.shape(1);
    const axis = view.int("gather_axis", 0);
    const shape = data && indices && gatherShape(data, indices, normalizeAxis(axis, data.length));
    return [inferredType(view.dataType(2), shape)];
  },
  kind: "gather",
  configuration: [2, 3],
  weightElements: (view, input) => {
    const data = elementsPerAxis(view);
    const bits = view.int("bits", 4);
    if (input !== 0 || view.dataType(0) !== "uint8" || !data || !isStatic(data)) return undefined;
    const dataType = ({ 2: "uint2", 4: "uint4", 8: "uint8" } as const)[bits];
    return dataType && { elements: data.reduce((product, size) => product * size, 1), dataType };
  },
  computesIn: (view) => view.dataType(2),
};

/** Narrow weights in bytes are packed along the last axis. */
function elementsPerAxis(view: NodeView): Shape | undefined {
  const packing = view.dataType(0) === "uint8" ? 8 / view.int("bits", 4) : 1;
  return mapShape(view.shape(0), (shape) => [
    ...shape.slice(0, -1),
    ...shape.slice(-1).map((size) => multiply(size, packing)),
  ]);
}

/** weight, indices, … */
const TORCH_EMBEDDING: OperatorRule = {
  infer: (view) => {
    const [weight, indices] = [view.shape(0), view.shape(1)];
    return [inferredType(view.dataType(0), weight && indices && gatherShape(weight, indices, 0))];
  },
  kind: "gather",
  configuration: [2, 3],
};

/** X N×C×H×W, rois, batch_indices, crop_size */
const CROP_AND_RESIZE: OperatorRule = {
  infer: (view) => [inferredType(view.dataType(0), cropShape(view, view.value(3) ?? unknownSizes(2)))],
  kind: "resize",
  configuration: [3],
};

/** A M×N, B K×N → M×K distances: a difference, a square and a sum for each pair of elements. */
const CDIST: OperatorRule = {
  describe: (view) => {
    const length = view.shape(0)?.[1];
    return {
      outputs: [
        inferredType(view.dataType(0), [view.shape(0)?.[0] ?? UNKNOWN_SIZE, view.shape(1)?.[0] ?? UNKNOWN_SIZE]),
      ],
      operation:
        typeof length === "number"
          ? { kind: "elementwise", geometry: { opsPerElement: 3 * length } }
          : { kind: "unknown" },
    };
  },
};

/** sequence words×characters, W, B, embedding table → words×filters */
const WORD_CONV_EMBEDDING: OperatorRule = {
  infer: (view) => {
    const filters: Dimension = view.int("embedding_size") ?? view.shape(1)?.[0] ?? UNKNOWN_SIZE;
    return [
      inferredType(
        "float32",
        mapShape(view.shape(0), (shape) => [...shape.slice(0, -1), filters]),
      ),
    ];
  },
  kind: "unknown",
};

/** The real spectrum of a real signal: its last axis becomes half as long, and pairs of numbers come behind. */
const RFFT: OperatorRule = {
  infer: (view) => {
    const shape = mapShape(view.shape(0), (signal) => [
      ...signal.slice(0, -1),
      add(floorDivide(signal.at(-1) ?? UNKNOWN_SIZE, 2), 1),
      2,
    ]);
    return [inferredType(view.dataType(0), shape)];
  },
  kind: "unknown",
};

const IRFFT: OperatorRule = {
  infer: (view) => {
    const shape = mapShape(view.shape(0), (spectrum) => [
      ...spectrum.slice(0, -2),
      multiply(2, subtract(spectrum.at(-2) ?? UNKNOWN_SIZE, 1)),
    ]);
    return [inferredType(view.dataType(0), shape)];
  },
  kind: "unknown",
};

const INVERSE: OperatorRule = { infer: (view) => [sameAs(view)], kind: "unknown" };

/** Strings along a last axis that is as long as the longest list of tokens. */
const TOKENIZER: OperatorRule = {
  infer: (view) => [
    inferredType(
      "string",
      mapShape(view.shape(0), (shape) => [...shape, runtimeSize(view, "tokens")]),
    ),
  ],
  kind: "unknown",
};

const MURMUR_HASH: OperatorRule = {
  infer: (view) => [inferredType(view.flag("positive", true) ? "uint32" : "int32", view.shape(0))],
  kind: "unknown",
};

/** input_ids, scores → scores with some of them out of the question */
const NGRAM_REPEAT_BLOCK: OperatorRule = { infer: (view) => [sameAs(view, 1)], kind: "data-movement" };

const BIFURCATION_DETECTOR: OperatorRule = {
  infer: (view) => [inferredType("int64", [runtimeSize(view, "tokens")]), inferredType("int64", [])],
  kind: "unknown",
};

/** Text generation: runs its bodies until the text ends. */
function generation(hasBeams: boolean): OperatorRule {
  return {
    infer: (view) => {
      const batch = view.shape(0)?.[0] ?? UNKNOWN_SIZE;
      const longest = view.value(1)?.[0] ?? UNKNOWN_SIZE;
      const beams = hasBeams ? [view.value(4)?.[0] ?? UNKNOWN_SIZE] : [];
      return [inferredType("int32", [batch, ...beams, longest])];
    },
    kind: "unknown",
  };
}

/** input, sequence_token_count → tokens without padding, and where they were */
const REMOVE_PADDING: OperatorRule = {
  infer: (view) => {
    const [batch = UNKNOWN_SIZE, length = UNKNOWN_SIZE, hidden = UNKNOWN_SIZE] = view.shape(0) ?? [];
    return [
      inferredType(view.dataType(0), [runtimeSize(view, "tokens"), hidden]),
      inferredType("int32", [batch, length]),
      inferredType("int32", [add(batch, 1)]),
      inferredType("int32", [1]),
    ];
  },
  kind: "data-movement",
  configuration: [1],
};

/** input, token_offset */
const RESTORE_PADDING: OperatorRule = {
  infer: (view) => {
    const [batch = UNKNOWN_SIZE, length = UNKNOWN_SIZE] = view.shape(1) ?? [];
    return [inferredType(view.dataType(0), [batch, length, view.shape(0)?.[1] ?? UNKNOWN_SIZE])];
  },
  kind: "data-movement",
  configuration: [1],
};

const UNFOLD_TENSOR: OperatorRule = {
  infer: (view) => {
    const size = view.int("size", 1);
    const shape = mapShape(view.shape(0), (whole) => {
      const unfolded = normalizeAxis(view.int("dim", -1), whole.length);
      const slices = (length: Dimension) => add(floorDivide(subtract(length, size), view.int("step", 1)), 1);
      return [...whole.map((length, axis) => (axis === unfolded ? slices(length) : length)), size];
    });
    return [inferredType(view.dataType(0), shape)];
  },
  kind: "data-movement",
};

/** Operators that ONNX has too, under the same names and with the same meaning. */
const SHARED: Readonly<Record<string, OperatorRule>> = Object.fromEntries(
  Object.entries({ ...INDEXING, ...LAYOUT, ...SHAPE_ARITHMETIC }).filter(([name]) =>
    ["GatherND", "Trilu", "Range"].includes(name),
  ),
);

/** The operators of the domain com.microsoft. Source: ONNX Runtime, ContribOperators.md. */
export const MICROSOFT: Readonly<Record<string, OperatorRule>> = {
  ...SHARED,
  ...MICROSOFT_ATTENTION,
  ...MICROSOFT_FUSED,
  ...MICROSOFT_PRODUCTS,
  ...MICROSOFT_QUANTIZED,
  BeamSearch: generation(true),
  BifurcationDetector: BIFURCATION_DETECTOR,
  CDist: CDIST,
  CropAndResize: CROP_AND_RESIZE,
  ExpandDims: EXPAND_DIMS,
  GatherBlockQuantized: GATHER_BLOCK_QUANTIZED,
  GreedySearch: generation(false),
  GridSample: GRID_SAMPLE,
  Inverse: INVERSE,
  Irfft: IRFFT,
  MurmurHash3: MURMUR_HASH,
  NGramRepeatBlock: NGRAM_REPEAT_BLOCK,
  Pad: PAD,
  RemovePadding: REMOVE_PADDING,
  RestorePadding: RESTORE_PADDING,
  Rfft: RFFT,
  Sampling: generation(false),
  Tokenizer: TOKENIZER,
  TorchEmbedding: TORCH_EMBEDDING,
  UnfoldTensor: UNFOLD_TENSOR,
  Unique: UNIQUE,
  WhisperBeamSearch: generation(true),
  WordConvEmbedding: WORD_CONV_EMBEDDING,
};
