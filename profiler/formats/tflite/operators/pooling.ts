import type { Dimension, Shape } from "../../../model/shape.ts";
import type { PoolGeometry } from "../../../operators/operation.ts";
import { inferredType } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { multiply, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { windowOutput } from "../../../shapes/window.ts";
import { ofRank, outputType, type Rules } from "./common.ts";
import { paddingOf, stridesOf } from "./convolution.ts";

function filterOf(view: NodeView): readonly number[] {
  return [view.int("filter_height", 1), view.int("filter_width", 1)];
}

function pooled(view: NodeView): Shape | undefined {
  const input = ofRank(view.shape(0), 4);
  if (input === undefined) return undefined;
  const [batch = UNKNOWN_SIZE, , , channels = UNKNOWN_SIZE] = input;
  const strides = stridesOf(view, 2);
  const spatial = filterOf(view).map((kernel, axis) =>
    windowOutput(input[axis + 1] ?? UNKNOWN_SIZE, {
      kernel,
      stride: strides[axis] ?? 1,
      dilation: 1,
      padding: paddingOf(view),
    }),
  );
  return [batch, ...spatial, channels];
}

function pool(
  mode: PoolGeometry["mode"],
  others: (view: NodeView, shape: Shape | undefined) => readonly InferredType[] = () => [],
): OperatorRule {
  return {
    describe: (view) => {
      const shape = pooled(view);
      return {
        outputs: [inferredType(outputType(view), shape), ...others(view, shape)],
        operation: { kind: "pool", geometry: { window: windowElements(view), mode } },
      };
    },
  };
}

function windowElements(view: NodeView): Dimension {
  return filterOf(view).reduce((elements, extent) => elements * extent, 1);
}

export const POOLING: Rules = { AVERAGE_POOL_2D: pool("average"), MAX_POOL_2D: pool("max"), L2_POOL_2D: pool("lp") };

/** MediaPipe's pool, which also says where in its window each maximum was. */
export const MAX_POOLING_WITH_ARGMAX = pool("max", (view, shape) => [inferredType(outputType(view, 1), shape)]);

/** Puts maxima back to where they were: the image grows by the strides. */
export const MAX_UNPOOLING: OperatorRule = {
  infer: (view) => {
    const [vertical = 1, horizontal = 1] = stridesOf(view, 2);
    const input = ofRank(view.shape(0), 4);
    const factors = [1, vertical, horizontal, 1];
    return [
      inferredType(
        outputType(view),
        input?.map((size, axis) => multiply(size, factors[axis] ?? 1)),
      ),
    ];
  },
  kind: "data-movement",
};
