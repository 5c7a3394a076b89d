import { chosenWithin } from "../../compression/allocate.ts";
import { formatStorages, type LayerStorage } from "../../restructure/restructurings/compress-weights/layer-storage.ts";
import type { Edit } from "../edit.ts";
import { furthestSafe, type LayerSensitivity, type SensitivityPoint, type TechniqueId } from "./sensitivity-points.ts";

/** A point of a layer's curve, or the layer as it is. */
type CurvePoint = { readonly error: number } & Pick<SensitivityPoint, "fileBytes"> &
  Partial<Pick<SensitivityPoint, "technique" | "amount">>;

/** Times a size is corrected by what was predicted. */
const MOST_CORRECTIONS = 6;

/**
 * The same, by the file that it makes: what layers share in a file makes it a little larger or smaller than their savings together.
 * @param sizeOf bytes of the file that an edit makes; undefined where nobody can tell before it is computed
 * @returns undefined where none is small enough
 */
export async function mixedToSize(
  layers: readonly LayerSensitivity[],
  fileBytes: number,
  most: number,
  sizeOf: (edit: Edit) => Promise<number | undefined>,
): Promise<Edit | undefined> {
  let aim = most;
  for (let turn = 0; turn < MOST_CORRECTIONS; turn += 1) {
    const edit = mixedWithin(layers, fileBytes, aim);
    const size = edit && (await sizeOf(edit));
    if (size === undefined || size <= most) return edit;
    aim -= size - most;
  }
  return undefined;
}

/**
 * One edit that stores each layer as it bears, within a size: of all layers those steps are taken that cost the least error for each byte,
 * as errors of independent changes add up.
 * @param fileBytes of the model as it is
 * @param most bytes of the file
 * @returns undefined where the furthest points together would still be larger
 */
function mixedWithin(layers: readonly LayerSensitivity[], fileBytes: number, most: number): Edit | undefined {
  const asIs: CurvePoint = { error: 0, fileBytes };
  const curves = layers.map(({ points }): readonly CurvePoint[] => {
    // A layer with small weights can take more once they are coded.
    const smaller = points.flatMap((point) =>
      point.error !== null && point.fileBytes < fileBytes ? [{ ...point, error: point.error }] : [],
    );
    return [asIs, ...smaller].sort((a, b) => b.fileBytes - a.fileBytes || a.error - b.error);
  });
  const saved = fileBytes - most;
  const sizes = curves.map((points) => points.map(({ error, fileBytes: size }) => ({ kept: size, error })));
  const chosen = chosenWithin(sizes, fileBytes * layers.length - saved);
  if (chosen === undefined) return undefined;
  const storages = layers.flatMap(({ layer }, index): readonly (readonly [string, LayerStorage])[] => {
    const point = curves[index]?.[chosen[index] ?? 0];
    return point?.technique === undefined || point.amount === undefined
      ? []
      : [[layer, storageOf(point.technique, point.amount)]];
  });
  return storages.length === 0 ? undefined : mixedEdit(storages);
}

/** One edit that stores each layer as far as it bears alone; undefined where fewer than two layers bear anything. */
export function mixedFurthest(layers: readonly LayerSensitivity[], technique: TechniqueId): Edit | undefined {
  const storages = layers.flatMap((layer): readonly (readonly [string, LayerStorage])[] => {
    const point = furthestSafe(layer, technique);
    return point ? [[layer.layer, storageOf(technique, point.amount)]] : [];
  });
  return storages.length < 2 ? undefined : mixedEdit(storages);
}

function mixedEdit(storages: readonly (readonly [string, LayerStorage])[]): Edit {
  return { restructuring: "mixed-precision", target: "", options: { layers: formatStorages(storages) } };
}

/** Pruned weights that stay are floats, as the single-layer edit leaves them. */
function storageOf(technique: TechniqueId, amount: number): LayerStorage {
  switch (technique) {
    case "quantize":
      return { kind: "quantized", bits: amount };
    case "share":
      return { kind: "table", bits: amount };
    case "prune":
      return { kind: "sparse", sparsity: amount, bits: 0 };
  }
}
