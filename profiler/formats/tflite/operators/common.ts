import type { DataType } from "../../../model/data-type.ts";
import { bitsOf } from "../../../model/data-type.ts";
import type { Dimension, Shape } from "../../../model/shape.ts";
import { inferredType, unknownSizes } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { Operators } from "../../../neutral/operator.ts";
import type { TfliteLayer } from "../restructure/tflite-layer.ts";
import type { OperatorRule, PlainRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { ShapeError } from "../../../shapes/shape-error.ts";
import { TENSOR_TYPES } from "../data-types.ts";
import { TensorType } from "../schema/generated/schema_generated.ts";

export type Rules = Operators<TfliteLayer>;

/** Element type that the file gives an output: TFLite's kernels choose by it what they compute (int8 to int16, float to int8, …). */
export function outputType(view: NodeView, output = 0, fallback = view.dataType(0)): DataType | undefined {
  return view.declaredOutput(output)?.dataType ?? fallback;
}

/** An option that names an element type: "INT64". */
export function typeOption(view: NodeView, name: string): DataType | undefined {
  const text = view.text(name);
  if (text === undefined || !(text in TensorType)) return undefined;
  return TENSOR_TYPES[TensorType[text as keyof typeof TensorType]];
}

/** The fused activation by its neutral name, as part of a geometry. */
export function fusedActivation(view: NodeView): { readonly activation?: string } {
  const name = view.text("fused_activation_function", "NONE");
  return name === "NONE" ? {} : { activation: name.toLowerCase() };
}

/** A list in an input: its elements, or as many unknown sizes as it has; undefined when not even their number is known. */
export function listInput(view: NodeView, index: number): readonly Dimension[] | undefined {
  const value = view.value(index);
  if (value !== undefined) return value;
  const shape = view.shape(index);
  if (shape?.length === 0) return unknownSizes(1);
  return typeof shape?.[0] === "number" ? unknownSizes(shape[0]) : undefined;
}

/** The shape, checked to have `rank` axes. @throws ShapeError */
export function ofRank(shape: Shape | undefined, rank: number): Shape | undefined {
  if (shape !== undefined && shape.length !== rank) {
    throw new ShapeError(`a tensor of rank ${rank} expected, not [${shape.join(", ")}]`);
  }
  return shape;
}

/** One output of the first input's type whose shape follows from that input's. */
export function shaped(
  shapeOf: (shape: Shape, view: NodeView) => Shape | undefined,
  rest: Omit<PlainRule, "infer">,
): OperatorRule {
  return { ...rest, infer: (view: NodeView) => [inferredType(view.dataType(0), mapped(view, shapeOf))] };
}

function mapped(view: NodeView, shapeOf: (shape: Shape, view: NodeView) => Shape | undefined): Shape | undefined {
  const shape = view.shape(0);
  return shape && shapeOf(shape, view);
}

/** Outputs without a shape: handles of resources and tables. */
export function handle(dataType: DataType): readonly InferredType[] {
  return [inferredType(dataType, [1])];
}

/** Bytes of an element, for types that have whole ones. */
export function elementBytes(type: DataType | undefined): number | undefined {
  const bits = type && bitsOf(type);
  return bits === undefined ? undefined : bits / 8;
}
