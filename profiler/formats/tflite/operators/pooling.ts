import type { Dimension, Shape } from "../../../model/shape.ts";
import type { PoolGeometry, SlidingPool } from "../../../operators/operation.ts";
import { inferredType } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { multiply, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { windowOutput } from "../../../shapes/window.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import type { PoolForm } from "../../../neutral/forms.ts";
import type { Lowering } from "../../../neutral/operator.ts";
import { poolForm } from "../../../neutral/window-forms.ts";
import { fusedOption } from "../restructure/fused-activation.ts";
import type { OperatorWriter } from "../restructure/operator-writer.ts";
import type { TfliteLayer } from "../restructure/tflite-layer.ts";
import { writePadded } from "../restructure/write-padded.ts";
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
        operation: { kind: "pool", geometry: { window: windowElements(view), mode, sliding: slidingPool(view) } },
      };
    },
  };
}

/** Averages are of what is inside the image: padding never counts. */
function slidingPool(view: NodeView): SlidingPool {
  const kernel = filterOf(view);
  return {
    kernel,
    strides: stridesOf(view, 2),
    dilations: kernel.map(() => 1),
    padding: kernel.map(() => paddingOf(view)),
    countsPadding: false,
    ceils: false,
  };
}

function windowElements(view: NodeView): Dimension {
  return filterOf(view).reduce((elements, extent) => elements * extent, 1);
}

function liftPool(layer: TfliteLayer): Lifted {
  return layer.lifted(poolForm(layer.operation("pool").geometry, layer.shape().slice(1, -1), layer.fused()));
}

/** The least float32: what it pads with no maximum ever is. */
const LEAST_FLOAT = -3.4028234663852886e38;

function writePool(form: PoolForm, writer: OperatorWriter): void {
  const { mode, isGlobal, kernel, strides, dilations, padsBegin, padsEnd, countsPadding, ceils } = form;
  if (isGlobal) {
    const axes = writer.setting("axes", [1, 2]);
    writer.operator(mode === "max" ? "REDUCE_MAX" : "MEAN", [writer.input, axes], { keep_dims: true });
    return;
  }
  if (kernel.length !== 2) throw writer.error(`TFLite pools over two axes, not ${kernel.length}`);
  if (ceils || dilations.some((dilation) => dilation !== 1)) throw writer.error("TFLite has no such pool");
  // TFLite's averages leave out what SAME adds, and count what a PAD adds.
  const isPadded = [...padsBegin, ...padsEnd].some((pad) => pad !== 0);
  if (mode === "average" && countsPadding && isPadded) throw writer.error("TFLite's averages do not count padding");
  const { input, padding } = writePadded(form, kernel, writer, mode === "max" ? LEAST_FLOAT : 0);
  if (mode === "average" && input !== writer.input)
    throw writer.error("TFLite has no average pool that leaves out such padding");
  writer.operator(mode === "max" ? "MAX_POOL_2D" : "AVERAGE_POOL_2D", [input], {
    padding,
    stride_w: strides[1] ?? 1,
    stride_h: strides[0] ?? 1,
    filter_width: kernel[1] ?? 1,
    filter_height: kernel[0] ?? 1,
    ...fusedOption(form.activation),
  });
}

export const WRITE_POOLING: Lowering<OperatorWriter> = { pool: writePool };

export const POOLING: Rules = {
  AVERAGE_POOL_2D: { ...pool("average"), lift: liftPool },
  MAX_POOL_2D: { ...pool("max"), lift: liftPool },
  L2_POOL_2D: pool("lp"),
};

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
