import { bitsOf, bytesOf, isFloat, isInteger, type DataType } from "../model/data-type.ts";
import { elementsOf, type Dimension, type Shape } from "../model/shape.ts";
import { affine, DENSE } from "../model/weight-encoding.ts";
import { partsOf, storedBytesOf } from "./folded-constant.ts";
import type { NodeView } from "./node-view.ts";
import type { Decoding } from "./operator-rule.ts";
import type { ConstantOrigin, InferredType } from "./inferred-type.ts";

/** Operators by which a file decodes its own weights from constants, of both formats. */

/** Codebooks of more entries are tables of their own, not palettes: an index would not fit a byte. */
const MOST_ENTRIES = 256;

/** scale × (stored − zero point), by an operator of its own. @param scale position of its scale */
export function dequantized(view: NodeView, scale: number, axis: number, blockSize: number): Decoding | undefined {
  const { constant } = view.input(0);
  const scales = view.shape(scale);
  if (constant === undefined || scales === undefined) return undefined;
  if (constant.encoding !== undefined && constant.encoding.kind !== "dense") {
    return { encoding: constant.encoding, parts: [0] };
  }
  if (blockSize > 0) return { encoding: affine({ granularity: "block", axis, blockSize }), parts: [0] };
  const isOne = elementsOf(scales) === 1;
  return { encoding: affine(isOne ? { granularity: "tensor" } : { granularity: "channel", axis }), parts: [0] };
}

/** A stored weight times its scales, or less its zero points: fewer numbers than it has, stretched over it. */
export function scaled(view: NodeView, output: InferredType): Decoding | undefined {
  for (const [weight, scale] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const { constant, dataType, shape } = view.input(weight);
    const elements = shape && elementsOf(shape);
    const scales = view.shape(scale);
    if (constant === undefined || elements === undefined || scales === undefined) continue;
    if (elementsOf(output.shape ?? []) !== elements || (elementsOf(scales) ?? elements) >= elements) continue;
    if (constant.encoding !== undefined && constant.encoding.kind !== "dense") {
      return { encoding: constant.encoding, parts: [weight] };
    }
    if (dataType === undefined || !isFloat(dataType) || !isInteger(constant.dataType)) continue;
    if (!isNarrow(constant, dataType)) continue;
    return { encoding: affine(granularity(scales)), parts: [weight], dataType: storedType(constant) };
  }
  return undefined;
}

function granularity(scales: Shape): Parameters<typeof affine>[0] {
  const wide = scales.flatMap((size, axis) => (size === 1 ? [] : [axis]));
  const [axis] = wide;
  if (axis === undefined) return { granularity: "tensor" };
  return wide.length === 1 ? { granularity: "channel", axis } : { granularity: "block", axis };
}

/** Elements of a codebook by constant indices. @param entries how many each index chooses among */
export function lookedUp(
  view: NodeView,
  output: InferredType,
  positions: { readonly table: number; readonly indices: number },
  entries: Dimension | undefined,
): Decoding | undefined {
  const { table, indices } = positions;
  const [codebook, places] = [view.input(table).constant, view.input(indices).constant];
  if (codebook === undefined || places === undefined || output.dataType === undefined) return undefined;
  if (typeof entries !== "number" || entries < 2 || entries > MOST_ENTRIES) return undefined;
  if (!isNarrow(places, output.dataType, output, partsOf(codebook))) return undefined;
  return {
    encoding: { kind: "palette", entries },
    parts: [indices, table],
    dataType: narrowest(Math.ceil(Math.log2(entries))),
  };
}

/** Stored elements that are put into their places among zeros. */
export function scattered(
  view: NodeView,
  positions: { readonly data: number; readonly indices: number; readonly updates: number },
): Decoding | undefined {
  const { data, indices, updates } = positions;
  const [background, places, values] = [data, indices, updates].map((position) => view.input(position).constant);
  if (background === undefined || places === undefined || values === undefined) return undefined;
  if (partsOf(background).some(({ elements }) => elements !== 1)) return undefined;
  const { encoding = DENSE } = values;
  return {
    encoding: { kind: "sparse", values: encoding.kind === "sparse" ? encoding.values : encoding },
    parts: [updates, indices],
    dataType: values.dataType,
  };
}

/** Whether what is stored takes less than the numbers it stands for would. */
function isNarrow(
  stored: ConstantOrigin,
  type: DataType,
  { shape }: Pick<InferredType, "shape"> = { shape: undefined },
  others: readonly ConstantOrigin[] = [],
): boolean {
  const elements = shape ? elementsOf(shape) : stored.elements;
  const dense = elements === undefined ? undefined : bytesOf(type, elements);
  const bytes = storedBytesOf([...partsOf(stored), ...others]);
  return dense !== undefined && bytes !== undefined && bytes < dense;
}

/** Type of the elements, also of those that are unpacked from wider words. */
function storedType(stored: ConstantOrigin): DataType {
  const { elements, dataType } = stored;
  const bytes = storedBytesOf(partsOf(stored));
  if (stored.parts === undefined || elements === undefined || elements === 0 || bytes === undefined) return dataType;
  const narrow = narrowest(Math.ceil((8 * bytes) / elements));
  return (bitsOf(narrow) ?? 0) < (bitsOf(dataType) ?? 0) ? narrow : dataType;
}

function narrowest(bits: number): DataType {
  if (bits <= 2) return "uint2";
  return bits <= 4 ? "uint4" : bits <= 8 ? "uint8" : "uint16";
}
