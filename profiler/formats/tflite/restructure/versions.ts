import type { DataType } from "../../../model/data-type.ts";
import type { Attribute } from "../../../model/model.ts";

/** What an operator's version depends on: that of the first runtime which knows it used so. */
export interface OperatorUse {
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Of the data input. */
  readonly dataType: DataType | undefined;
  readonly rank: number;
  /** Of the second input. */
  readonly weightType: DataType | undefined;
  /** The weights have a scale for each channel. */
  readonly isPerChannel: boolean;
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
    if (use.isPerChannel) return 12;
    if (use.dataType === "int16") return 7;
    if (use.attributes.keep_num_dims === true) return 5;
    return isHybrid(use) ? 3 : byType(4, 7)(use);
  },
  TRANSPOSE: (use) => (use.rank > 5 ? 6 : use.rank > 4 ? 4 : byType(2, 5)(use)),
  SLICE: (use) => (use.rank > 4 ? 5 : byType(2, 4)(use)),
  ADD: byType(2, 2),
  SUB: byType(2, 2),
  MUL: byType(2, 4),
  MAXIMUM: byType(2, 4),
  MINIMUM: byType(2, 4),
  AVERAGE_POOL_2D: byType(2, 3),
  MAX_POOL_2D: byType(2, 3),
  MEAN: byType(2, 3),
  REDUCE_MAX: byType(2, 3),
  CONCATENATION: byType(2, 3),
  SPLIT: byType(2, 4),
  SPLIT_V: byType(2, 2),
  PAD: byType(2, 3),
  PADV2: byType(2, 2),
  MIRROR_PAD: byType(2, 3),
  SOFTMAX: byType(2, 3),
  LOG_SOFTMAX: byType(2, 2),
  RELU: byType(2, 3),
  RELU6: byType(2, 3),
  LEAKY_RELU: byType(2, 2),
  LOGISTIC: byType(2, 3),
  TANH: byType(2, 3),
  DEQUANTIZE: ({ dataType }) => (dataType === "float16" ? 3 : dataType === "int8" ? 2 : 1),
};

export function versionOf(op: string, use: OperatorUse): number {
  return VERSIONS[op]?.(use) ?? 1;
}
