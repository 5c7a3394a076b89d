import type { FormatAdapter } from "../../neutral/adapter.ts";
import { foldByTable } from "../../neutral/lift-by-table.ts";
import { BUILTIN } from "./operators/index.ts";
import { decodedWeights } from "./restructure/decoded-weights.ts";
import { liftNode } from "./restructure/lift.ts";
import { TFLITE_INTEGERS } from "./restructure/integer-support.ts";
import { lowerLayer } from "./restructure/lower.ts";
import { quantizeActivations } from "./restructure/quantize-activations.ts";
import { checkRanges } from "./restructure/ranges.ts";
import { tfliteFileBytes } from "./write.ts";

/** TFLite's part of restructuring. */
export const TFLITE_ADAPTER: FormatAdapter = {
  layout: "channels-last",
  features: new Set(["integer inputs and outputs"]),
  lift: liftNode,
  fold: foldByTable(BUILTIN),
  decode: decodedWeights,
  lower: lowerLayer,
  finish: checkRanges,
  integerSupport: () => TFLITE_INTEGERS,
  quantizeActivations,
  fileBytes: tfliteFileBytes,
};
