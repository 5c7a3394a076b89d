import { isFloat } from "../../../model/data-type.ts";
import type { InferredNode } from "../../../operators/infer.ts";
import type { ConstantType, LiftScope } from "../../../neutral/adapter.ts";
import { computedWeights, reshapedWeights, type Weights } from "../../../neutral/forms.ts";
import { permutedWeights } from "../../../neutral/stored-weights.ts";

type Fold = (node: InferredNode, type: ConstantType, weights: Weights) => Weights | undefined;

const RESHAPED: Fold = (_, { shape }, weights) => reshapedWeights(weights, shape);

/**
 * Operators that converters leave between a stored weight and its layer. Behind a DEQUANTIZE the weights still count as what is stored:
 * float16 or int8, so that weights made of them are stored so too.
 */
const FOLDS: Readonly<Record<string, Fold>> = {
  RESHAPE: RESHAPED,
  SQUEEZE: RESHAPED,
  EXPAND_DIMS: RESHAPED,
  TRANSPOSE: ({ view }, _, weights) => {
    const permutation = view.numbers(1);
    return permutation && permutedWeights(weights, permutation);
  },
  DEQUANTIZE: (_, { shape }, weights) => {
    const { dataType, quantization } = weights;
    if (!isFloat(dataType) && quantization === undefined) return undefined;
    return { shape, dataType, ...(quantization && { quantization }), read: () => weights.read() };
  },
  CAST: (_, { shape, dataType }, weights) => {
    if (!isFloat(weights.dataType) || !isFloat(dataType)) return undefined;
    return computedWeights(shape, () => weights.read(), dataType);
  },
};

/** What a node makes of constants alone: see `FormatAdapter.fold`. */
export function foldNode(inferred: InferredNode, scope: LiftScope, type: ConstantType): Weights | undefined {
  const { node } = inferred;
  const weights = node.domain === "" ? scope.constant(node.inputs[0]) : undefined;
  return weights && FOLDS[node.op]?.(inferred, type, weights);
}
