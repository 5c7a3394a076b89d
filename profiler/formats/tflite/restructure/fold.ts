import { ownEntry } from "../../../own-entry.ts";
import type { InferredNode } from "../../../operators/infer.ts";
import type { ConstantType, LiftScope } from "../../../neutral/adapter.ts";
import { reshapedWeights, type Weights } from "../../../neutral/forms.ts";
import type { Fold } from "../../../neutral/operator.ts";
import { BUILTIN } from "../operators/index.ts";
import { permutedWeights } from "../../../neutral/stored-weights.ts";

const RESHAPED: Fold = (_, { shape }, input) => {
  const weights = input();
  return weights && reshapedWeights(weights, shape);
};

/** Operators that converters leave between a stored weight and its layer. */
const FOLDS: Readonly<Record<string, Fold>> = {
  RESHAPE: RESHAPED,
  SQUEEZE: RESHAPED,
  EXPAND_DIMS: RESHAPED,
  TRANSPOSE: ({ view }, _, input) => {
    const [permutation, weights] = [view.numbers(1), input()];
    return permutation && weights && permutedWeights(weights, permutation);
  },
};

/** What a node makes of constants alone: see `FormatAdapter.fold`. */
export function foldNode(inferred: InferredNode, scope: LiftScope, type: ConstantType): Weights | undefined {
  const { node } = inferred;
  if (node.domain !== "") return undefined;
  const fold =
    ownEntry(FOLDS, node.op) ?? (Object.hasOwn(BUILTIN, node.op) ? ownEntry(BUILTIN, node.op)?.fold : undefined);
  return fold?.(inferred, type, () => scope.constant(node.inputs[0]));
}
