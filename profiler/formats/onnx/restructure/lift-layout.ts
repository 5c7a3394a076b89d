import type { Lift } from "./lift-rule.ts";
import { fixed, NotLiftable, reshapeTarget } from "../../../neutral/native-layer.ts";

/** Any operator that gives the same elements another shape: the sizes tell which. */
const RESHAPE: Lift = (layer) =>
  layer.lifted({ kind: "reshape", target: reshapeTarget(layer.shape(), layer.output().shape) });

const TRANSPOSE: Lift = (layer) => {
  const rank = layer.shape().length;
  const permutation = layer.view.ints("perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return layer.lifted({ kind: "transpose", permutation });
};

const CONCAT: Lift = (layer) => {
  const { view } = layer;
  const axis = layer.axis(view.int("axis", 1));
  return layer.lifted({ kind: "concat", axis, activation: undefined }, [...view.inputs.keys()]);
};

const SPLIT: Lift = (layer) => {
  const axis = layer.axis(layer.view.int("axis", 0));
  const sizes = layer.view.node.outputs.map((_, output) =>
    fixed(layer.output(output).shape?.[axis], "what it splits off"),
  );
  if (layer.view.node.outputs.some((id) => id < 0)) throw new NotLiftable("it leaves outputs out");
  return layer.lifted({ kind: "split", axis, sizes });
};

/** Bounds are attributes up to opset 9 and inputs since; what lies beyond the end means the end. */
const SLICE: Lift = (layer) => {
  const shape = layer.shape();
  const begins = layer.settings("starts", 1) ?? [];
  const ends = layer.settings("ends", 2) ?? [];
  const given = layer.settings("axes", 3) ?? begins.map((_, axis) => axis);
  const steps = layer.view.has(4) ? layer.settings("steps", 4) : undefined;
  if (steps?.some((step) => step !== 1) === true) throw new NotLiftable("it skips elements");
  const cuts = given.map((axis, index) => {
    const at = layer.axis(axis);
    const size = fixed(shape[at], "the size of its input");
    const inside = (bound = 0): number => Math.min(size, Math.max(0, bound < 0 ? bound + size : bound));
    return { axis: at, begin: inside(begins[index]), end: inside(ends[index]), size };
  });
  const [cut, ...others] = cuts.filter(({ begin, end, size }) => begin > 0 || end < size);
  if (cut === undefined) return layer.lifted({ kind: "identity" });
  if (others.length > 0) throw new NotLiftable("it cuts several axes");
  return layer.lifted({ kind: "slice", axis: cut.axis, begin: cut.begin, end: cut.end });
};

export const LIFT_LAYOUT: Readonly<Record<string, Lift>> = {
  Identity: (layer) => layer.lifted({ kind: "identity" }),
  Reshape: RESHAPE,
  Flatten: RESHAPE,
  Squeeze: RESHAPE,
  Unsqueeze: RESHAPE,
  Transpose: TRANSPOSE,
  Concat: CONCAT,
  Split: SPLIT,
  Slice: SLICE,
};
