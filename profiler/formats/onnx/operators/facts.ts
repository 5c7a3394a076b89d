import type { DataType } from "../../../model/data-type.ts";
import { isStatic, type Dimension, type Shape } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { TensorFact } from "../../../operators/tensor-fact.ts";
import { UNKNOWN_SIZE } from "../../../shapes/dimension.ts";

/** A fact with its value where there is one. */
export function fact(
  dataType: DataType | undefined,
  shape: Shape | undefined,
  value?: readonly Dimension[],
): TensorFact {
  return value === undefined ? { dataType, shape } : { dataType, shape, value };
}

/** Type and shape of an input, for operators that compute each element from the one at its place. */
export function sameAs(view: NodeView, index = 0): TensorFact {
  return fact(view.dataType(index), view.shape(index));
}

/** `compute` of a shape that is known; undefined else. */
export function mapShape<T>(shape: Shape | undefined, compute: (shape: Shape) => T): T | undefined {
  return shape === undefined ? undefined : compute(shape);
}

/** As many unknown sizes as a tensor has axes whose number alone is known. */
export function unknownSizes(rank: number): Shape {
  return Array.from({ length: rank }, () => UNKNOWN_SIZE);
}

/** A size that only the run can tell, named after the output it is the size of: `nonzero(mask)`. */
export function runtimeSize(view: NodeView, label: string, output = 0): Dimension {
  // Parentheses and question marks have a meaning in expressions over sizes.
  const name = (view.outputNames[output] ?? "").replaceAll(/[()?]/g, "_");
  return name === "" ? UNKNOWN_SIZE : `${label}(${name})`;
}

/** A list that older versions of an operator take as an attribute and newer ones as an input. */
export type ListSetting =
  | { readonly kind: "absent" }
  | { readonly kind: "given"; readonly list: readonly Dimension[] }
  /** Computed when the model runs; its length where that is known. */
  | { readonly kind: "open"; readonly length: number | undefined };

export function listSetting(view: NodeView, attribute: string, input: number): ListSetting {
  if (view.has(input)) {
    const value = view.value(input);
    if (value !== undefined) return { kind: "given", list: value };
    const shape = view.shape(input);
    const length = shape !== undefined && isStatic(shape) ? (shape.length === 0 ? 1 : shape[0]) : undefined;
    return { kind: "open", length };
  }
  const single = view.int(attribute);
  const list = view.ints(attribute) ?? (single === undefined ? undefined : [single]);
  return list === undefined ? { kind: "absent" } : { kind: "given", list };
}

/** The numbers of a list that is given in numbers. */
export function numbersOf(setting: ListSetting): readonly number[] | undefined {
  if (setting.kind !== "given") return undefined;
  return setting.list.every((element) => typeof element === "number") ? setting.list : undefined;
}
