import type { DataType } from "../../../model/data-type.ts";
import { inferredType, unknownSizes } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import { knownTensor } from "../../../shapes/known-tensor.ts";
import { reduceShape } from "../../../shapes/reduce.ts";
import { reduceValue, type Reduction } from "../../../shapes/values.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import { liftReduce } from "../../../neutral/element-forms.ts";
import type { ReduceForm, ReduceMeanForm } from "../../../neutral/forms.ts";
import type { Lowering } from "../../../neutral/operator.ts";
import type { OperatorWriter } from "../restructure/operator-writer.ts";
import type { TfliteLayer } from "../restructure/tflite-layer.ts";
import { outputType, typeOption, type Rules } from "./common.ts";

/** Axes are the second input. */
function reduction(value?: Reduction): OperatorRule {
  return {
    infer: (view) => {
      const shape = view.shape(0);
      const axes = view.numbers(1);
      const keepDims = view.flag("keep_dims");
      const type = outputType(view);
      if (shape === undefined || axes === undefined) {
        const isRankKnown = shape !== undefined && keepDims;
        return [inferredType(type, isRankKnown ? unknownSizes(shape.length) : undefined)];
      }
      const known = knownTensor(view.input(0));
      const elements = value && known && type ? reduceValue(value, known, axes, type) : undefined;
      return [inferredType(type, reduceShape(shape, axes, keepDims), elements)];
    },
    kind: "reduce",
    configuration: [1],
  };
}

/** Place of the largest or smallest element along the axis in the second input, which goes. */
const ARG: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const axis = view.number(1);
    const reduced = shape && axis !== undefined ? shape.toSpliced(normalizeAxis(axis, shape.length), 1) : undefined;
    return [inferredType(typeOption(view, "output_type") ?? outputType(view, 0, "int64"), reduced)];
  },
  kind: "reduce",
  configuration: [1],
};

const CUMSUM: OperatorRule = {
  infer: (view) => [inferredType(view.dataType(0), view.shape(0))],
  kind: "reduce",
  configuration: [1],
};

/** Rows that the second input puts in one segment become one; how many segments there are, the third says or the run. */
function segments(isCountGiven: boolean): OperatorRule {
  return {
    infer: (view) => {
      const shape = view.shape(0);
      const ids = view.shape(1);
      const count = isCountGiven ? view.value(2)?.[0] : lastSegment(view);
      const [unknown = 0] = unknownSizes(1);
      const rest = shape && ids && shape.slice(isCountGiven ? ids.length : 1);
      return [inferredType(view.dataType(0), rest && [count ?? unknown, ...rest])];
    },
    kind: "reduce",
    configuration: isCountGiven ? [2] : [],
  };
}

/** Segment numbers ascend, so that the last one tells how many there are. */
function lastSegment(view: NodeView): number | undefined {
  const last = view.numbers(1)?.at(-1);
  return last === undefined ? undefined : last + 1;
}

/** Real numbers to half of a symmetric spectrum, for lengths in the second input. */
const RFFT2D: OperatorRule = {
  describe: (view) => {
    const shape = view.shape(0);
    const [rows, columns] = view.value(1) ?? unknownSizes(2);
    const half = typeof columns === "number" ? Math.floor(columns / 2) + 1 : unknownSizes(1)[0];
    const type: DataType = "complex64";
    return {
      outputs: [inferredType(type, shape && [...shape.slice(0, -2), rows ?? 0, half ?? 0])],
      operation: { kind: "elementwise", geometry: { opsPerElement: fftOps(view) } },
    };
  },
  configuration: [1],
};

/** A fast Fourier transform takes some 5 · n · log2(n) operations; a real one makes half as many outputs with half of these. */
function fftOps(view: NodeView): number {
  const elements = (view.numbers(1) ?? [1, 1]).reduce((product, length) => product * length, 1);
  return Math.ceil(5 * Math.log2(Math.max(2, elements)));
}

function liftMean(layer: TfliteLayer): Lifted {
  const axes = (layer.settings("axes", 1) ?? []).map((axis) => layer.axis(axis));
  const sorted = [...new Set(axes)].toSorted((a, b) => a - b);
  return layer.lifted({
    kind: "reduce-mean",
    axes: sorted,
    keepsAxes: layer.view.flag("keep_dims"),
    activation: undefined,
  });
}

/** As a mean, of another kind. */
function reduceLift(fn: ReduceForm["fn"]): (layer: TfliteLayer) => Lifted {
  return (layer) => liftReduce(layer, fn, layer.settings("axes", 1) ?? [], layer.view.flag("keep_dims"));
}

function writeMean({ axes, keepsAxes }: ReduceMeanForm, writer: OperatorWriter): void {
  writer.operator("MEAN", [writer.input, writer.setting("axes", axes)], { keep_dims: keepsAxes });
}

export const WRITE_REDUCTION: Lowering<OperatorWriter> = { "reduce-mean": writeMean };

/** Operators that make one element of many. */
export const REDUCTION: Rules = {
  MEAN: { ...reduction("mean"), lift: liftMean },
  SUM: { ...reduction("sum"), lift: reduceLift("sum") },
  REDUCE_PROD: reduction("product"),
  REDUCE_MAX: { ...reduction("max"), lift: reduceLift("maximum") },
  REDUCE_MIN: { ...reduction("min"), lift: reduceLift("minimum") },
  REDUCE_ANY: reduction(),
  REDUCE_ALL: reduction(),
  ARG_MAX: ARG,
  ARG_MIN: ARG,
  CUMSUM,
  SEGMENT_SUM: segments(false),
  UNSORTED_SEGMENT_SUM: segments(true),
  UNSORTED_SEGMENT_PROD: segments(true),
  UNSORTED_SEGMENT_MAX: segments(true),
  UNSORTED_SEGMENT_MIN: segments(true),
  RFFT2D,
};
