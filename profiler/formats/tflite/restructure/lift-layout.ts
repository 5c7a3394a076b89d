import { fixed, NotLiftable, reshapeTarget } from "../../../neutral/native-layer.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import type { Lift } from "./lift-rule.ts";
import { constants } from "./lift-windows.ts";
import type { TfliteLayer } from "./tflite-layer.ts";

/** Any operator that gives the same elements another shape: the sizes tell which. */
const RESHAPE: Lift = (layer) =>
  layer.lifted({ kind: "reshape", target: reshapeTarget(layer.shape(), layer.output().shape) });

const TRANSPOSE: Lift = (layer) =>
  layer.lifted({ kind: "transpose", permutation: constants(layer, 1, "axes").map((axis) => layer.axis(axis)) });

const CONCATENATION: Lift = (layer) => {
  const { view } = layer;
  const axis = layer.axis(view.int("axis", 0));
  return layer.lifted({ kind: "concat", axis, activation: layer.fused() }, [...view.inputs.keys()]);
};

/** @param data @param axis which of the inputs they are */
function split(data: number, axis: number): Lift {
  return (layer) => {
    const [given = 0] = constants(layer, axis, "axis");
    const along = layer.axis(given, layer.shape(data).length);
    const sizes = layer.view.node.outputs.map((_, output) =>
      fixed(layer.output(output).shape?.[along], "what it splits off"),
    );
    return layer.lifted({ kind: "split", axis: along, sizes }, [data]);
  };
}

/** Begins and sizes; -1 reaches to the end. */
const SLICE: Lift = (layer) => {
  const begins = constants(layer, 1, "begins");
  const sizes = constants(layer, 2, "sizes");
  return cutOf(layer, (axis, size) => {
    const begin = begins[axis] ?? 0;
    const length = sizes[axis] ?? -1;
    return { begin, end: length === -1 ? size : begin + length };
  });
};

const MASKS_OF_AXES = ["ellipsis_mask", "new_axis_mask", "shrink_axis_mask"];

/** Python's slicing, where it keeps all axes and takes every element between its bounds. */
const STRIDED_SLICE: Lift = (layer) => {
  const { view } = layer;
  if (MASKS_OF_AXES.some((mask) => view.int(mask, 0) !== 0) || view.flag("offset"))
    throw new NotLiftable("it changes axes as it slices");
  const [begins, ends, steps] = [
    constants(layer, 1, "begins"),
    constants(layer, 2, "ends"),
    constants(layer, 3, "steps"),
  ];
  if (steps.some((step) => step !== 1)) throw new NotLiftable("it skips elements");
  const isOpen = (mask: string, axis: number): boolean =>
    axis >= begins.length || ((view.int(mask, 0) >> axis) & 1) === 1;
  return cutOf(layer, (axis, size) => {
    const inside = (bound = 0): number => Math.min(size, Math.max(0, bound < 0 ? bound + size : bound));
    return {
      begin: isOpen("begin_mask", axis) ? 0 : inside(begins[axis]),
      end: isOpen("end_mask", axis) ? size : inside(ends[axis]),
    };
  });
};

/** A cut along one axis; sizes that only the run knows are cut nowhere. */
function cutOf(
  layer: TfliteLayer,
  boundsOf: (axis: number, size: number) => { readonly begin: number; readonly end: number },
): Lifted {
  const whole = Number.MAX_SAFE_INTEGER;
  const cuts = layer.shape().flatMap((size, axis) => {
    const length = typeof size === "number" ? size : whole;
    const { begin, end } = boundsOf(axis, length);
    return begin === 0 && end === length ? [] : [{ axis, begin, end, isOpen: length === whole }];
  });
  const [cut, ...others] = cuts;
  if (cut === undefined) return layer.lifted({ kind: "identity" });
  if (others.length > 0) throw new NotLiftable("it cuts several axes");
  if (cut.isOpen) throw new NotLiftable("the size of its input is only known while the model runs");
  return layer.lifted({ kind: "slice", axis: cut.axis, begin: cut.begin, end: cut.end });
}

function depthToSpace(kind: "depth-to-space" | "space-to-depth"): Lift {
  return (layer) => layer.lifted({ kind, block: layer.view.int("block_size", 1), isGrouped: false });
}

export const LIFT_LAYOUT: Readonly<Record<string, Lift>> = {
  RESHAPE,
  SQUEEZE: RESHAPE,
  EXPAND_DIMS: RESHAPE,
  TRANSPOSE,
  DEPTH_TO_SPACE: depthToSpace("depth-to-space"),
  SPACE_TO_DEPTH: depthToSpace("space-to-depth"),
  CONCATENATION,
  SPLIT: split(1, 0),
  SPLIT_V: split(0, 2),
  SLICE,
  STRIDED_SLICE,
};
