import { isStatic, type Shape } from "../model/shape.ts";
import { inferredType } from "./inferred-types.ts";
import type { NodeView } from "./node-view.ts";
import type { OperatorRule } from "./operator-rule.ts";
import type { InferredType } from "./inferred-type.ts";

/** Rule of an operator that gives the same elements in the same order another shape; a second input says which. */
export function reshapedView(shapeOf: (view: NodeView) => Shape | undefined): OperatorRule {
  return renamedView((view) => {
    const { dataType, value } = view.input(0);
    const shape = shapeOf(view);
    return inferredType(dataType, shape, shape !== undefined && isStatic(shape) ? value : undefined);
  });
}

/** Rule of an operator that gives the first input's bytes another name, or another shape that a second input says. */
export function renamedView(outputOf: (view: NodeView) => InferredType): OperatorRule {
  return {
    infer: (view) => [outputOf(view)],
    kind: "reshape",
    configuration: [1],
    isView: true,
    inPlace: [0],
    carries: 0,
  };
}
