import { inferredType } from "../../../operators/inferred-types.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { type Rules } from "./common.ts";
import { TRANSPOSE_CONV_BIAS } from "./convolution.ts";
import { MAX_POOLING_WITH_ARGMAX, MAX_UNPOOLING } from "./pooling.ts";

/** Boxes, classes and scores of at most `max_detections` objects, and how many were found; boxes as four corners. */
const DETECTION_POSTPROCESS: OperatorRule = {
  infer: (view) => {
    const room = view.int("max_detections", 0) * view.int("max_classes_per_detection", 1);
    return [
      inferredType("float32", [1, room, 4]),
      inferredType("float32", [1, room]),
      inferredType("float32", [1, room]),
      inferredType("float32", [1]),
    ];
  },
  kind: "sort",
};

/** Custom operators whose code is public; all others are rows that say unknown. */
export const CUSTOM: Rules = {
  TFLite_Detection_PostProcess: DETECTION_POSTPROCESS,
  Convolution2DTransposeBias: TRANSPOSE_CONV_BIAS,
  TransposeConvBias: TRANSPOSE_CONV_BIAS,
  MaxPoolingWithArgmax2D: MAX_POOLING_WITH_ARGMAX,
  MaxUnpooling2D: MAX_UNPOOLING,
};
