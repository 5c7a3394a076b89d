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

/** A part of the model that another compiler made into code of an accelerator. */
const compiled = (by: string): OperatorRule => ({
  unknownBecause: `a part of the model that was compiled ${by}: neither its layers nor its weights are in the file in a form that can be counted`,
  // The file says what comes out.
  describe: () => ({ outputs: [], operation: { kind: "unknown", hidesWeights: true } }),
});

/** Custom operators whose code is public, and those that compilers make; all others are rows that say unknown. */
export const CUSTOM: Rules = {
  DISPATCH_OP: compiled("for an NPU ahead of time, by LiteRT's compiler plugins"),
  "ethos-u": compiled("for an Arm Ethos-U NPU, by Vela"),
  "edgetpu-custom-op": compiled("for a Coral Edge TPU"),
  TFLite_Detection_PostProcess: DETECTION_POSTPROCESS,
  Convolution2DTransposeBias: TRANSPOSE_CONV_BIAS,
  TransposeConvBias: TRANSPOSE_CONV_BIAS,
  MaxPoolingWithArgmax2D: MAX_POOLING_WITH_ARGMAX,
  MaxUnpooling2D: MAX_UNPOOLING,
};
