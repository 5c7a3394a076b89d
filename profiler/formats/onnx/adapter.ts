import type { FormatAdapter } from "../../neutral/adapter.ts";
import { foldByTable } from "../../neutral/lift-by-table.ts";
import { DEFAULT_DOMAIN } from "./operators/index.ts";
import { whyNoPlaces } from "./restructure/coded-weights.ts";
import { decodedWeights } from "./restructure/decoded-weights.ts";
import { liftNode } from "./restructure/lift.ts";
import { onnxIntegers } from "./restructure/integer-support.ts";
import { quantizeActivations } from "./restructure/quantize-activations.ts";
import { checkInnerRanges, dequantizedType } from "./restructure/quantized-ranges.ts";
import { onnxSize } from "./write.ts";
import { lowerLayer } from "./restructure/lower.ts";

/** ONNX's part of restructuring. */
export const ONNX_ADAPTER: FormatAdapter = {
  layout: "channels-first",
  features: new Set(["scales of blocks", "one scale for integer products"]),
  lift: liftNode,
  fold: foldByTable(DEFAULT_DOMAIN),
  decode: decodedWeights,
  lower: lowerLayer,
  standsFor: dequantizedType,
  finish: checkInnerRanges,
  integerSupport: onnxIntegers,
  whyNoPlaces,
  quantizeActivations,
  fileBytes: onnxSize,
};
