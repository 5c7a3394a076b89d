import { isStatic, type Dimension } from "../../../model/shape.ts";
import { inferredType, unknownSizes } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { fill } from "../../../shapes/known-tensor.ts";
import { rangeLength, rangeValue } from "../../../shapes/values.ts";
import { listInput, outputType, typeOption, type Rules } from "./common.ts";

const SHAPE: OperatorRule = {
  infer: (view) => {
    const type = typeOption(view, "out_type") ?? "int32";
    const shape = view.shape(0);
    return [inferredType(type, shape ? [shape.length] : unknownSizes(1), shape)];
  },
  kind: "shape",
};

const RANK: OperatorRule = {
  infer: (view) => {
    const rank = view.shape(0)?.length;
    return [inferredType("int32", [], rank === undefined ? undefined : [rank])];
  },
  kind: "shape",
};

const RANGE: OperatorRule = {
  infer: (view) => {
    const [start, limit, step] = [0, 1, 2].map((index) => view.value(index)?.[0]);
    const type = view.dataType(0);
    if (start === undefined || limit === undefined || step === undefined) return [inferredType(type, unknownSizes(1))];
    const isKnown = typeof start === "number" && typeof limit === "number" && typeof step === "number";
    return [
      inferredType(type, [rangeLength(start, limit, step)], isKnown ? rangeValue(start, limit, step) : undefined),
    ];
  },
  kind: "constant",
  configuration: [0, 1, 2],
};

/** The shape in the first input filled with the number in the second. */
const FILL: OperatorRule = {
  infer: (view) => [filled(view, listInput(view, 0), 1, view.value(1)?.[0])],
  kind: "constant",
  configuration: [0, 1],
};

const ZEROS_LIKE: OperatorRule = {
  infer: (view) => [filled(view, view.shape(0), 0, 0)],
  kind: "constant",
  configuration: [0],
};

function filled(
  view: NodeView,
  shape: InferredType["shape"],
  typeFrom: number,
  element: Dimension | undefined,
): InferredType {
  const isKnown = shape !== undefined && isStatic(shape) && element !== undefined;
  return inferredType(view.dataType(typeFrom), shape, isKnown ? fill(shape, () => element) : undefined);
}

/** Numbers that are others at each run, of the shape in the first input. */
const RANDOM: OperatorRule = {
  infer: (view) => [inferredType(outputType(view, 0, "float32"), listInput(view, 0))],
  kind: "random",
  configuration: [0],
  isNondeterministic: true,
};

/** As many draws as the second input says from each row of probabilities. */
const MULTINOMIAL: OperatorRule = {
  infer: (view) => {
    const [unknown = 0] = unknownSizes(1);
    const batch = view.shape(0)?.[0] ?? unknown;
    return [inferredType(outputType(view, 0, "int64"), [batch, view.value(1)?.[0] ?? unknown])];
  },
  kind: "random",
  configuration: [1],
  isNondeterministic: true,
};

/** Tensors made from sizes and options alone. */
export const CONSTANTS: Rules = {
  SHAPE,
  RANK,
  RANGE,
  FILL,
  ZEROS_LIKE,
  RANDOM_UNIFORM: RANDOM,
  RANDOM_STANDARD_NORMAL: RANDOM,
  MULTINOMIAL,
};
