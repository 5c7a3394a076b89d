import { ownEntry } from "../../../own-entry.ts";
import { elementsOf } from "../../../model/shape.ts";
import type { InferredNode } from "../../../operators/infer.ts";
import type { ConstantType, LiftScope } from "../../../neutral/adapter.ts";
import { computedWeights, newWeights, reshapedWeights, type Weights } from "../../../neutral/forms.ts";
import type { Fold } from "../../../neutral/operator.ts";
import { DEFAULT_DOMAIN } from "../operators/index.ts";
import { permutedWeights, storedWeights } from "../../../neutral/stored-weights.ts";

const RESHAPED: Fold = (_, { shape }, input) => {
  const weights = input();
  return weights && reshapedWeights(weights, shape);
};

/** Operators that exporters leave between a stored weight and its layer, and those of graphs whose weights are made up. */
const FOLDS: Readonly<Record<string, Fold>> = {
  Identity: (_, __, input) => input(),
  Reshape: RESHAPED,
  Flatten: RESHAPED,
  Squeeze: RESHAPED,
  Unsqueeze: RESHAPED,
  Transpose: ({ view }, _, input) => {
    const weights = input();
    const reversed = weights?.shape.map((__, axis, { length }) => length - 1 - axis);
    return weights && permutedWeights(weights, view.ints("perm") ?? reversed ?? []);
  },
  Constant: ({ view }, { shape, dataType }) => {
    const stored = view.tensor("value");
    if (stored) return storedWeights(stored);
    const written = view.int("value_float") ?? view.int("value_int");
    const elements =
      view.ints("value_floats") ?? view.ints("value_ints") ?? (written === undefined ? undefined : [written]);
    return elements && newWeights(shape, Float32Array.from(elements), dataType);
  },
  ConstantOfShape: ({ view }, { shape, dataType }) => {
    const element = view.tensor("value")?.values?.[0] ?? 0;
    const make = (): Float32Array => new Float32Array(elementsOf(shape) ?? 0).fill(element);
    return computedWeights(shape, () => Promise.resolve(make()), dataType);
  },
};

/** What a node makes of constants alone: see `FormatAdapter.fold`. */
export function foldNode(inferred: InferredNode, scope: LiftScope, type: ConstantType): Weights | undefined {
  const { node } = inferred;
  if (node.domain !== "") return undefined;
  const fold =
    ownEntry(FOLDS, node.op) ??
    (Object.hasOwn(DEFAULT_DOMAIN, node.op) ? ownEntry(DEFAULT_DOMAIN, node.op)?.fold : undefined);
  return fold?.(inferred, type, (position = 0) => scope.constant(node.inputs[position]));
}
