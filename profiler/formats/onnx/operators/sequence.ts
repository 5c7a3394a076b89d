import type { Dimension, Shape } from "../../../model/shape.ts";
import { mergeTypes } from "../../../operators/merge-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { UNKNOWN, type SequenceItems, type InferredType } from "../../../operators/inferred-type.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import { add, ceilDivide, multiply, subtract, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { dataTypeOf } from "../data-types.ts";
import { inferredType, mapShape, runtimeSize } from "./inferred-types.ts";

const FLOAT = 1;

/** Lists longer than this are not followed tensor by tensor: no exporter writes them out. */
const MOST_FOLLOWED = 1024;

/** A sequence: what holds of each of its tensors, and what they are together where that is known. */
function sequenceOf(element: InferredType, items?: SequenceItems): InferredType {
  const { dataType, shape } = element;
  return { dataType, shape, container: "sequence", ...(items && { items }) };
}

const EMPTY: SequenceItems = { count: 0, totals: undefined, tensors: [] };

/** What tensors that are all known make together. */
function itemsOf(tensors: readonly InferredType[]): SequenceItems {
  const [first, ...others] = tensors.map(({ shape }) => shape);
  const totals = others.reduce((total, shape) => addedUp(total, shape), first);
  return { count: tensors.length, totals, ...(tensors.length <= MOST_FOLLOWED && { tensors }) };
}

function withItem(items: SequenceItems, element: InferredType, position: number | undefined): SequenceItems {
  const { count, totals, tensors } = items;
  if (tensors && position !== undefined) return itemsOf(tensors.toSpliced(position, 0, element));
  return { count: add(count, 1), totals: count === 0 ? element.shape : addedUp(totals, element.shape) };
}

function addedUp(a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  return a?.length === b?.length ? a?.map((size, axis) => add(size, b?.[axis] ?? UNKNOWN_SIZE)) : undefined;
}

/** Position that input `index` names, from the end when negative; `fallback` where the input is left out, undefined when only the run can tell. */
function positionIn(length: number, view: NodeView, index: number, fallback: number): number | undefined {
  if (!view.has(index)) return fallback;
  const position = view.number(index);
  return position !== undefined && position < 0 ? position + length : position;
}

function elementOf({ dataType, shape }: InferredType): InferredType {
  return { dataType, shape };
}

/** What holds of both; a size that differs is another one for each tensor. */
function either(a: InferredType, b: InferredType): InferredType {
  return mergeTypes(a, b, () => UNKNOWN_SIZE);
}

/** A sequence of tensors that are all known. */
function listed(tensors: readonly InferredType[], empty: InferredType = UNKNOWN): InferredType {
  const [first = empty, ...others] = tensors;
  return sequenceOf(others.reduce(either, first), itemsOf(tensors));
}

function moving(infer: (view: NodeView) => InferredType, configuration: readonly number[] = []): OperatorRule {
  return { infer: (view) => [infer(view)], kind: "data-movement", configuration };
}

function constructed(view: NodeView): InferredType {
  return listed(view.inputs.map((_, index) => view.input(index)));
}

/** sequence, tensor, position? (the end) */
function inserted(view: NodeView): InferredType {
  const sequence = view.input(0);
  const element = elementOf(view.input(1));
  const { items } = sequence;
  const end = items?.tensors?.length;
  const position = end === undefined ? undefined : positionIn(end, view, 2, end);
  return sequenceOf(
    items?.count === 0 ? element : either(elementOf(sequence), element),
    items && withItem(items, element, position),
  );
}

/** sequence, position? (the last) */
function erased(view: NodeView): InferredType {
  const sequence = view.input(0);
  const { items } = sequence;
  const tensors = items?.tensors;
  const position = tensors && positionIn(tensors.length, view, 1, tensors.length - 1);
  if (position !== undefined) return listed(tensors?.toSpliced(position, 1) ?? [], elementOf(sequence));
  return sequenceOf(sequence, items && { count: subtract(items.count, 1), totals: undefined });
}

/** sequence, position */
function picked(view: NodeView): InferredType {
  const sequence = view.input(0);
  const tensors = sequence.items?.tensors;
  const position = tensors && positionIn(tensors.length, view, 1, 0);
  return (position === undefined ? undefined : tensors?.[position]) ?? elementOf(sequence);
}

/** Parts of one length, of 1 by default; without `keepdims` those of 1 lose the axis. */
function splitUp(view: NodeView): InferredType {
  const dataType = view.dataType(0);
  const input = view.shape(0);
  if (input === undefined) return sequenceOf(inferredType(dataType, undefined));
  const axis = normalizeAxis(view.int("axis", 0), input.length);
  const total = input[axis] ?? UNKNOWN_SIZE;
  const dropsAxis = !view.has(1) && !view.flag("keepdims", true);
  const partOf = (size: Dimension): Shape => (dropsAxis ? input.toSpliced(axis, 1) : input.with(axis, size));
  const sizes = partSizes(view, total);
  if (sizes)
    return listed(
      sizes.map((size) => inferredType(dataType, partOf(size))),
      inferredType(dataType, partOf(UNKNOWN_SIZE)),
    );
  const parts = partsOf(view, total);
  const totals = input.map((size, at) => (at === axis ? total : multiply(size, parts.count)));
  return sequenceOf(inferredType(dataType, partOf(parts.size)), {
    count: parts.count,
    totals: dropsAxis ? totals.toSpliced(axis, 1) : totals,
  });
}

/** The size of each part, where all are known. */
function partSizes(view: NodeView, total: Dimension): readonly Dimension[] | undefined {
  const asked = view.has(1) ? view.value(1) : [1];
  if (asked && view.shape(1)?.length === 1) return asked;
  const [size] = asked ?? [];
  if (typeof size !== "number" || typeof total !== "number" || size <= 0) return undefined;
  const count = Math.ceil(total / size);
  if (count > MOST_FOLLOWED) return undefined;
  return Array.from({ length: count }, (_, part) => Math.min(size, total - part * size));
}

/** Into how many parts an axis is split whose parts are not all known, and the size of each where they are of one size. */
function partsOf(view: NodeView, total: Dimension): { readonly count: Dimension; readonly size: Dimension } {
  if (!view.has(1)) return { count: total, size: 1 };
  const isOneSize = view.shape(1)?.length === 0;
  const size = isOneSize ? view.value(1)?.[0] : undefined;
  if (size !== undefined) {
    const isEven = typeof total === "number" && typeof size === "number" && total % size === 0;
    return { count: ceilDivide(total, size), size: isEven ? size : UNKNOWN_SIZE };
  }
  const asked = isOneSize ? undefined : view.shape(1)?.[0];
  return { count: asked ?? runtimeSize(view, "parts"), size: UNKNOWN_SIZE };
}

function concatenated(view: NodeView): InferredType {
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
  return inferredType(view.dataType(0), shape);
}

function lengthOf(view: NodeView): InferredType {
  const count = view.input(0).items?.count;
  return inferredType("int64", [], count === undefined || count === UNKNOWN_SIZE ? undefined : [count]);
}

const hasElement: OperatorRule = { infer: () => [inferredType("bool", [])], kind: "shape" };

/** Since opset 18 the input may be the element itself. */
function optionalElement(view: NodeView): InferredType {
  const input = view.input(0);
  return input.container === "optional" ? elementOf(input) : input;
}

/** Operators on lists of tensors and on tensors that may be missing. */
export const SEQUENCE: Readonly<Record<string, OperatorRule>> = {
  SequenceEmpty: {
    infer: (view) => [sequenceOf(inferredType(dataTypeOf(view.int("dtype", FLOAT)), undefined), EMPTY)],
    kind: "constant",
  },
  SequenceConstruct: moving(constructed),
  SequenceInsert: moving(inserted, [2]),
  SequenceErase: moving(erased, [1]),
  SequenceAt: moving(picked, [1]),
  SequenceLength: { infer: (view) => [lengthOf(view)], kind: "shape" },
  SplitToSequence: moving(splitUp, [1]),
  ConcatFromSequence: moving(concatenated),
  Optional: moving((view) => ({ dataType: view.dataType(0), shape: view.shape(0), container: "optional" })),
  OptionalGetElement: moving(optionalElement),
  OptionalHasElement: hasElement,
};
