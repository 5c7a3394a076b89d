import { isStatic, type Dimension } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";

export {
  everyAxis,
  inferredType,
  mapShape,
  runtimeSize,
  sameAs,
  unknownSizes,
} from "../../../operators/inferred-types.ts";

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
