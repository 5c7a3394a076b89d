import type { Quantization, Tensor } from "../../model/model.ts";
import { decodeRaw } from "../../model/raw-elements.ts";
import {
  BlockwiseQuantization,
  MultiAxisQuantization,
  QuantizationDetails,
  type QuantizationParameters,
} from "./schema/generated/schema_generated.ts";
import type { TableBuffer } from "./table-buffer.ts";

/** Quantization as the tensor's table has it: scales of blocks are tensors of their own, by their ids. */
export type QuantizationTable =
  | {
      readonly kind: "listed";
      readonly axis: number;
      readonly scales: readonly number[];
      readonly zeroPoints: readonly number[];
    }
  | {
      readonly kind: "blocks";
      readonly axis: number;
      readonly blockSize: number;
      readonly scales: number;
      readonly zeroPoints: number;
    };

/** Slots of the long vectors in the vtable of QuantizationParameters. */
const SLOT = { scale: 8, zeroPoint: 10 };
const FLOAT_BYTES = 4;
const LONG_BYTES = 8;

/** undefined where nothing is quantized: converters also leave tables that hold a range, or nothing. */
export function readQuantization(buffer: TableBuffer, table: QuantizationParameters): QuantizationTable | undefined {
  const axis = table.quantizedDimension();
  const blocks = blockDetails(table);
  if (blocks !== undefined) {
    const { axes = [axis] } = blocks;
    return {
      kind: "blocks",
      axis: axes[0] ?? axis,
      blockSize: blocks.blockSize,
      scales: blocks.scales,
      zeroPoints: blocks.zeroPoints,
    };
  }
  const scaleBytes = buffer.vectorBytes(table.bb_pos, SLOT.scale, FLOAT_BYTES);
  if (scaleBytes.length === 0) return undefined;
  const zeroBytes = buffer.vectorBytes(table.bb_pos, SLOT.zeroPoint, LONG_BYTES);
  return {
    kind: "listed",
    axis,
    scales: decodeRaw("float32", scaleBytes, scaleBytes.length / FLOAT_BYTES) ?? [],
    zeroPoints: decodeRaw("int64", zeroBytes, zeroBytes.length / LONG_BYTES) ?? [],
  };
}

interface BlockDetails {
  readonly scales: number;
  readonly zeroPoints: number;
  readonly blockSize: number;
  readonly axes?: readonly number[];
}

function blockDetails(table: QuantizationParameters): BlockDetails | undefined {
  const type = table.detailsType();
  if (type === QuantizationDetails.BlockwiseQuantization) {
    const details = table.details(new BlockwiseQuantization()) as BlockwiseQuantization | null;
    return details?.unpack();
  }
  if (type === QuantizationDetails.MultiAxisQuantization) {
    const details = table.details(new MultiAxisQuantization()) as MultiAxisQuantization | null;
    if (details === null) return undefined;
    const { scales, zeroPoints, blockSize, quantizedDimensions: axes } = details.unpack();
    return { scales, zeroPoints, blockSize, axes };
  }
  return undefined;
}

/**
 * Quantization of a tensor of `shape`; the scales of blocks are there when their tensor is small enough to have been read.
 * A text instead says what does not fit the shape.
 */
export function resolveQuantization(
  table: QuantizationTable,
  shape: readonly number[],
  tensors: readonly Tensor[],
): Quantization | string {
  const { axis } = table;
  if (table.kind === "blocks") {
    const values = (id: number): readonly number[] => tensors[id]?.constant?.values ?? [];
    if (tensors[table.scales] === undefined) return `its scales are tensor ${table.scales}, which does not exist`;
    const { blockSize } = table;
    const [scales, zeroPoints] = [tensors[table.scales]?.constant, tensors[table.zeroPoints]?.constant];
    return {
      granularity: "block",
      axis: blockAxis(shape, scales?.shape ?? [], axis),
      blockSize,
      scales: values(table.scales),
      zeroPoints: values(table.zeroPoints),
      ...(scales && { stored: { scales, ...(zeroPoints && { zeroPoints }) } }),
    };
  }
  const { scales, zeroPoints } = table;
  if (scales.length === 1) return { granularity: "tensor", scales, zeroPoints };
  if (shape[axis] !== scales.length) return `${scales.length} scales along axis ${axis} do not fit its shape`;
  return { granularity: "channel", axis, scales, zeroPoints };
}

/** The file's own axis is that of the channels: blocks lie along the one that has fewer scales than elements. */
function blockAxis(shape: readonly number[], scales: readonly number[], axis: number): number {
  const shorter = shape.findIndex((size, place) => (scales[place] ?? size) < size);
  return shorter < 0 ? axis : shorter;
}
