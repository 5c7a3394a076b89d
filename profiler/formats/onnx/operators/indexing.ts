import { isStatic, type Dimension, type Shape } from "../../../model/shape.ts";
import { lookedUp, scattered } from "../../../operators/decoding.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import { fixed, NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";
import type { Operators } from "../../../neutral/operator.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import { product } from "../../../shapes/dimension.ts";
import { gatherNdShape, gatherShape } from "../../../shapes/gather.ts";
import { fill, knownTensor, positionOf } from "../../../shapes/known-tensor.ts";
import { ShapeError } from "../../../shapes/shape-error.ts";
import { sliceShape, type Cut } from "../../../shapes/slice.ts";
import { gatherElementsValue, gatherValue, sliceValue } from "../../../shapes/value-layout.ts";
import {
  inferredType,
  listSetting,
  mapShape,
  numbersOf,
  runtimeSize,
  sameAs,
  unknownSizes,
  type ListSetting,
} from "./inferred-types.ts";

/** Constant indices say which elements; those that the run brings, into an embedding say, are data. */
const constantIndices = (view: NodeView): readonly number[] => (view.input(1).constant === undefined ? [] : [1]);

const GATHER: OperatorRule = {
  infer: (view) => {
    const axis = view.int("axis", 0);
    const [data, indices] = [view.shape(0), view.shape(1)];
    const known = [knownTensor(view.input(0)), knownTensor(view.input(1))] as const;
    const value = known[0] && known[1] ? gatherValue(known[0], known[1], axis) : undefined;
    return [inferredType(view.dataType(0), data && indices && gatherShape(data, indices, axis), value)];
  },
  kind: "gather",
  configuration: constantIndices,
  looksUp: { table: 0, rows: 1 },
  decodes: (view, output) => {
    const codebook = view.shape(0);
    return lookedUp(view, output, { table: 0, indices: 1 }, codebook?.length === 1 ? codebook[0] : undefined);
  },
};

/** @throws ShapeError for indices that have not as many axes as the data */
function checkSameRank(view: NodeView): void {
  const [data, indices] = [view.shape(0), view.shape(1)];
  if (data === undefined || indices === undefined || data.length === indices.length) return;
  throw new ShapeError(`indices of ${indices.length} axes for data of ${data.length}`);
}

const GATHER_ELEMENTS: OperatorRule = {
  infer: (view) => {
    checkSameRank(view);
    const [data, indices] = [knownTensor(view.input(0)), knownTensor(view.input(1))];
    const value = data && indices ? gatherElementsValue(data, indices, view.int("axis", 0)) : undefined;
    return [inferredType(view.dataType(0), view.shape(1), value)];
  },
  kind: "gather",
  configuration: constantIndices,
  decodes: (view, output) => {
    const codebooks = view.shape(0);
    const entries = codebooks?.[normalizeAxis(view.int("axis", 0), codebooks.length)];
    return lookedUp(view, output, { table: 0, indices: 1 }, entries);
  },
};

const GATHER_ND: OperatorRule = {
  infer: (view) => {
    const [data, indices] = [view.shape(0), view.shape(1)];
    return [inferredType(view.dataType(0), data && indices && gatherNdShape(data, indices, view.int("batch_dims", 0)))];
  },
  kind: "gather",
  configuration: constantIndices,
};

/** The data with some elements replaced, or with something added to them. */
function scatter(value: (view: NodeView) => InferredType["value"]): OperatorRule {
  return {
    infer: (view) => {
      const { dataType, shape } = sameAs(view);
      return [inferredType(dataType, shape, view.text("reduction", "none") === "none" ? value(view) : undefined)];
    },
    kind: "gather",
    configuration: constantIndices,
    inPlace: [0],
    decodes: (view) => scattered(view, { data: 0, indices: 1, updates: 2 }),
  };
}

function scatterElementsValue(view: NodeView): InferredType["value"] {
  checkSameRank(view);
  const [data, indices, updates] = [0, 1, 2].map((index) => knownTensor(view.input(index)));
  if (!data || !indices || !updates) return undefined;
  const axis = normalizeAxis(view.int("axis", 0), data.shape.length);
  const elements = [...data.value];
  const isDone = fill(indices.shape, (place) => {
    const index = indices.value[positionOf(place, indices.shape)];
    const update = updates.value[positionOf(place, updates.shape)];
    if (typeof index !== "number" || update === undefined) return undefined;
    const target = place.with(axis, index < 0 ? index + (data.shape[axis] ?? 0) : index);
    elements[positionOf(target, data.shape)] = update;
    return update;
  });
  return isDone && elements;
}

function scatterNdValue(view: NodeView): InferredType["value"] {
  const [data, indices, updates] = [0, 1, 2].map((index) => knownTensor(view.input(index)));
  if (!data || !indices || !updates) return undefined;
  const depth = indices.shape.at(-1) ?? 0;
  const outer = indices.shape.length - 1;
  const elements = [...data.value];
  const isDone = fill(updates.shape, (place) => {
    const update = updates.value[positionOf(place, updates.shape)];
    const target = data.shape.map((size, axis): Dimension | undefined => {
      if (axis >= depth) return place[outer + axis - depth];
      const index = indices.value[positionOf([...place.slice(0, outer), axis], indices.shape)];
      return typeof index === "number" && index < 0 ? index + size : index;
    });
    if (update === undefined || !target.every((at) => typeof at === "number")) return undefined;
    elements[positionOf(target, data.shape)] = update;
    return update;
  });
  return isDone && elements;
}

/** Starts, ends and axes are attributes before opset 10 and inputs since. */
const SLICE: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const cut = shape && cutOf(view);
    if (shape === undefined || cut === undefined) {
      return [inferredType(view.dataType(0), shape && unknownSizes(shape.length))];
    }
    const known = knownTensor(view.input(0));
    return [inferredType(view.dataType(0), sliceShape(shape, cut), known && sliceValue(known, cut))];
  },
  kind: "data-movement",
  configuration: [1, 2, 3, 4],
};

/** Bounds that only the run can tell stand in it as unknown sizes; undefined when not even their number or axes are known. */
function cutOf(view: NodeView): Cut | undefined {
  const axes = listSetting(view, "axes", 3);
  if (axes.kind === "open") return undefined;
  const starts = bounds(listSetting(view, "starts", 1));
  const ends = bounds(listSetting(view, "ends", 2));
  if (starts === undefined || ends === undefined) return undefined;
  const steps = view.has(4) ? bounds(listSetting(view, "steps", 4)) : undefined;
  if (view.has(4) && steps === undefined) return undefined;
  return { starts, ends: ends.map((end, place) => endOf(end, steps?.[place])), axes: numbersOf(axes), steps };
}

/** The largest number of either integer type is no bound: with a negative step, too, the slice goes as far as the axis does. */
function endOf(end: Dimension, step: Dimension | undefined): Dimension {
  const isOpen = typeof end === "number" && (end === INT32_MAX || end >= INT64_MAX);
  return isOpen && typeof step === "number" && step < 0 ? -INT64_MAX : end;
}

const INT32_MAX = 2 ** 31 - 1;
const INT64_MAX = 2 ** 63;

function bounds(setting: ListSetting): readonly Dimension[] | undefined {
  if (setting.kind === "given") return setting.list;
  return setting.kind === "open" && setting.length !== undefined ? unknownSizes(setting.length) : undefined;
}

/** Coordinates of the elements that are not 0, a column each. */
const NON_ZERO: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const known = knownTensor(view.input(0));
    if (known === undefined || !isStatic(known.value)) {
      return [inferredType("int64", shape && [shape.length, runtimeSize(view, "nonzero")])];
    }
    const found: (readonly number[])[] = [];
    fill(known.shape, (place) => {
      if (known.value[positionOf(place, known.shape)] !== 0) found.push(place);
      return 0;
    });
    const coordinates = known.shape.flatMap((_, axis) => found.map((place) => place[axis] ?? 0));
    return [inferredType("int64", [known.shape.length, found.length], coordinates)];
  },
  kind: "gather",
};

/** Slices of an axis, or elements of the flattened tensor, at which the condition holds. */
const COMPRESS: OperatorRule = {
  infer: (view) => {
    const condition = view.numbers(1);
    const axis = view.int("axis");
    const shape = view.shape(0);
    const count = condition?.filter((element) => element !== 0).length ?? runtimeSize(view, "compress");
    const compressed = axis === undefined ? [count] : shape?.with(normalizeAxis(axis, shape.length), count);
    return [inferredType(view.dataType(0), compressed)];
  },
  kind: "gather",
  configuration: constantIndices,
};

const UNIQUE: OperatorRule = {
  infer: (view) => {
    const axis = view.int("axis");
    const shape = view.shape(0);
    const numbers = axis === undefined ? view.numbers(0) : undefined;
    const count = numbers === undefined ? runtimeSize(view, "unique") : new Set(numbers).size;
    const along = axis === undefined ? undefined : mapShape(shape, (known) => normalizeAxis(axis, known.length));
    const all = shape && (along === undefined ? product(shape) : shape[along]);
    const distinct = axis === undefined ? [count] : along === undefined ? undefined : shape?.with(along, count);
    return [
      inferredType(view.dataType(0), distinct),
      inferredType("int64", [count]),
      inferredType("int64", all === undefined ? unknownSizes(1) : [all]),
      inferredType("int64", [count]),
    ];
  },
  kind: "sort",
};

/** A new axis, as long as the depth, in which the index's place holds the second of the two values and all others the first. */
const ONE_HOT: OperatorRule = {
  infer: (view) => {
    const indices = view.shape(0);
    const depth = view.value(1)?.[0];
    const shape = indices && oneHotShape(indices, depth, view.int("axis", -1));
    return [inferredType(view.dataType(2), shape, shape && oneHotValue(view, shape))];
  },
  kind: "gather",
  configuration: [1, 2],
};

function oneHotShape(indices: Shape, depth: Dimension | undefined, axis: number): Shape {
  const [unknown = 0] = unknownSizes(1);
  return indices.toSpliced(normalizeAxis(axis, indices.length + 1), 0, depth ?? unknown);
}

function oneHotValue(view: NodeView, shape: Shape): InferredType["value"] {
  const indices = knownTensor(view.input(0));
  const [off, on] = view.value(2) ?? [];
  if (!indices || off === undefined || on === undefined || !isStatic(shape) || !isStatic(indices.value))
    return undefined;
  const axis = normalizeAxis(view.int("axis", -1), shape.length);
  const depth = shape[axis] ?? 0;
  return fill(shape, (place) => {
    const index = indices.value[positionOf(place.toSpliced(axis, 1), indices.shape)];
    return typeof index === "number" && (index < 0 ? index + depth : index) === place[axis] ? on : off;
  });
}

/** One position alone: several would be another order of the elements. */
function liftGather(layer: NativeLayer): Lifted {
  const index = scalarIndex(layer);
  const axis = layer.axis(layer.view.int("axis", 0));
  const size = fixed(layer.shape()[axis], "the size of its input");
  return layer.lifted({ kind: "select", axis, index: index < 0 ? index + size : index });
}

function scalarIndex({ view }: NativeLayer): number {
  const index = view.shape(1)?.length === 0 ? view.number(1) : undefined;
  if (index === undefined) throw new NotLiftable("it picks several elements, or others at each run");
  return index;
}

/** Bounds are attributes up to opset 9 and inputs since; what lies beyond the end means the end. */
function liftSlice(layer: NativeLayer): Lifted {
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
}

/** Operators that pick, place and find elements. */
export const INDEXING: Operators = {
  Gather: { ...GATHER, lift: liftGather },
  GatherElements: GATHER_ELEMENTS,
  GatherND: GATHER_ND,
  Scatter: scatter(scatterElementsValue),
  ScatterElements: scatter(scatterElementsValue),
  ScatterND: scatter(scatterNdValue),
  // Writes a step's keys or values into a cache, from the index in input 2 on.
  TensorScatter: { ...scatter(() => undefined), configuration: [2] },
  Slice: { ...SLICE, lift: liftSlice },
  NonZero: NON_ZERO,
  Compress: COMPRESS,
  Unique: UNIQUE,
  OneHot: ONE_HOT,
};
