import type { Layer, LayerTensor } from "../layers/layer.ts";
import type { Neighbours } from "../layers/neighbours.ts";
import { CHANNEL_BLOCK, isOfFewChannels, takesBlocks } from "./channel-blocks.ts";
import { tensorBytes } from "./tensor-bytes.ts";

/** What of a row's maps is re-ordered, on their way in and out. */
export interface LayoutChange {
  /** Read and written. */
  readonly bytes: number;
  readonly operators: number;
}

const NONE: LayoutChange = { bytes: 0, operators: 0 };

/**
 * Kernels that compute on blocks of channels take and make maps in a layout of their own (ONNX Runtime's NCHWc on x86-64): pools, sums and
 * activations keep it, and where others stand before or after, an operator that nobody wrote re-orders a map.
 */
export function layoutChanges(
  layers: readonly Layer[],
  { makers, readers }: Neighbours,
): (row: number) => LayoutChange {
  /** Rows whose output is in blocks. */
  const blocked = new Set<number>();
  layers.forEach((layer, row) => {
    if (layer.role === "compute" && (takesBlocks(layer) || keepsBlocks(layer, makers(row), blocked))) blocked.add(row);
  });
  const takes = (row: number): boolean => blocked.has(row) && !readsPlain(layers[row]);
  return (row) => {
    const layer = layers[row];
    if (!layer || !blocked.has(row)) return NONE;
    const isIn = takesBlocks(layer) && !readsPlain(layer) && !makers(row).some((maker) => blocked.has(maker));
    const after = readers(row);
    const isOut = after.length === 0 || !after.every(takes);
    const maps = [...(isIn ? layer.inputs.slice(0, 1) : []), ...(isOut ? layer.outputs.slice(0, 1) : [])];
    return { bytes: maps.reduce((sum, tensor) => sum + 2 * bytesOf(tensor), 0), operators: maps.length };
  };
}

/** A picture's few channels are read as they are. */
function readsPlain(layer: Layer | undefined): boolean {
  return layer?.operation.kind === "conv" && isOfFewChannels(layer.operation.geometry);
}

function keepsBlocks({ operation, inputs }: Layer, makers: readonly number[], blocked: ReadonlySet<number>): boolean {
  if (makers.length === 0 || !makers.every((maker) => blocked.has(maker))) return false;
  switch (operation.kind) {
    case "pool":
      return isMultiple(inputs[0]?.shape?.[1], CHANNEL_BLOCK);
    case "activation":
    case "norm":
      return true;
    case "elementwise":
      return operation.geometry.fn === "add" || operation.geometry.fn === "multiply";
    case "data-movement":
      // Joined along channels, block by block.
      return (
        makers.length > 1 &&
        inputs.every(({ shape, constant }) => constant !== undefined || isMultiple(shape?.[1], CHANNEL_BLOCK))
      );
    default:
      return false;
  }
}

function isMultiple(size: unknown, of: number): boolean {
  return typeof size === "number" && size % of === 0;
}

/** Of a layer whose work is known, its tensors' bytes are. */
function bytesOf(tensor: LayerTensor): number {
  return tensorBytes(tensor) ?? 0;
}
