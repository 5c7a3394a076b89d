import type { PrintedDimension } from "../../profiler/model/shape.ts";
import type { DataType } from "../../profiler/model/data-type.ts";
import type { EnergyParts, LatencyPart, LayerProfile, Product, TensorProfile } from "../../profiler/profile.ts";

/**
 * Rows as they travel to the page: a column a field, and whatever repeats (tensors, paths, notes, products) once in a pool, with the
 * rows holding positions in it. About a quarter of the bytes of the same rows as objects, and far quicker to clone and parse.
 */
export interface PackedLayers {
  /** Position of the first row in the profile. */
  readonly from: number;
  readonly strings: readonly string[];
  readonly paths: readonly (readonly number[])[];
  readonly shapes: readonly (readonly PrintedDimension[])[];
  readonly tensors: readonly PackedTensor[];
  readonly products: readonly (readonly (readonly [name: number, value: PrintedDimension])[])[];
  readonly columns: Columns;
}

/** Name and data type in `strings`, shape in `shapes`; -1 stands for null. */
type PackedTensor = readonly [name: number, dataType: number, shape: number, isConstant: 0 | 1];

/** `LatencyPart`, its part in `strings`. */
type PackedPart = readonly [part: number, seconds: number, factor: number];

interface Columns {
  readonly index: readonly number[];
  readonly name: readonly number[];
  readonly op: readonly number[];
  readonly kind: readonly number[];
  readonly path: readonly number[];
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
  readonly parameters: readonly (number | null)[];
  readonly macs: readonly (number | null)[];
  readonly otherOps: readonly (number | null)[];
  readonly weightBytes: readonly (number | null)[];
  readonly activationBytes: readonly (number | null)[];
  readonly energy: readonly (readonly [arithmetic: number, weights: number, activations: number] | null)[];
  readonly latencySeconds: readonly (number | null)[];
  /** Only of rows on learned hardware; null for those without. */
  readonly latencyParts?: readonly (readonly PackedPart[] | null)[];
  readonly role: readonly number[];
  /** Only where a row is. */
  readonly isFixed?: readonly (0 | 1)[];
  readonly isCounted: readonly (0 | 1)[];
  readonly repeats: readonly number[];
  readonly macTerms: readonly (readonly number[])[];
  readonly notes: readonly (readonly number[])[];
}

const NULL = -1;

/** Packs `layers`, which start at row `from`. */
export function packLayers(layers: readonly LayerProfile[], from = 0): PackedLayers {
  const strings = new Pool<string>((text) => text);
  const paths = new Pool<readonly number[]>(String);
  const shapes = new Pool<readonly PrintedDimension[]>(JSON.stringify);
  const tensors = new Pool<PackedTensor>(String);
  const products = new Pool<readonly (readonly [number, PrintedDimension])[]>(JSON.stringify);

  const text = (value: string): number => strings.add(value);
  const texts = (values: readonly string[]): number[] => values.map(text);
  const tensor = ({ name, dtype, shape, isConstant }: TensorProfile): number =>
    tensors.add([
      text(name),
      dtype === null ? NULL : text(dtype),
      shape === null ? NULL : shapes.add(shape),
      isConstant ? 1 : 0,
    ]);
  const product = (factors: Product): number =>
    products.add(factors.map(({ name, value }) => [text(name), value] as const));

  const parts = ({ latencyParts }: LayerProfile): readonly PackedPart[] | null =>
    latencyParts?.map(({ part, seconds, factor }) => [text(part), seconds, factor] as const) ?? null;

  const columns: Columns = {
    index: layers.map((layer) => layer.index),
    name: layers.map((layer) => text(layer.name)),
    op: layers.map((layer) => text(layer.op)),
    kind: layers.map((layer) => text(layer.kind)),
    path: layers.map((layer) => paths.add(texts(layer.path))),
    inputs: layers.map((layer) => layer.inputs.map(tensor)),
    outputs: layers.map((layer) => layer.outputs.map(tensor)),
    parameters: layers.map((layer) => layer.parameters),
    macs: layers.map((layer) => layer.macs),
    otherOps: layers.map((layer) => layer.otherOps),
    weightBytes: layers.map((layer) => layer.weightBytes),
    activationBytes: layers.map((layer) => layer.activationBytes),
    energy: layers.map(({ energy }) => energy && [energy.arithmetic, energy.weights, energy.activations]),
    latencySeconds: layers.map((layer) => layer.latencySeconds),
    ...(layers.some(({ latencyParts }) => latencyParts) && { latencyParts: layers.map(parts) }),
    role: layers.map((layer) => text(layer.role)),
    ...(layers.some(({ isFixed }) => isFixed) && { isFixed: layers.map(({ isFixed }) => (isFixed ? 1 : 0)) }),
    isCounted: layers.map((layer) => (layer.isCounted ? 1 : 0)),
    repeats: layers.map((layer) => layer.repeats),
    macTerms: layers.map((layer) => layer.macTerms.map(product)),
    notes: layers.map((layer) => texts(layer.notes)),
  };
  return {
    from,
    strings: strings.values,
    paths: paths.values,
    shapes: shapes.values,
    tensors: tensors.values,
    products: products.values,
    columns,
  };
}

/** The rows that were packed. Rows share the objects of a pool: tensors, shapes and paths must not be written to. */
export function unpackLayers(packed: PackedLayers): LayerProfile[] {
  const { strings, columns } = packed;
  const text = (id: number): string => at(strings, id);
  const paths = packed.paths.map((ids) => ids.map(text));
  const tensors = packed.tensors.map(([name, dataType, shape, isConstant]): TensorProfile => ({
    name: text(name),
    dtype: dataType === NULL ? null : (text(dataType) as DataType),
    shape: shape === NULL ? null : at(packed.shapes, shape),
    isConstant: isConstant === 1,
  }));
  const products = packed.products.map((factors) => factors.map(([name, value]) => ({ name: text(name), value })));

  const partsAt = (row: number): readonly LatencyPart[] | undefined =>
    columns.latencyParts &&
    at(columns.latencyParts, row)?.map(([part, seconds, factor]) => ({
      part: text(part) as LatencyPart["part"],
      seconds,
      factor,
    }));

  return columns.index.map((index, row) => ({
    index,
    name: text(at(columns.name, row)),
    op: text(at(columns.op, row)),
    kind: text(at(columns.kind, row)) as LayerProfile["kind"],
    path: at(paths, at(columns.path, row)),
    inputs: at(columns.inputs, row).map((id) => at(tensors, id)),
    outputs: at(columns.outputs, row).map((id) => at(tensors, id)),
    parameters: at(columns.parameters, row),
    macs: at(columns.macs, row),
    otherOps: at(columns.otherOps, row),
    weightBytes: at(columns.weightBytes, row),
    activationBytes: at(columns.activationBytes, row),
    energy: unpackEnergy(at(columns.energy, row)),
    latencySeconds: at(columns.latencySeconds, row),
    ...withParts(partsAt(row)),
    role: text(at(columns.role, row)) as LayerProfile["role"],
    ...(columns.isFixed && at(columns.isFixed, row) === 1 && { isFixed: true as const }),
    isCounted: at(columns.isCounted, row) === 1,
    repeats: at(columns.repeats, row),
    macTerms: at(columns.macTerms, row).map((id) => at(products, id)),
    notes: at(columns.notes, row).map(text),
  }));
}

function unpackEnergy(parts: Columns["energy"][number]): EnergyParts | null {
  if (parts === null) return null;
  const [arithmetic, weights, activations] = parts;
  return { arithmetic, weights, activations };
}

function withParts(latencyParts: readonly LatencyPart[] | undefined): Pick<LayerProfile, "latencyParts"> {
  return latencyParts ? { latencyParts } : {};
}

function at<T>(values: readonly T[], position: number): T {
  if (position < 0 || position >= values.length) throw new RangeError(`Packed rows have no entry ${position}`);
  return values[position] as T;
}

/** Each distinct value once, in order of first use. */
class Pool<T> {
  readonly values: T[] = [];
  readonly #positions = new Map<string, number>();
  readonly #keyOf: (value: T) => string;

  constructor(keyOf: (value: T) => string) {
    this.#keyOf = keyOf;
  }

  add(value: T): number {
    const key = this.#keyOf(value);
    const known = this.#positions.get(key);
    if (known !== undefined) return known;
    this.#positions.set(key, this.values.length);
    return this.values.push(value) - 1;
  }
}
