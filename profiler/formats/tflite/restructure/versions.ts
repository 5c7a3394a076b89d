import { ownEntry } from "../../../own-entry.ts";
import type { DataType } from "../../../model/data-type.ts";
import type { Attribute } from "../../../model/model.ts";

/** What an operator's version depends on: that of the first runtime which knows it used so. */
export interface OperatorUse {
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Of the data input. */
  readonly dataType: DataType | undefined;
  /** Of the data input. */
  readonly rank: number;
  /** Axes of the input that has most. */
  readonly mostAxes: number;
  /** Of the second input. */
  readonly weightType: DataType | undefined;
  /** The weights have a scale for each channel. */
  readonly isPerChannel: boolean;
  /** The data input has a scale for each channel. */
  readonly isPerChannelData: boolean;
  /** The two operands have other sizes than each other. */
  readonly isBroadcast: boolean;
  /** Product of the operands' scales over the output's is 1 or more; false without scales. */
  readonly isScaledUp: boolean;
  /** Number of inputs, left out ones among them. */
  readonly inputs: number;
  /** A convolution whose weights take fewer channels than there are. */
  readonly isGrouped: boolean;
}

type VersionOf = (use: OperatorUse) => number;

const byType =
  (int8: number, int16: number): VersionOf =>
  ({ dataType }) =>
    dataType === "int8" ? int8 : dataType === "int16" ? int16 : 1;

/** Versions of convolutions for weights in integers and data in floats. */
const isHybrid = ({ dataType, weightType }: OperatorUse): boolean => dataType === "float32" && weightType === "int8";

/** The option stands by default. */
const isScaledByPowers = ({ attributes }: OperatorUse): boolean => attributes.pot_scale_int16 !== false;

const MOST_BROADCAST_AXES = 4;
const isWideBroadcast = ({ isBroadcast, mostAxes }: OperatorUse): boolean =>
  isBroadcast && mostAxes > MOST_BROADCAST_AXES;

const EXTREME: VersionOf = (use) =>
  use.dataType === "int16" ? 4 : isWideBroadcast(use) ? 3 : use.dataType === "int8" ? 2 : 1;

const PADDING: VersionOf = (use) => (use.rank > 4 ? 4 : byType(2, 3)(use));

const RESIZE =
  (hasAligned: boolean): VersionOf =>
  ({ attributes, dataType }) => {
    if (dataType === "int16") return 4;
    const isExact = attributes.half_pixel_centers === true || (hasAligned && attributes.align_corners === true);
    return isExact ? 3 : dataType === "int8" ? 2 : 1;
  };

/** Source: TensorFlow Lite, op_version.cc. Operators that are not listed have version 1. */
const VERSIONS: Readonly<Record<string, VersionOf>> = {
  CONV_2D: (use) => {
    if (use.isGrouped) return 6;
    return isHybrid(use) ? (use.isPerChannel ? 5 : 2) : byType(3, 4)(use);
  },
  DEPTHWISE_CONV_2D: (use) => {
    if (isHybrid(use)) return use.isPerChannel ? 6 : 4;
    const isDilated = use.attributes.dilation_w_factor !== 1 || use.attributes.dilation_h_factor !== 1;
    return use.dataType === "int8" || use.dataType === "int16" ? byType(3, 5)(use) : isDilated ? 2 : 1;
  },
  FULLY_CONNECTED: (use) => {
    if (isHybrid(use) && use.isPerChannel) return 12;
    if (use.dataType === "int16") return 7;
    if (use.inputs === 2) return 6;
    if (use.attributes.keep_num_dims === true) return 5;
    if (isHybrid(use)) return use.attributes.asymmetric_quantize_inputs === true ? 9 : 3;
    return byType(4, 7)(use);
  },
  TRANSPOSE_CONV: ({ attributes, inputs, weightType }) => {
    const { fused_activation_function: fused = "NONE" } = attributes;
    if (fused !== "NONE") return 4;
    return inputs === 4 ? 3 : weightType === "int8" ? 2 : 1;
  },
  TRANSPOSE: (use) => (use.rank > 5 ? 6 : use.rank > 4 ? 4 : byType(2, 5)(use)),
  SLICE: (use) => (use.rank > 4 ? 5 : byType(2, 4)(use)),
  ADD: (use) => byType(2, isScaledByPowers(use) ? 1 : 3)(use),
  SUB: (use) => {
    if (use.dataType === "int16" && !isScaledByPowers(use)) return 5;
    return isWideBroadcast(use) ? 3 : byType(2, 1)(use);
  },
  DIV: (use) => (isWideBroadcast(use) ? 2 : 1),
  MUL: (use) => (use.dataType !== "int16" && use.isScaledUp ? 3 : byType(2, 4)(use)),
  MAXIMUM: EXTREME,
  MINIMUM: EXTREME,
  AVERAGE_POOL_2D: byType(2, 3),
  MAX_POOL_2D: byType(2, 3),
  MEAN: byType(2, 3),
  REDUCE_MAX: byType(2, 3),
  CONCATENATION: byType(2, 3),
  SPLIT: byType(2, 4),
  SPLIT_V: byType(2, 1),
  PAD: PADDING,
  PADV2: PADDING,
  RESIZE_BILINEAR: RESIZE(false),
  RESIZE_NEAREST_NEIGHBOR: RESIZE(true),
  MIRROR_PAD: byType(2, 3),
  SOFTMAX: byType(2, 3),
  LOG_SOFTMAX: byType(2, 1),
  GELU: byType(2, 1),
  DEPTH_TO_SPACE: byType(2, 1),
  RELU: byType(2, 3),
  RELU6: byType(2, 3),
  LEAKY_RELU: byType(1, 2),
  LOGISTIC: byType(2, 3),
  TANH: byType(2, 3),
  DEQUANTIZE: ({ dataType, isPerChannelData }) => {
    if (dataType === "float16" || dataType === "int16") return 3;
    return dataType === "int8" ? (isPerChannelData ? 5 : 2) : 1;
  },
};

export function versionOf(op: string, use: OperatorUse): number {
  return ownEntry(VERSIONS, op)?.(use) ?? 1;
}
