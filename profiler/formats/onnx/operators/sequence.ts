import type { Dimension, Shape } from "../../../model/shape.ts";
import { mergeFacts } from "../../../operators/merge-facts.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { UNKNOWN, type TensorFact } from "../../../operators/tensor-fact.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import { UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { dataTypeOf } from "../data-types.ts";
import { fact, mapShape } from "./facts.ts";

const FLOAT = 1;

/** Of a sequence is known what holds of each of its tensors; how many there are is not. */
function sequenceOf(element: TensorFact): TensorFact {
  return { dataType: element.dataType, shape: element.shape, container: "sequence" };
}

function elementOf({ dataType, shape }: TensorFact): TensorFact {
  return { dataType, shape };
}

/** What holds of both; a size that differs is another one for each tensor. */
function either(a: TensorFact, b: TensorFact): TensorFact {
  return mergeFacts(a, b, () => UNKNOWN_SIZE);
}

function moving(infer: (view: NodeView) => TensorFact, configuration: readonly number[] = []): OperatorRule {
  return { infer: (view) => [infer(view)], kind: "data-movement", configuration };
}

function constructed(view: NodeView): TensorFact {
  const [first = UNKNOWN, ...others] = view.inputs.map((_, index) => view.input(index));
  return sequenceOf(others.reduce((merged, element) => either(merged, element), first));
}

/** Parts of one length, of 1 by default; without `keepdims` those of 1 lose the axis. */
function splitUp(view: NodeView): TensorFact {
  const shape = mapShape(view.shape(0), (input): Shape => {
    const axis = normalizeAxis(view.int("axis", 0), input.length);
    if (!view.has(1)) return view.flag("keepdims", true) ? input.with(axis, 1) : input.toSpliced(axis, 1);
    return input.with(axis, partSize(input[axis] ?? UNKNOWN_SIZE, view.value(1), view.shape(1)?.length === 0));
  });
  return sequenceOf(fact(view.dataType(0), shape));
}

function partSize(total: Dimension, parts: readonly Dimension[] | undefined, isOneSize: boolean): Dimension {
  const [first = UNKNOWN_SIZE, ...others] = parts ?? [];
  if (isOneSize)
    return typeof total === "number" && typeof first === "number" && total % first === 0 ? first : UNKNOWN_SIZE;
  return others.every((size) => size === first) ? first : UNKNOWN_SIZE;
}

function concatenated(view: NodeView): TensorFact {
  const axis = view.int("axis", 0);
  const isNewAxis = view.flag("new_axis");
  const shape = mapShape(view.shape(0), (element) =>
    isNewAxis
      ? element.toSpliced(normalizeAxis(axis, element.length + 1), 0, UNKNOWN_SIZE)
      : element.with(normalizeAxis(axis, element.length), UNKNOWN_SIZE),
  );
  return fact(view.dataType(0), shape);
}

const hasElement: OperatorRule = { infer: () => [fact("bool", [])], kind: "shape" };

/** Since opset 18 the input may be the element itself. */
function optionalElement(view: NodeView): TensorFact {
  const input = view.input(0);
  return input.container === "optional" ? elementOf(input) : input;
}

/** Operators on lists of tensors and on tensors that may be missing. */
export const SEQUENCE: Readonly<Record<string, OperatorRule>> = {
  SequenceEmpty: {
    infer: (view) => [sequenceOf(fact(dataTypeOf(view.int("dtype", FLOAT)), undefined))],
    kind: "constant",
  },
  SequenceConstruct: moving(constructed),
  SequenceInsert: moving((view) => sequenceOf(either(elementOf(view.input(0)), view.input(1))), [2]),
  SequenceErase: moving((view) => view.input(0), [1]),
  SequenceAt: moving((view) => elementOf(view.input(0)), [1]),
  SequenceLength: { infer: () => [fact("int64", [])], kind: "shape" },
  SplitToSequence: moving(splitUp, [1]),
  ConcatFromSequence: moving(concatenated),
  Optional: moving((view) => ({ dataType: view.dataType(0), shape: view.shape(0), container: "optional" })),
  OptionalGetElement: moving(optionalElement),
  OptionalHasElement: hasElement,
};
