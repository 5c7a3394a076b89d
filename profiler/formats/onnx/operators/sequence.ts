import type { Dimension, Shape } from "../../../model/shape.ts";
import { mergeFacts } from "../../../operators/merge-facts.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { UNKNOWN, type SequenceItems, type TensorFact } from "../../../operators/tensor-fact.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import { add, ceilDivide, multiply, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { dataTypeOf } from "../data-types.ts";
import { fact, mapShape, runtimeSize } from "./facts.ts";

const FLOAT = 1;

/** A sequence: what holds of each of its tensors, and what they are together where that is known. */
function sequenceOf(element: TensorFact, items?: SequenceItems): TensorFact {
  const { dataType, shape } = element;
  return { dataType, shape, container: "sequence", ...(items && { items }) };
}

const EMPTY: SequenceItems = { count: 0, totals: undefined };

function withItem({ count, totals }: SequenceItems, { shape }: TensorFact): SequenceItems {
  return { count: add(count, 1), totals: count === 0 ? shape : addedUp(totals, shape) };
}

function addedUp(a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  return a?.length === b?.length ? a?.map((size, axis) => add(size, b?.[axis] ?? UNKNOWN_SIZE)) : undefined;
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
  return sequenceOf(
    others.reduce((merged, element) => either(merged, element), first),
    [first, ...others].reduce(withItem, EMPTY),
  );
}

function inserted(view: NodeView): TensorFact {
  const sequence = view.input(0);
  const element = view.input(1);
  const items = sequence.items && withItem(sequence.items, element);
  return sequenceOf(sequence.items?.count === 0 ? element : either(elementOf(sequence), element), items);
}

/** Parts of one length, of 1 by default; without `keepdims` those of 1 lose the axis. */
function splitUp(view: NodeView): TensorFact {
  const input = view.shape(0);
  if (input === undefined) return sequenceOf(fact(view.dataType(0), undefined));
  const axis = normalizeAxis(view.int("axis", 0), input.length);
  const total = input[axis] ?? UNKNOWN_SIZE;
  const parts = partsOf(view, total);
  const dropsAxis = !view.has(1) && !view.flag("keepdims", true);
  const kept = (sizes: Shape): Shape => (dropsAxis ? sizes.toSpliced(axis, 1) : sizes);
  const totals = input.map((size, at) => (at === axis ? total : multiply(size, parts.count)));
  return sequenceOf(fact(view.dataType(0), kept(input.with(axis, parts.size))), {
    count: parts.count,
    totals: kept(totals),
  });
}

/** Into how many parts an axis is split, and the size of each where they are all of one size. */
function partsOf(view: NodeView, total: Dimension): { readonly count: Dimension; readonly size: Dimension } {
  if (!view.has(1)) return { count: total, size: 1 };
  const sizes = view.value(1);
  const isOneSize = view.shape(1)?.length === 0;
  const [first, ...others] = sizes ?? [];
  if (first === undefined) {
    const asked = isOneSize ? undefined : view.shape(1)?.[0];
    return { count: asked ?? runtimeSize(view, "parts"), size: UNKNOWN_SIZE };
  }
  if (!isOneSize)
    return { count: others.length + 1, size: others.every((size) => size === first) ? first : UNKNOWN_SIZE };
  const isEven = typeof total === "number" && typeof first === "number" && total % first === 0;
  return { count: ceilDivide(total, first), size: isEven ? first : UNKNOWN_SIZE };
}

function concatenated(view: NodeView): TensorFact {
  const axis = view.int("axis", 0);
  const { items } = view.input(0);
  const shape = mapShape(view.shape(0), (element) => {
    if (view.flag("new_axis")) {
      const count = items?.count ?? runtimeSize(view, "tensors");
      return element.toSpliced(normalizeAxis(axis, element.length + 1), 0, count);
    }
    const along = normalizeAxis(axis, element.length);
    return element.with(along, items?.totals?.[along] ?? runtimeSize(view, "concatenated"));
  });
  return fact(view.dataType(0), shape);
}

function lengthOf(view: NodeView): TensorFact {
  const count = view.input(0).items?.count;
  return fact("int64", [], count === undefined || count === UNKNOWN_SIZE ? undefined : [count]);
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
    infer: (view) => [sequenceOf(fact(dataTypeOf(view.int("dtype", FLOAT)), undefined), EMPTY)],
    kind: "constant",
  },
  SequenceConstruct: moving(constructed),
  SequenceInsert: moving(inserted, [2]),
  SequenceErase: moving((view) => sequenceOf(view.input(0)), [1]),
  SequenceAt: moving((view) => elementOf(view.input(0)), [1]),
  SequenceLength: { infer: (view) => [lengthOf(view)], kind: "shape" },
  SplitToSequence: moving(splitUp, [1]),
  ConcatFromSequence: moving(concatenated),
  Optional: moving((view) => ({ dataType: view.dataType(0), shape: view.shape(0), container: "optional" })),
  OptionalGetElement: moving(optionalElement),
  OptionalHasElement: hasElement,
};
