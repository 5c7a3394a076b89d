import { bitsOf, isFloat } from "../../../model/data-type.ts";
import { elementsOf } from "../../../model/shape.ts";
import type { Quantization } from "../../../model/model.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { InferredNode } from "../../../operators/infer.ts";
import type { ConstantType, LiftScope } from "../../../neutral/adapter.ts";
import { computedWeights, newWeights, reshapedWeights, type Weights } from "../../../neutral/forms.ts";
import { dequantizedElements, permutedWeights, storedWeights } from "../../../neutral/stored-weights.ts";

const TENSOR = { granularity: "tensor" } as const;

/** Narrower integers are packed: they are not written again. */
const FEWEST_BITS = 8;

/** @param input numbers of the first input, or of another */
type Fold = (node: InferredNode, type: ConstantType, input: Input) => Weights | undefined;
type Input = (position?: number) => Weights | undefined;

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
  // Behind it the weights still count as what is stored, so that weights made of them are stored so too.
  DequantizeLinear: ({ view }, { shape }, input) => {
    const [weights, scales] = [input(), input(1)];
    if (weights === undefined || scales === undefined || isFloat(weights.dataType)) return undefined;
    if ((bitsOf(weights.dataType) ?? 0) < FEWEST_BITS || view.int("block_size", 0) > 0) return undefined;
    const axis = view.int("axis", 1);
    const along = elementsOf(scales.shape) === 1 ? undefined : axis < 0 ? axis + shape.length : axis;
    const known = scalesOf(view);
    const scheme = known && {
      ...(along === undefined ? TENSOR : { granularity: "channel" as const, axis: along }),
      ...known,
    };
    return {
      shape,
      dataType: weights.dataType,
      ...(scheme && { quantization: scheme }),
      read: async () => {
        const [elements, scale, zero] = [await weights.read(), await scales.read(), await input(2)?.read()];
        return dequantizedElements(elements, shape, { axis: along, scales: scale, zeroPoints: zero ?? [0] });
      },
    };
  },
  Cast: (_, { shape, dataType }, input) => {
    const weights = input();
    if (weights === undefined || !isFloat(weights.dataType) || !isFloat(dataType)) return undefined;
    return weights.dataType === dataType ? weights : computedWeights(shape, () => weights.read(), dataType);
  },
};

/** What a node makes of constants alone: see `FormatAdapter.fold`. */
export function foldNode(inferred: InferredNode, scope: LiftScope, type: ConstantType): Weights | undefined {
  const { node } = inferred;
  if (node.domain !== "") return undefined;
  return FOLDS[node.op]?.(inferred, type, (position = 0) => scope.constant(node.inputs[position]));
}

/** Scales and zero points; undefined for more than come along with the model. */
function scalesOf(view: NodeView): Pick<Quantization, "scales" | "zeroPoints"> | undefined {
  const scales = view.numbers(1);
  const zeroPoints = view.has(2) ? view.numbers(2) : scales?.map(() => 0);
  return scales && zeroPoints && { scales, zeroPoints };
}
