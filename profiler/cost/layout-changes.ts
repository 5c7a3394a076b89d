import { edgesOf } from "../layers/edges.ts";
import type { Layer, LayerTensor } from "../layers/layer.ts";
import type { ConvGeometry } from "../operators/operation.ts";
import { CHANNEL_BLOCK, INPUT_BLOCK } from "./channel-blocks.ts";
import { tensorBytes } from "./tensor-bytes.ts";

/** What a row's maps are re-ordered, on their way in and out. */
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
export function layoutChanges(layers: readonly Layer[]): (row: number) => LayoutChange {
  const makers = new Map<number, number[]>();
  const readers = new Map<number, number[]>();
  for (const { from, to } of edgesOf(layers)) {
    if (layers[from]?.role !== "compute") continue;
    push(makers, to, from);
    push(readers, from, to);
  }
  /** Rows whose output is in blocks. */
  const blocked = new Set<number>();
  layers.forEach((layer, row) => {
    if (layer.role === "compute" && (takesBlocks(layer) || keepsBlocks(layer, makers.get(row) ?? [], blocked)))
      blocked.add(row);
  });
  const takes = (row: number): boolean => blocked.has(row) && !readsPlain(layers[row]);
  return (row) => {
    const layer = layers[row];
    if (!layer || !blocked.has(row)) return NONE;
    const before = makers.get(row) ?? [];
    const isIn = takesBlocks(layer) && !readsPlain(layer) && !before.some((maker) => blocked.has(maker));
    const after = readers.get(row) ?? [];
    const isOut = after.length === 0 || !after.every(takes);
    const maps = [...(isIn ? layer.inputs.slice(0, 1) : []), ...(isOut ? layer.outputs.slice(0, 1) : [])];
    return { bytes: maps.reduce((sum, tensor) => sum + 2 * bytesOf(tensor), 0), operators: maps.length };
  };
}

function push(map: Map<number, number[]>, key: number, value: number): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}

function takesBlocks({ operation }: Layer): boolean {
  if (operation.kind !== "conv") return false;
  const { geometry } = operation;
  if (geometry.isTransposed) return false;
  if (geometry.groups === 1) return isOfFewChannels(geometry) || isMultiple(geometry.inChannels, INPUT_BLOCK);
  return geometry.groups === geometry.inChannels && isMultiple(geometry.outChannels, INPUT_BLOCK);
}

/** A picture's few channels are read as they are. */
function readsPlain(layer: Layer | undefined): boolean {
  return layer?.operation.kind === "conv" && isOfFewChannels(layer.operation.geometry);
}

function isOfFewChannels({ groups, inChannels }: ConvGeometry): boolean {
  return groups === 1 && typeof inChannels === "number" && inChannels < CHANNEL_BLOCK;
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

function bytesOf(tensor: LayerTensor): number {
  return tensorBytes(tensor) ?? 0;
}
