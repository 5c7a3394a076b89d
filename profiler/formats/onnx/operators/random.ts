import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { dataTypeOf } from "../data-types.ts";
import { inferredType } from "./inferred-types.ts";

function random(infer: (view: NodeView) => InferredType, configuration: readonly number[] = []): OperatorRule {
  return { infer: (view) => [infer(view)], kind: "random", configuration, isNondeterministic: true };
}

const FLOAT = 1;
const INT32 = 6;

const byShape = random((view) => inferredType(dataTypeOf(view.int("dtype", FLOAT)), view.ints("shape")));
/** As large as the input, whose numbers do not matter. */
const like = random((view) => inferredType(dataTypeOf(view.int("dtype")) ?? view.dataType(0), view.shape(0)), [0]);

/** Operators whose result is another one at each run. */
export const RANDOM: Readonly<Record<string, OperatorRule>> = {
  RandomNormal: byShape,
  RandomUniform: byShape,
  RandomNormalLike: like,
  RandomUniformLike: like,
  // The input holds probabilities.
  Bernoulli: random((view) => inferredType(dataTypeOf(view.int("dtype")) ?? view.dataType(0), view.shape(0))),
  Multinomial: random((view) => {
    const [batch] = view.shape(0) ?? [];
    const shape = batch === undefined ? undefined : [batch, view.int("sample_size", 1)];
    return inferredType(dataTypeOf(view.int("dtype", INT32)), shape);
  }),
};
