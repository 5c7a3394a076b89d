import { OPERATIONS_PER_ELEMENT, type ElementFunction } from "../../../operators/operations-per-element.ts";
import type { DataType } from "../../../model/data-type.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { broadcastShapes } from "../../../shapes/broadcast.ts";
import { ceilDivide, floorDivide, product, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { CAUSAL_CONVOLUTION, convolution } from "./convolution.ts";
import { inferredType, mapShape, sameAs } from "./inferred-types.ts";
import {
  LAYER_NORMALIZATION,
  NORMALIZATION_OPS,
  normalization,
  SIMPLIFIED_LAYER_NORMALIZATION,
  statistics,
} from "./normalization.ts";
import { globalPooling, pooling } from "./pooling.ts";

const channelsLast = () => "channels-last" as const;

/** input, skip, gamma, beta?, bias? → output, mean, inverse deviation, input + skip + bias */
function skipNormalization(opsPerElement: number): OperatorRule {
  return normalization(opsPerElement + OPERATIONS_PER_ELEMENT.arithmetic, (view) => [
    ...statistics(view, -1, "float32"),
    sameAs(view),
  ]);
}

/** input_ids, segment_ids?, three embeddings, gamma, beta, mask?, position_ids? → output, mask_index, sum of the embeddings */
const EMBED_LAYER_NORMALIZATION: OperatorRule = {
  describe: (view) => {
    const { output, mask, operation } = embedding(view, view.dataType(2));
    return { outputs: [output, mask, output], operation };
  },
};

/** The same of quantized tables: five scales and five zero points behind the mask. The output has the scales' type. */
const QUANTIZED_EMBED_LAYER_NORMALIZATION: OperatorRule = {
  describe: (view) => {
    const { output, mask, operation } = embedding(view, view.dataType(8));
    return { outputs: [output, mask], operation };
  },
  configuration: [8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
};

function embedding(view: NodeView, dataType: DataType | undefined) {
  const shape = mapShape(view.shape(0), (ids) => [...ids, view.shape(2)?.[1] ?? UNKNOWN_SIZE]);
  // Two or three embeddings are added up before they are normalised.
  const opsPerElement = NORMALIZATION_OPS.layer + (view.has(4) ? 2 : 1) * OPERATIONS_PER_ELEMENT.arithmetic;
  return {
    output: inferredType(dataType, shape),
    mask: inferredType("int32", [view.shape(0)?.[0] ?? UNKNOWN_SIZE]),
    operation: { kind: "norm", geometry: { opsPerElement } },
  } as const;
}

/** The attribute `activation` of GroupNorm is a number: 1 for SiLU. */
function groupNormalization(extraOps: number): OperatorRule {
  return normalization(
    (view) => NORMALIZATION_OPS.layer + extraOps + (view.int("activation", 0) === 1 ? OPERATIONS_PER_ELEMENT.silu : 0),
    (view) => [sameAs(view)],
  );
}

/** An activation of its first input, with the bias of the second added first where there is one. */
function biasedActivation(name: ElementFunction): OperatorRule {
  return {
    describe: (view) => {
      const bias = view.has(1) ? OPERATIONS_PER_ELEMENT.bias : 0;
      return {
        outputs: [sameAs(view)],
        operation: { kind: "activation", geometry: { opsPerElement: OPERATIONS_PER_ELEMENT[name] + bias } },
      };
    },
    inPlace: [0],
  };
}

/** X N×S×D, bias D → left half · Gelu(right half) */
const BIAS_SPLIT_GELU: OperatorRule = {
  describe: (view) => ({
    outputs: [
      inferredType(
        view.dataType(0),
        mapShape(view.shape(0), (shape) => [...shape.slice(0, -1), floorDivide(shape.at(-1) ?? UNKNOWN_SIZE, 2)]),
      ),
    ],
    // Both halves get their bias, one its activation, then they are multiplied.
    operation: {
      kind: "activation",
      geometry: {
        opsPerElement:
          2 * OPERATIONS_PER_ELEMENT.bias + OPERATIONS_PER_ELEMENT.gelu + OPERATIONS_PER_ELEMENT.arithmetic,
      },
    },
  }),
};

/** Sums or products of all inputs, broadcast. */
function combined(
  opsPerElement: number,
  outputs: (view: NodeView) => readonly InferredType[] = broadcast,
): OperatorRule {
  return {
    describe: (view) => ({ outputs: outputs(view), operation: { kind: "elementwise", geometry: { opsPerElement } } }),
    inPlace: [0],
  };
}

function broadcast(view: NodeView): readonly InferredType[] {
  return [inferredType(view.dataType(0), broadcastShapes(view.inputs.map((input) => input?.shape)))];
}

/** One bit an element, 32 of them to a word: whether it was kept. */
function bitmask(view: NodeView) {
  return inferredType(
    "uint32",
    mapShape(view.shape(0), (shape) => [ceilDivide(product(shape), BITS_OF_A_MASK_WORD)]),
  );
}
const BITS_OF_A_MASK_WORD = 32;

/** data, bias → softmax of their sum */
const BIAS_SOFTMAX: OperatorRule = { infer: (view) => [sameAs(view)], kind: "softmax", inPlace: [0] };

/** query_layer, query_bias, rel_pos, weight, bias, eco_a, token_offset? */
const GATED_RELATIVE_POSITION_BIAS: OperatorRule = {
  describe: (view) => {
    const query = view.shape(0);
    const isPacked = query?.length === 2;
    const [batch = UNKNOWN_SIZE] = (isPacked ? view.shape(6) : query) ?? [];
    const [, ...biases] = view.shape(2) ?? [];
    const [heads = UNKNOWN_SIZE, from = UNKNOWN_SIZE, to = UNKNOWN_SIZE] = biases;
    return {
      outputs: [inferredType(view.dataType(0), [batch, heads, from, to])],
      operation: { kind: "dense", geometry: { ...gateSizes(view, isPacked), hasBias: true } },
    };
  },
  configuration: [6],
};

/** The gates' product: every head of every token by the weight. */
function gateSizes(view: NodeView, isPacked: boolean) {
  const query = view.shape(0);
  const [inner = UNKNOWN_SIZE, columns = UNKNOWN_SIZE] = view.shape(3) ?? [];
  const batch = isPacked ? 1 : (query?.[0] ?? UNKNOWN_SIZE);
  const tokens = query?.[isPacked ? 0 : 1] ?? UNKNOWN_SIZE;
  const rows = typeof tokens === "number" ? tokens * view.int("num_heads", 1) : UNKNOWN_SIZE;
  return { batch, rows, inner, columns };
}

/** bias_table, query_length, key_length → 1×heads×query×key */
const RELATIVE_POSITION_BIAS: OperatorRule = {
  infer: (view) => [
    inferredType(view.dataType(0), [
      1,
      view.shape(0)?.[1] ?? UNKNOWN_SIZE,
      view.value(1)?.[0] ?? UNKNOWN_SIZE,
      view.value(2)?.[0] ?? UNKNOWN_SIZE,
    ]),
  ],
  kind: "gather",
  configuration: [1, 2],
};

/** X, scale, gate → scale · normalised X · SiLU(gate) */
const GATED_RMS_NORM = normalization(
  NORMALIZATION_OPS.rms + OPERATIONS_PER_ELEMENT.silu + OPERATIONS_PER_ELEMENT.arithmetic,
);

/** Convolution, pooling, normalisation and activations as ONNX Runtime's optimizers fuse them. */
export const MICROSOFT_FUSED: Readonly<Record<string, OperatorRule>> = {
  FusedConv: convolution(),
  NhwcConv: convolution({ layout: channelsLast }),
  NhwcFusedConv: convolution({ layout: channelsLast }),
  // X, W, Pads?, B?
  ConvTransposeWithDynamicPads: convolution({ isTransposed: true, bias: 3, padsInput: 2, configuration: [2] }),
  CausalConvWithState: CAUSAL_CONVOLUTION,
  NhwcMaxPool: pooling({ mode: "max", layout: channelsLast }),
  MaxpoolWithMask: pooling({ mode: "max", configuration: [1] }),
  LayerNormalization: LAYER_NORMALIZATION,
  SimplifiedLayerNormalization: SIMPLIFIED_LAYER_NORMALIZATION,
  SkipLayerNormalization: skipNormalization(NORMALIZATION_OPS.layer),
  SkipSimplifiedLayerNormalization: skipNormalization(NORMALIZATION_OPS.rms),
  EmbedLayerNormalization: EMBED_LAYER_NORMALIZATION,
  QEmbedLayerNormalization: QUANTIZED_EMBED_LAYER_NORMALIZATION,
  GroupNorm: groupNormalization(0),
  SkipGroupNorm: groupNormalization(OPERATIONS_PER_ELEMENT.arithmetic),
  GatedRMSNorm: GATED_RMS_NORM,
  Gelu: biasedActivation("gelu"),
  BiasGelu: biasedActivation("gelu"),
  FastGelu: biasedActivation("geluTanh"),
  QuickGelu: biasedActivation("silu"),
  BiasSplitGelu: BIAS_SPLIT_GELU,
  BiasAdd: combined(2 * OPERATIONS_PER_ELEMENT.arithmetic),
  BiasSoftmax: BIAS_SOFTMAX,
  BiasDropout: {
    ...combined(OPERATIONS_PER_ELEMENT.arithmetic, (view) => [sameAs(view), inferredType("bool", view.shape(0))]),
    configuration: [3, 4],
    drawsWhen: 4,
  },
  BitmaskDropout: {
    infer: (view) => [sameAs(view), bitmask(view)],
    kind: "free",
    configuration: [1, 2],
    drawsWhen: 2,
    inPlace: [0],
  },
  BitmaskBiasDropout: {
    ...combined(OPERATIONS_PER_ELEMENT.arithmetic, (view) => [sameAs(view), bitmask(view)]),
    configuration: [3, 4],
    drawsWhen: 4,
  },
  GatedAdd: combined(2 * OPERATIONS_PER_ELEMENT.arithmetic),
  GatedRelativePositionBias: GATED_RELATIVE_POSITION_BIAS,
  RelativePositionBias: RELATIVE_POSITION_BIAS,
};

/** X, channels_last → the blocked layout; back again with as many channels as there really are. */
const REORDER_INPUT: OperatorRule = {
  infer: (view) => {
    const shape = mapShape(view.shape(0), (given) => {
      if (!view.flag("channels_last")) return given;
      return [...given.slice(0, 1), ...given.slice(-1), ...given.slice(1, -1)];
    });
    return [inferredType(view.dataType(0), shape)];
  },
  kind: "data-movement",
};

const REORDER_OUTPUT: OperatorRule = {
  infer: (view) => {
    const shape = mapShape(view.shape(0), ([batch = UNKNOWN_SIZE, channels = UNKNOWN_SIZE, ...sizes]) => {
      const real = view.int("channels") ?? channels;
      return view.flag("channels_last") ? [batch, ...sizes, real] : [batch, real, ...sizes];
    });
    return [inferredType(view.dataType(0), shape)];
  },
  kind: "data-movement",
};

/** In the blocked layout of ONNX Runtime's CPU kernels, shapes read as channels first; what differs is the order in memory. */
export const MICROSOFT_NCHWC: Readonly<Record<string, OperatorRule>> = {
  ReorderInput: REORDER_INPUT,
  ReorderOutput: REORDER_OUTPUT,
  Conv: convolution({ hasBlockedChannels: true }),
  MaxPool: pooling({ mode: "max" }),
  AveragePool: pooling({ mode: "average" }),
  GlobalMaxPool: globalPooling({ mode: "max" }),
  GlobalAveragePool: globalPooling({ mode: "average" }),
};

/** What ONNX Runtime turns to channels last for its mobile and GPU providers; weights stay as Conv has them. */
export const INTERNAL_NHWC: Readonly<Record<string, OperatorRule>> = {
  Conv: convolution({ layout: channelsLast }),
  FusedConv: convolution({ layout: channelsLast }),
  ConvTranspose: convolution({ layout: channelsLast, isTransposed: true }),
  QLinearConv: convolution({
    layout: channelsLast,
    weight: 3,
    bias: 8,
    outputType: (view: NodeView) => view.dataType(7) ?? view.dataType(0),
    configuration: [1, 2, 4, 5, 6, 7],
  }),
  MaxPool: pooling({ mode: "max", layout: channelsLast }),
  AveragePool: pooling({ mode: "average", layout: channelsLast }),
  GlobalMaxPool: globalPooling({ mode: "max", layout: channelsLast }),
  GlobalAveragePool: globalPooling({ mode: "average", layout: channelsLast }),
};
