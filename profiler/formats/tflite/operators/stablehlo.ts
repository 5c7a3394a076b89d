import type { ConvGeometry } from "../../../operators/operation.ts";
import type { Dimension, Shape } from "../../../model/shape.ts";
import { inferredType, unknownSizes } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule, PlainRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { add, multiply, subtract, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { reduceShape } from "../../../shapes/reduce.ts";
import { sliceShape } from "../../../shapes/slice.ts";
import { transposeShape } from "../../../shapes/transpose.ts";
import { dilatedKernel, windowOutput, type Padding } from "../../../shapes/window.ts";
import { outputType, shaped, type Rules } from "./common.ts";
import { withRegion } from "./control.ts";

const at = (shape: Shape, axis: number): Dimension => shape[axis] ?? UNKNOWN_SIZE;

/** The file's own shape: operators that leave their output's size to it. */
function declared(view: NodeView): InferredType {
  const shape = view.declaredOutput(0)?.shape;
  const sizes = shape?.map((size) => (typeof size === "number" ? size : UNKNOWN_SIZE));
  return inferredType(outputType(view), sizes);
}

const fromFile = (
  kind: "constant" | "data-movement" | "gather",
  rest: Partial<Omit<PlainRule, "infer" | "kind">> = {},
): OperatorRule => ({
  infer: (view) => {
    view.note("The operator does not say its output's shape: it is the file's own.");
    return [declared(view)];
  },
  kind,
  ...rest,
});

/** Size of one axis with zeros between its elements and around them. */
function spread(size: Dimension, low: number, high: number, between: number): Dimension {
  return add(add(size, multiply(subtract(size, 1), between)), low + high);
}

/** How a window moves along the axes; padding lists a pair for each. */
function windowSizes(
  view: NodeView,
  sizes: readonly Dimension[],
  kernel: readonly Dimension[],
  base: string,
  own: string,
): Shape {
  return sizes.map((size, axis) =>
    windowOutput(spread(size, 0, 0, (view.ints(base)?.[axis] ?? 1) - 1), {
      kernel: kernel[axis] ?? 1,
      stride: view.ints("window_strides")?.[axis] ?? 1,
      dilation: view.ints(own)?.[axis] ?? 1,
      padding: padsOf(view, axis),
    }),
  );
}

/** A pair for each axis. */
function padsOf(view: NodeView, axis: number): Padding {
  const pads = view.ints("padding") ?? [];
  return { kind: "explicit", begin: pads[2 * axis] ?? 0, end: pads[2 * axis + 1] ?? 0 };
}

/** Axes of operands and result are where the options say. */
const CONVOLUTION: OperatorRule = {
  describe: (view) => {
    const { input, kernel } = convolutionAxes(view);
    const data = view.shape(0);
    const weights = view.shape(1);
    if (data === undefined || weights === undefined)
      return { outputs: [inferredType(outputType(view), undefined)], operation: { kind: "unknown" } };
    const spatial = windowSizes(
      view,
      pick(data, input.spatial),
      pick(weights, kernel.spatial),
      "lhs_dilation",
      "rhs_dilation",
    );
    const output: Dimension[] = [...unknownSizes(data.length)];
    output[view.int("output_batch_dimension", 0)] = at(data, input.batch);
    output[view.int("output_feature_dimension", data.length - 1)] = at(weights, kernel.output);
    (view.ints("output_spatial_dimensions") ?? []).forEach((axis, index) => {
      output[axis] = spatial[index] ?? UNKNOWN_SIZE;
    });
    const isTransposed = (view.ints("lhs_dilation") ?? []).some((dilation) => dilation > 1);
    const geometry: ConvGeometry = {
      isTransposed,
      batch: at(data, input.batch),
      inChannels: at(data, input.feature),
      outChannels: at(weights, kernel.output),
      groups: view.int("feature_group_count", 1),
      kernel: pick(weights, kernel.spatial),
      strides: view.ints(isTransposed ? "lhs_dilation" : "window_strides") ?? input.spatial.map(() => 1),
      dilations: view.ints("rhs_dilation") ?? input.spatial.map(() => 1),
      padding: input.spatial.map((_, axis) => padsOf(view, axis)),
      inSpatial: pick(data, input.spatial),
      outSpatial: spatial,
      hasBias: false,
    };
    return { outputs: [inferredType(outputType(view), output)], operation: { kind: "conv", geometry } };
  },
};

function convolutionAxes(view: NodeView) {
  return {
    input: {
      batch: view.int("input_batch_dimension", 0),
      feature: view.int("input_feature_dimension", 0),
      spatial: view.ints("input_spatial_dimensions") ?? [],
    },
    kernel: {
      output: view.int("kernel_output_feature_dimension", 0),
      spatial: view.ints("kernel_spatial_dimensions") ?? [],
    },
  };
}

function pick(shape: Shape, axes: readonly number[]): readonly Dimension[] {
  return axes.map((axis) => at(shape, axis));
}

const REDUCE: OperatorRule = withRegion({
  infer: (view) => {
    const shape = view.shape(0);
    const reduced = shape && reduceShape(shape, view.ints("dimensions") ?? [], false);
    return view.node.outputs.map((_, output) => inferredType(view.dataType(output), reduced));
  },
  kind: "reduce",
  configuration: (view) => initialValues(view),
});

/** The second half of the inputs: what each reduction starts from. */
function initialValues(view: NodeView): readonly number[] {
  const half = Math.floor(view.inputs.length / 2);
  return view.inputs.map((_, index) => index).slice(half);
}

const REDUCE_WINDOW: OperatorRule = withRegion({
  describe: (view) => {
    const shape = view.shape(0);
    const kernel = view.ints("window_dimensions") ?? [];
    const windows = shape && windowSizes(view, shape, kernel, "base_dilations", "window_dilations");
    const window = (view.ints("window_dimensions") ?? []).reduce((elements, extent) => elements * extent, 1);
    return {
      outputs: view.node.outputs.map((_, output) => inferredType(view.dataType(output), windows)),
      operation: { kind: "pool", geometry: { window, mode: "max" } },
    };
  },
  configuration: (view) => initialValues(view),
});

/** The builtin form has its window in inputs: operand, initial value, window, strides, base and window dilations, padding. */
const WINDOW_REDUCTION: OperatorRule = {
  describe: (view) => {
    const lists = [2, 3, 4, 5, 6].map((index) => view.numbers(index));
    const [kernel, strides, base, own, padding] = lists;
    const shape = view.shape(0)?.map((size, axis): Dimension => {
      if (!kernel || !strides || !base || !own || !padding) return UNKNOWN_SIZE;
      const extent = dilatedKernel(kernel[axis] ?? 1, own[axis] ?? 1);
      return windowOutput(spread(size, 0, 0, (base[axis] ?? 1) - 1), {
        kernel: extent,
        stride: strides[axis] ?? 1,
        dilation: 1,
        padding: { kind: "explicit", begin: padding[2 * axis] ?? 0, end: padding[2 * axis + 1] ?? 0 },
      });
    });
    return {
      outputs: [inferredType(view.dataType(0), shape)],
      operation: {
        kind: "pool",
        geometry: {
          window: view.numbers(2)?.reduce((elements, extent) => elements * extent, 1) ?? UNKNOWN_SIZE,
          mode: "max",
        },
      },
    };
  },
  configuration: [1, 2, 3, 4, 5, 6],
};

const everyInput = (view: NodeView): readonly InferredType[] =>
  view.node.outputs.map((_, index) => inferredType(view.dataType(index), view.shape(index)));

/** StableHLO operators beside those that are elementwise, products, or forms of builtin ones. */
export const STABLEHLO: Rules = {
  STABLEHLO_CONVOLUTION: CONVOLUTION,
  STABLEHLO_REDUCE: REDUCE,
  STABLEHLO_REDUCE_WINDOW: REDUCE_WINDOW,
  REDUCE_WINDOW: WINDOW_REDUCTION,
  STABLEHLO_SORT: withRegion({ infer: everyInput, kind: "sort" }),
  STABLEHLO_SCATTER: withRegion({
    infer: (view) => [inferredType(view.dataType(0), view.shape(0))],
    kind: "gather",
    inPlace: [0],
  }),
  STABLEHLO_SLICE: shaped(
    (shape, view) =>
      sliceShape(shape, {
        starts: view.ints("start_indices") ?? [],
        ends: view.ints("limit_indices") ?? [],
        steps: view.ints("strides"),
      }),
    { kind: "data-movement" },
  ),
  STABLEHLO_DYNAMIC_SLICE: shaped((_, view) => view.ints("slice_sizes"), {
    kind: "data-movement",
    configuration: (view) => view.inputs.map((_, index) => index).slice(1),
  }),
  STABLEHLO_DYNAMIC_UPDATE_SLICE: shaped((shape) => shape, {
    kind: "data-movement",
    inPlace: [0],
    configuration: (view) => view.inputs.map((_, index) => index).slice(2),
  }),
  STABLEHLO_PAD: shaped(
    (shape, view) =>
      shape.map((size, axis) =>
        spread(
          size,
          view.ints("edge_padding_low")?.[axis] ?? 0,
          view.ints("edge_padding_high")?.[axis] ?? 0,
          view.ints("interior_padding")?.[axis] ?? 0,
        ),
      ),
    { kind: "data-movement", configuration: [1] },
  ),
  STABLEHLO_TRANSPOSE: shaped((shape, view) => transposeShape(shape, view.ints("permutation") ?? []), {
    kind: "data-movement",
    carries: 0,
  }),
  STABLEHLO_BROADCAST_IN_DIM: fromFile("data-movement"),
  STABLEHLO_GATHER: fromFile("gather"),
  STABLEHLO_IOTA: fromFile("constant"),
  STABLEHLO_RNG_BIT_GENERATOR: {
    infer: (view) => [inferredType(view.dataType(0), view.shape(0)), inferredType(outputType(view, 1), undefined)],
    kind: "random",
    isNondeterministic: true,
  },
};
