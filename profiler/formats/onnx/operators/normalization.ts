import type { DataType } from "../../../model/data-type.ts";
import type { Shape } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import { dataTypeOf } from "../data-types.ts";
import { inferredType, mapShape, sameAs } from "./inferred-types.ts";

/**
 * Operations for each element, from the definitions: sum for the mean 1, difference, square and sum for the variance 3, quotient by
 * the deviation 1, scale and shift 2. The mean's difference is taken once. Roots and quotients of whole groups are not counted.
 */
export const NORMALIZATION_OPS = {
  /** Mean and variance are weights: difference, quotient, scale, shift. */
  batch: 4,
  mean: 1 + 3 + 1,
  layer: 1 + 3 + 1 + 2,
  /** Square, sum, quotient, scale. */
  rms: 4,
  /** Absolute value or square, sum, quotient. */
  lp: 3,
} as const;

/** Square and sum for each neighbour; then factor, bias, power and quotient. */
const LRN_OPS = 4;

/** Rule of a normalisation whose output is like its first input. */
export function normalization(
  opsPerElement: number | ((view: NodeView) => number),
  others: (view: NodeView) => readonly InferredType[] = () => [],
  configuration?: readonly number[],
): OperatorRule {
  return {
    describe: (view) => {
      const operations = typeof opsPerElement === "function" ? opsPerElement(view) : opsPerElement;
      return {
        outputs: [sameAs(view), ...others(view)],
        operation: { kind: "norm", geometry: { opsPerElement: operations } },
      };
    },
    ...(configuration && { configuration }),
    inPlace: [0],
  };
}

/** Mean and inverse deviation of what is normalised together: the axes from `axis` on shrink to 1. */
export function statistics(view: NodeView, axis: number, dataType: DataType | undefined): readonly InferredType[] {
  const shape = mapShape(view.shape(0), (whole): Shape => {
    const first = normalizeAxis(axis, whole.length);
    return whole.map((size, position) => (position < first ? size : 1));
  });
  return [inferredType(dataType, shape), inferredType(dataType, shape)];
}

/** X, scale, B, mean, var. Training also gives the statistics, which up to opset 13 were two pairs. */
const BATCH_NORMALIZATION = normalization(NORMALIZATION_OPS.batch, (view) => {
  const mean = sameAs(view, 3);
  const variance = sameAs(view, 4);
  return [mean, variance, mean, variance];
});

export const LAYER_NORMALIZATION = normalization(NORMALIZATION_OPS.layer, (view) =>
  statistics(view, view.int("axis", -1), dataTypeOf(view.int("stash_type", 1))),
);

const RMS_NORMALIZATION = normalization(NORMALIZATION_OPS.rms);

/** RMSNormalization before it had that name: ONNX Runtime writes it, in the default domain, with the inverse deviation as an output. */
export const SIMPLIFIED_LAYER_NORMALIZATION: OperatorRule = normalization(NORMALIZATION_OPS.rms, (view) =>
  statistics(view, view.int("axis", -1), dataTypeOf(view.int("stash_type", 1))).slice(0, 1),
);

export const NORMALIZATION: Readonly<Record<string, OperatorRule>> = {
  BatchNormalization: BATCH_NORMALIZATION,
  InstanceNormalization: normalization(NORMALIZATION_OPS.layer),
  LayerNormalization: LAYER_NORMALIZATION,
  GroupNormalization: normalization(NORMALIZATION_OPS.layer),
  RMSNormalization: RMS_NORMALIZATION,
  SimplifiedLayerNormalization: SIMPLIFIED_LAYER_NORMALIZATION,
  LRN: normalization((view) => 2 * view.int("size", 1) + LRN_OPS),
  MeanVarianceNormalization: normalization(NORMALIZATION_OPS.mean),
  LpNormalization: normalization(NORMALIZATION_OPS.lp),
};
