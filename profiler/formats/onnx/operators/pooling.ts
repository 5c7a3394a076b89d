import type { PoolGeometry, SlidingPool } from "../../../operators/operation.ts";
import type { Dimension, Shape } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import type { PoolForm } from "../../../neutral/forms.ts";
import { NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";
import type { Lowering, Operators } from "../../../neutral/operator.ts";
import { globalPoolForm, poolForm } from "../../../neutral/window-forms.ts";
import type { NodeWriter } from "../restructure/node-writer.ts";
import { add, floorDivide, multiply, product, subtract, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { ShapeError } from "../../../shapes/shape-error.ts";
import { dilatedKernel, windowOutput, type Padding, type SlidingWindow } from "../../../shapes/window.ts";
import { unknownSizes } from "./inferred-types.ts";
import { fromSpatial, padsAttribute, windowsOf, toSpatial, type Layout, type WindowStep } from "./spatial.ts";

export interface PoolOperator {
  readonly mode: PoolGeometry["mode"];
  readonly layout?: (view: NodeView) => Layout;
  readonly configuration?: readonly number[];
}

/** Pooling by a window that slides; the second output holds where each maximum was. Source: ONNX, MaxPool and AveragePool. */
export function pooling({ mode, layout, configuration }: PoolOperator): OperatorRule {
  return {
    describe: (view) => {
      const found = pooled(view, layout?.(view));
      const shape = found?.shape;
      const kernel = view.ints("kernel_shape");
      const sliding = found && slidingPool(view, found);
      return {
        outputs: [
          { dataType: view.dataType(0), shape },
          { dataType: "int64", shape },
        ],
        operation: {
          kind: "pool",
          geometry: { window: kernel ? product(kernel) : UNKNOWN_SIZE, mode, ...(sliding && { sliding }) },
        },
      };
    },
    ...(configuration && { configuration }),
  };
}

function slidingPool(view: NodeView, { kernel, windows }: Pooled): SlidingPool {
  return {
    kernel,
    strides: windows.map(({ stride }) => stride),
    dilations: windows.map(({ dilation }) => dilation),
    padding: windows.map(({ padding }) => padding),
    countsPadding: view.flag("count_include_pad"),
    ceils: view.flag("ceil_mode"),
  };
}

/** Pooling over all of each channel. */
export function globalPooling({ mode, layout, configuration }: PoolOperator): OperatorRule {
  return {
    describe: (view) => {
      const shape = view.shape(0);
      const order = layout?.(view);
      const image = shape && toSpatial(shape, order);
      const one = image && fromSpatial({ ...image, sizes: image.sizes.map(() => 1) }, order);
      return {
        outputs: [{ dataType: view.dataType(0), shape: one }],
        operation: { kind: "pool", geometry: { window: image ? product(image.sizes) : UNKNOWN_SIZE, mode } },
      };
    },
    ...(configuration && { configuration }),
  };
}

interface Pooled {
  readonly shape: Shape;
  readonly kernel: readonly number[];
  readonly windows: readonly WindowStep[];
}

/** undefined without the input's rank. @throws ShapeError */
function pooled(view: NodeView, layout: Layout | undefined): Pooled | undefined {
  const shape = view.shape(0);
  const kernel = view.ints("kernel_shape");
  if (shape === undefined) return undefined;
  if (kernel === undefined) throw new ShapeError("a pool without kernel_shape");
  const image = toSpatial(shape, layout);
  if (kernel.length !== image.sizes.length) {
    throw new ShapeError(`a kernel of ${kernel.length} axes on [${shape.join(", ")}]`);
  }
  const windows = windowsOf(view, kernel.length);
  const ceilMode = view.flag("ceil_mode");
  const sizes = image.sizes.map((size, axis) => {
    const { stride, dilation, padding } = windows[axis] ?? { stride: 1, dilation: 1, padding: "valid" };
    const window = { kernel: kernel[axis] ?? 1, stride, dilation };
    const poolWindow = { ...window, padding: poolPadding(size, window, padding) };
    return windowOutput(size, { ...poolWindow, ceilMode: ceilMode || isOverhanging(size, poolWindow) });
  });
  return { shape: fromSpatial({ ...image, sizes }, layout), kernel, windows };
}

/** A window larger than its padded input by less than a stride still makes one output in ONNX Runtime: its quotient rounds to zero. */
function isOverhanging(size: Dimension, { kernel, dilation, padding }: SlidingWindow): boolean {
  const span = dilatedKernel(kernel, dilation);
  const pads = typeof padding === "string" ? 0 : padding.begin + padding.end;
  return typeof size === "number" && typeof span === "number" && size + pads < span;
}

/**
 * ONNX Runtime pads a pool for "same" as if its window had no holes, and takes elements away (a negative padding) where the windows
 * without holes would leave some over: a dilated pool comes out smaller than size / stride.
 */
function poolPadding(
  size: Dimension,
  { kernel, stride, dilation }: { readonly kernel: number; readonly stride: number; readonly dilation: number },
  padding: Padding,
): Padding {
  if (dilation === 1 || typeof size !== "number") return padding;
  if (padding !== "same-upper" && padding !== "same-lower") return padding;
  const total = (Math.ceil(size / stride) - 1) * stride + kernel - size;
  const begin = Math.trunc((padding === "same-upper" ? total : total + 1) / 2);
  return { kind: "explicit", begin, end: total - begin };
}

/** X, rois → rois×channels×pooled_shape; how many elements each of its windows has depends on the regions. */
const MAX_ROI_POOL: OperatorRule = {
  describe: (view) => {
    const channels = view.shape(0)?.[1] ?? UNKNOWN_SIZE;
    const regions = view.shape(1)?.[0] ?? UNKNOWN_SIZE;
    return {
      outputs: [
        {
          dataType: view.dataType(0),
          shape: [regions, channels, ...(view.ints("pooled_shape") ?? [UNKNOWN_SIZE, UNKNOWN_SIZE])],
        },
      ],
      operation: { kind: "pool", geometry: { window: UNKNOWN_SIZE, mode: "max" } },
    };
  },
};

/** X, I, output_shape? → the maxima where they came from, zeros elsewhere. */
const MAX_UNPOOL: OperatorRule = {
  infer: (view) => [{ dataType: view.dataType(0), shape: unpooledShape(view) }],
  kind: "data-movement",
  configuration: [2],
};

function unpooledShape(view: NodeView): Shape | undefined {
  const shape = view.shape(0);
  if (shape === undefined) return undefined;
  if (view.has(2)) return view.value(2) ?? shape.map(() => UNKNOWN_SIZE);
  const image = toSpatial(shape);
  const kernel = view.ints("kernel_shape") ?? [];
  const pads = view.ints("pads") ?? [];
  const strides = view.ints("strides") ?? [];
  const sizes = image.sizes.map((size, axis) => {
    const moved = multiply(subtract(size, 1), strides[axis] ?? 1);
    return add(moved, (kernel[axis] ?? 1) - (pads[axis] ?? 0) - (pads[axis + image.sizes.length] ?? 0));
  });
  return fromSpatial({ ...image, sizes });
}

/** input N×(C·block)×L, image_shape, block_shape → N×C×image: overlapping blocks are added up. */
const COL2IM: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const block = view.value(2);
    const sizes = view.value(1) ?? unknownSizes(numberOr(view.shape(1)?.[0], 2));
    const channels = block && shape?.[1] !== undefined ? floorDivide(shape[1], product(block)) : UNKNOWN_SIZE;
    return [{ dataType: view.dataType(0), shape: shape && [shape[0] ?? UNKNOWN_SIZE, channels, ...sizes] }];
  },
  kind: "reduce",
  configuration: [1, 2],
};

function numberOr(dimension: Dimension | undefined, fallback: number): number {
  return typeof dimension === "number" ? dimension : fallback;
}

/** The editable form of a pool whose window slides. */
function liftPool(layer: NativeLayer): Lifted {
  const { geometry } = layer.operation("pool");
  if (layer.isOutputUsed(1)) throw new NotLiftable("its indices are used");
  const { dilations = [], padding = [] } = geometry.sliding ?? {};
  // ONNX Runtime's "same" padding of dilated pools is not what ONNX says: not worth translating.
  if (
    dilations.some((dilation) => dilation !== 1) &&
    padding.some((one) => one === "same-upper" || one === "same-lower")
  )
    throw new NotLiftable("it is dilated and pads automatically");
  return layer.lifted(poolForm(geometry, layer.shape().slice(2)));
}

function liftGlobalPool(mode: PoolForm["mode"]): (layer: NativeLayer) => Lifted {
  return (layer) => {
    if (layer.shape().length < 3) throw new NotLiftable("its input has no spatial axes");
    return layer.lifted(globalPoolForm(mode));
  };
}

const FIRST_WITH_CEIL_MODE = 10;
/** Operator sets that brought dilated pools. */
const FIRST_WITH_DILATIONS = { max: 10, average: 19 } as const;

function writePool(form: PoolForm, writer: NodeWriter): void {
  const { mode, isGlobal, kernel, strides, dilations, countsPadding, ceils } = form;
  const name = mode === "max" ? "MaxPool" : "AveragePool";
  if (isGlobal) {
    writer.node(`Global${name}`, [writer.input]);
    return;
  }
  const isDilated = dilations.some((dilation) => dilation !== 1);
  if (ceils) writer.needsOpset(FIRST_WITH_CEIL_MODE, "rounding up");
  if (isDilated) writer.needsOpset(FIRST_WITH_DILATIONS[mode], "a dilated pool");
  writer.node(name, [writer.input], {
    kernel_shape: kernel,
    ...padsAttribute(form),
    strides,
    ...(isDilated && { dilations }),
    ...(ceils && { ceil_mode: 1 }),
    ...(countsPadding && mode === "average" && { count_include_pad: 1 }),
  });
}

export const WRITE_POOLING: Lowering<NodeWriter> = { pool: writePool };

export const POOLING: Operators = {
  MaxPool: { ...pooling({ mode: "max" }), lift: liftPool },
  AveragePool: { ...pooling({ mode: "average" }), lift: liftPool },
  LpPool: pooling({ mode: "lp" }),
  GlobalMaxPool: { ...globalPooling({ mode: "max" }), lift: liftGlobalPool("max") },
  GlobalAveragePool: { ...globalPooling({ mode: "average" }), lift: liftGlobalPool("average") },
  GlobalLpPool: globalPooling({ mode: "lp" }),
  MaxRoiPool: MAX_ROI_POOL,
  MaxUnpool: MAX_UNPOOL,
  Col2Im: COL2IM,
};
