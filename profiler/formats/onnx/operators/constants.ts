import { elementsOf, isStatic } from "../../../model/shape.ts";
import { bytesOf } from "../../../model/data-type.ts";
import type { Fold, Operator, Operators } from "../../../neutral/operator.ts";
import { storedWeights } from "../../../neutral/stored-weights.ts";
import { computedWeights, newWeights } from "../../../neutral/weights.ts";
import { constantType } from "../../../operators/constant-type.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { UNKNOWN, type InferredType } from "../../../operators/inferred-type.ts";
import { fill } from "../../../shapes/known-tensor.ts";
import { dataTypeOf } from "../data-types.ts";
import { inferredType, unknownSizes } from "./inferred-types.ts";

const foldConstant: Fold = ({ view }, { shape, dataType }) => {
  const stored = view.tensor("value");
  if (stored) return storedWeights(stored);
  const written = view.int("value_float") ?? view.int("value_int");
  const elements =
    view.ints("value_floats") ?? view.ints("value_ints") ?? (written === undefined ? undefined : [written]);
  return elements && newWeights(shape, Float32Array.from(elements), dataType);
};

const CONSTANT: Operator = { infer: (view) => [constant(view)], kind: "constant", fold: foldConstant };

/** Exactly one attribute holds it: a tensor, a sparse one, or numbers and texts written out. */
function constant(view: NodeView): InferredType {
  const name = view.outputName(0);
  const stored = view.tensor("value") ?? view.tensor("sparse_value");
  if (stored !== undefined) return constantType(stored, { name });
  const written = writtenOut(view);
  const { dataType, shape } = written;
  if (dataType === undefined) return written;
  const elements = shape && elementsOf(shape);
  const storedBytes = elements === undefined ? undefined : bytesOf(dataType, elements);
  return { ...written, constant: { name, elements, dataType, storedBytes } };
}

function writtenOut(view: NodeView): InferredType {
  for (const [name, dataType] of [
    ["value_float", "float32"],
    ["value_int", "int64"],
  ] as const) {
    const number = view.int(name);
    if (number !== undefined) return inferredType(dataType, [], [number]);
    const list = view.ints(`${name}s`);
    if (list !== undefined) return inferredType(dataType, [list.length], list);
  }
  if (view.text("value_string") !== undefined) return inferredType("string", []);
  const texts = view.attribute("value_strings");
  return Array.isArray(texts) ? inferredType("string", [texts.length]) : UNKNOWN;
}

const foldConstantOfShape: Fold = ({ view }, { shape, dataType }) => {
  const element = view.tensor("value")?.values?.[0] ?? 0;
  const make = (): Float32Array => new Float32Array(elementsOf(shape) ?? 0).fill(element);
  return computedWeights(shape, () => Promise.resolve(make()), dataType);
};

/** A tensor filled with one number, by default a float 0. */
const CONSTANT_OF_SHAPE: Operator = {
  infer: (view) => {
    const filling = view.tensor("value");
    const rank = view.shape(0)?.[0];
    const shape = view.value(0) ?? (typeof rank === "number" ? unknownSizes(rank) : undefined);
    const element = filling === undefined ? 0 : filling.values?.[0];
    const isKnown = element !== undefined && shape !== undefined && isStatic(shape);
    return [inferredType(filling?.dataType ?? "float32", shape, isKnown ? fill(shape, () => element) : undefined)];
  },
  kind: "constant",
  configuration: [0],
  fold: foldConstantOfShape,
};

/** Ones on the k-th diagonal of a matrix as large as the input. */
const EYE_LIKE: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const dataType = dataTypeOf(view.int("dtype")) ?? view.dataType(0);
    const diagonal = view.int("k", 0);
    const value =
      shape !== undefined && isStatic(shape)
        ? fill(shape, ([row = 0, column = 0]) => Number(column - row === diagonal))
        : undefined;
    return [inferredType(dataType, shape, value)];
  },
  kind: "constant",
  configuration: [0],
};

/** Tensors made from nothing but attributes and sizes. */
export const CONSTANTS: Operators = { Constant: CONSTANT, ConstantOfShape: CONSTANT_OF_SHAPE, EyeLike: EYE_LIKE };
