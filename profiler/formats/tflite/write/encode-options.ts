import { ownEntry } from "../../../own-entry.ts";
import type { Attribute } from "../../../model/model.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import { enumNumber, type Options } from "../options.ts";
import {
  AddOptionsT,
  BuiltinOptions,
  ConcatenationOptionsT,
  Conv2DOptionsT,
  DepthwiseConv2DOptionsT,
  DequantizeOptionsT,
  DivOptionsT,
  FullyConnectedOptionsT,
  GeluOptionsT,
  HardSwishOptionsT,
  LeakyReluOptionsT,
  LogSoftmaxOptionsT,
  MaximumMinimumOptionsT,
  MirrorPadOptionsT,
  MulOptionsT,
  type OperatorT,
  PadOptionsT,
  PadV2OptionsT,
  Pool2DOptionsT,
  PowOptionsT,
  ReducerOptionsT,
  ReshapeOptionsT,
  SliceOptionsT,
  SoftmaxOptionsT,
  SplitOptionsT,
  SplitVOptionsT,
  SubOptionsT,
  TransposeConvOptionsT,
  TransposeOptionsT,
} from "../schema/generated/schema_generated.ts";

/** Options tables of the operators that lowering makes; the others of these have none. */
const TABLES: Readonly<Record<string, readonly [BuiltinOptions, new () => Options]>> = {
  ADD: [BuiltinOptions.AddOptions, AddOptionsT],
  AVERAGE_POOL_2D: [BuiltinOptions.Pool2DOptions, Pool2DOptionsT],
  CONCATENATION: [BuiltinOptions.ConcatenationOptions, ConcatenationOptionsT],
  CONV_2D: [BuiltinOptions.Conv2DOptions, Conv2DOptionsT],
  DEPTHWISE_CONV_2D: [BuiltinOptions.DepthwiseConv2DOptions, DepthwiseConv2DOptionsT],
  DEQUANTIZE: [BuiltinOptions.DequantizeOptions, DequantizeOptionsT],
  DIV: [BuiltinOptions.DivOptions, DivOptionsT],
  FULLY_CONNECTED: [BuiltinOptions.FullyConnectedOptions, FullyConnectedOptionsT],
  GELU: [BuiltinOptions.GeluOptions, GeluOptionsT],
  HARD_SWISH: [BuiltinOptions.HardSwishOptions, HardSwishOptionsT],
  LEAKY_RELU: [BuiltinOptions.LeakyReluOptions, LeakyReluOptionsT],
  LOG_SOFTMAX: [BuiltinOptions.LogSoftmaxOptions, LogSoftmaxOptionsT],
  MAXIMUM: [BuiltinOptions.MaximumMinimumOptions, MaximumMinimumOptionsT],
  MAX_POOL_2D: [BuiltinOptions.Pool2DOptions, Pool2DOptionsT],
  MEAN: [BuiltinOptions.ReducerOptions, ReducerOptionsT],
  MINIMUM: [BuiltinOptions.MaximumMinimumOptions, MaximumMinimumOptionsT],
  MIRROR_PAD: [BuiltinOptions.MirrorPadOptions, MirrorPadOptionsT],
  MUL: [BuiltinOptions.MulOptions, MulOptionsT],
  PAD: [BuiltinOptions.PadOptions, PadOptionsT],
  PADV2: [BuiltinOptions.PadV2Options, PadV2OptionsT],
  POW: [BuiltinOptions.PowOptions, PowOptionsT],
  REDUCE_MAX: [BuiltinOptions.ReducerOptions, ReducerOptionsT],
  RESHAPE: [BuiltinOptions.ReshapeOptions, ReshapeOptionsT],
  SLICE: [BuiltinOptions.SliceOptions, SliceOptionsT],
  SOFTMAX: [BuiltinOptions.SoftmaxOptions, SoftmaxOptionsT],
  SPLIT: [BuiltinOptions.SplitOptions, SplitOptionsT],
  SPLIT_V: [BuiltinOptions.SplitVOptions, SplitVOptionsT],
  SUB: [BuiltinOptions.SubOptions, SubOptionsT],
  TRANSPOSE_CONV: [BuiltinOptions.TransposeConvOptions, TransposeConvOptionsT],
  TRANSPOSE: [BuiltinOptions.TransposeOptions, TransposeOptionsT],
};

/** Gives a new operator its options. @throws {LoweringError} for one that its operator does not have */
export function setOptions(operator: OperatorT, op: string, attributes: ReadonlyMap<string, Attribute>): void {
  const known = ownEntry(TABLES, op);
  if (known === undefined) {
    if (attributes.size > 0) throw new LoweringError(`options of ${op} are not written`);
    return;
  }
  const [type, Table] = known;
  const options = new Table();
  for (const [name, value] of attributes) {
    const field = camelCase(name);
    if (!Object.hasOwn(options, field)) throw new LoweringError(`${op} has no option ${name}`);
    Object.assign(options, { [field]: encoded(name, value) });
  }
  Object.assign(operator, { builtinOptionsType: type, builtinOptions: options });
}

function encoded(name: string, value: Attribute): unknown {
  if (typeof value === "string") return enumNumber(name, value) ?? value;
  return Array.isArray(value) ? [...(value as readonly unknown[])] : value;
}

/** The spelling of flatc: strideW. */
function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
