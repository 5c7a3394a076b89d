import { OPERATIONS_PER_ELEMENT } from "../../../operators/operations-per-element.ts";
import type { Dimension, Shape } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import { add, multiply, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { fill, knownTensor, positionOf } from "../../../shapes/known-tensor.ts";
import { reduceShape } from "../../../shapes/reduce.ts";
import { reduceValue, type Reduction } from "../../../shapes/values.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import { liftReduce } from "../../../neutral/element-forms.ts";
import type { ReduceForm, ReduceMeanForm } from "../../../neutral/forms.ts";
import type { NativeLayer } from "../../../neutral/native-layer.ts";
import type { Lowering, Operators } from "../../../neutral/operator.ts";
import type { NodeWriter } from "../restructure/node-writer.ts";
import { everyAxis, inferredType, listSetting, mapShape, numbersOf, sameAs, unknownSizes } from "./inferred-types.ts";

/** Axes are an attribute at first and an input since opset 13 (ReduceSum) or 18 (all others). */
function reduction(value?: Reduction): OperatorRule {
  return {
    infer: (view) => {
      const { dataType, shape } = view.input(0);
      const axes = listSetting(view, "axes", 1);
      const keepDims = view.flag("keepdims", true);
      if (axes.kind === "open") return [inferredType(dataType, shape && openAxes(shape, axes.length, keepDims))];
      const named = numbersOf(axes) ?? [];
      // No axes mean all of them, unless the node says that they mean none.
      if (named.length === 0 && view.flag("noop_with_empty_axes")) {
        // What is not folded (a norm, a logarithm) is still taken of each element.
        return [inferredType(dataType, shape, value && view.value(0))];
      }
      const reduced = named.length === 0 ? undefined : named;
      const known = knownTensor(view.input(0));
      const elements = value && known && dataType ? reduceValue(value, known, reduced, dataType) : undefined;
      return [
        inferredType(
          dataType,
          mapShape(shape, (input) => reduceShape(input, reduced, keepDims)),
          elements,
        ),
      ];
    },
    kind: "reduce",
    configuration: [1],
    mixesAlong: (view) => {
      const axes = numbersOf(listSetting(view, "axes", 1)) ?? [];
      if (axes.length > 0) return axes;
      return view.flag("noop_with_empty_axes") ? [] : everyAxis(view);
    },
  };
}

/** Without the axes only the rank is known: as many as there are axes, fewer by their number without `keepDims`. */
function openAxes(shape: Shape, axes: number | undefined, keepDims: boolean): Shape | undefined {
  if (keepDims) return unknownSizes(shape.length);
  return axes === undefined || axes === 0 ? undefined : unknownSizes(shape.length - axes);
}

/** The place of the largest or smallest element along one axis. */
const ARG: OperatorRule = {
  infer: (view) => {
    const axes = [view.int("axis", 0)];
    return [
      inferredType(
        "int64",
        mapShape(view.shape(0), (shape) => reduceShape(shape, axes, view.flag("keepdims", true))),
      ),
    ];
  },
  kind: "reduce",
  mixesAlong: (view) => [view.int("axis", 0)],
};

/** The running sum or product along one axis. */
function cumulative(combine: (a: Dimension, b: Dimension) => Dimension, start: number): OperatorRule {
  return {
    describe: (view) => {
      const { dataType, shape } = sameAs(view);
      return {
        outputs: [inferredType(dataType, shape, cumulativeValue(view, combine, start))],
        operation: { kind: "elementwise", geometry: { opsPerElement: OPERATIONS_PER_ELEMENT.arithmetic } },
      };
    },
    configuration: [1],
    inPlace: [0],
    mixesAlong: (view) => [view.number(1) ?? 0],
  };
}

function cumulativeValue(
  view: NodeView,
  combine: (a: Dimension, b: Dimension) => Dimension,
  start: number,
): InferredType["value"] {
  const known = knownTensor(view.input(0));
  const named = view.number(1);
  if (known === undefined || named === undefined) return undefined;
  const axis = normalizeAxis(named, known.shape.length);
  const [isReverse, isExclusive] = [view.flag("reverse"), view.flag("exclusive")];
  return fill(known.shape, (place) => {
    const end = place[axis] ?? 0;
    const isWithin = (at: number) => (isReverse ? at > end : at < end) || (at === end && !isExclusive);
    return Array.from({ length: known.shape[axis] ?? 0 }, (_, at) => at)
      .filter(isWithin)
      .reduce<Dimension>(
        (total, at) => combine(total, known.value[positionOf(place.with(axis, at), known.shape)] ?? UNKNOWN_SIZE),
        start,
      );
  });
}

/** The k largest elements of one axis and their places; k is an attribute in opset 1 and an input since 10. */
const TOP_K: OperatorRule = {
  infer: (view) => {
    const count = view.has(1) ? (view.value(1)?.[0] ?? UNKNOWN_SIZE) : view.int("k", 0);
    const shape = mapShape(view.shape(0), (input) =>
      input.with(normalizeAxis(view.int("axis", -1), input.length), count),
    );
    const picked = topElements(view, count);
    return [
      inferredType(
        view.dataType(0),
        shape,
        picked?.map(({ element }) => element),
      ),
      inferredType(
        "int64",
        shape,
        picked?.map(({ place }) => place),
      ),
    ];
  },
  kind: "sort",
  configuration: [1],
  mixesAlong: (view) => [view.int("axis", -1)],
};

/** Of a list: shapes are no larger tensors. */
function topElements(view: NodeView, count: Dimension): { element: number; place: number }[] | undefined {
  const numbers = view.numbers(0);
  if (numbers === undefined || view.shape(0)?.length !== 1 || typeof count !== "number") return undefined;
  const direction = view.flag("largest", true) ? -1 : 1;
  return numbers
    .map((element, place) => ({ element, place }))
    .sort((a, b) => direction * (a.element - b.element) || a.place - b.place)
    .slice(0, count);
}

/** Before it, the axes of a mean were an attribute. */
const FIRST_WITH_MEAN_AXES = 18;

function liftMean(layer: NativeLayer): Lifted {
  const rank = layer.shape().length;
  const given = layer.settings("axes", 1) ?? [];
  const keepsAll = given.length === 0 && layer.view.flag("noop_with_empty_axes");
  if (keepsAll) return layer.lifted({ kind: "identity" });
  const axes =
    given.length === 0
      ? Array.from({ length: rank }, (_, axis) => axis)
      : given.map((axis) => layer.axis(axis)).toSorted((a, b) => a - b);
  return layer.lifted({
    kind: "reduce-mean",
    axes,
    keepsAxes: layer.view.flag("keepdims", true),
    activation: undefined,
  });
}

/** As a mean, of another kind. */
function reduceLift(fn: ReduceForm["fn"]): (layer: NativeLayer) => Lifted {
  return (layer) => {
    const { view } = layer;
    const given = layer.settings("axes", 1) ?? [];
    if (given.length === 0 && view.flag("noop_with_empty_axes")) return layer.lifted({ kind: "identity" });
    return liftReduce(layer, fn, given, view.flag("keepdims", true));
  };
}

function writeMean({ axes, keepsAxes }: ReduceMeanForm, writer: NodeWriter): void {
  const keepdims = keepsAxes ? 1 : 0;
  if (writer.opset < FIRST_WITH_MEAN_AXES) writer.node("ReduceMean", [writer.input], { axes, keepdims });
  else writer.node("ReduceMean", [writer.input, writer.setting("axes", axes)], { keepdims });
}

export const WRITE_REDUCTION: Lowering<NodeWriter> = { "reduce-mean": writeMean };

/** Operators that make one number of many, or put many in order. */
export const REDUCTION: Operators = {
  ReduceSum: { ...reduction("sum"), lift: reduceLift("sum") },
  ReduceProd: reduction("product"),
  ReduceMax: { ...reduction("max"), lift: reduceLift("maximum") },
  ReduceMin: { ...reduction("min"), lift: reduceLift("minimum") },
  ReduceMean: { ...reduction("mean"), lift: liftMean },
  ReduceL1: reduction(),
  ReduceL2: reduction(),
  ReduceLogSum: reduction(),
  ReduceLogSumExp: reduction(),
  ReduceSumSquare: reduction(),
  ArgMax: ARG,
  ArgMin: ARG,
  CumSum: cumulative(add, 0),
  CumProd: cumulative(multiply, 1),
  TopK: TOP_K,
};
