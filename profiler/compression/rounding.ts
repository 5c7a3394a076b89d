/** Values that a layer's weights may take, a column at a time: all rows (output channels) of one input weight. */
export interface Rounding {
  /**
   * The representable value nearest to each of `values`.
   * @param column place of the column among the layer's columns
   * @param values one for each row
   * @param rounded takes the results; may be `values`
   * @param firstRow the row that the first value is of
   */
  round(column: number, values: Float64Array, rounded: Float64Array, firstRow: number): void;
}

/** Evenly spaced levels: value = scale · (level − zero point), in blocks along a row. */
export interface UniformGrid {
  /** Smallest and largest level. */
  readonly lowest: number;
  readonly highest: number;
  /** Columns that share a scale; all of a row's where it is the number of columns. */
  readonly blockSize: number;
  /** Blocks of a row. */
  readonly blocks: number;
  /** rows × blocks; a negative one turns the side that has a level more. */
  readonly scales: Float32Array;
  /** rows × blocks, whole numbers */
  readonly zeroPoints: Float32Array;
}

export function uniformRounding(grid: UniformGrid): Rounding {
  const { lowest, highest, blockSize, blocks, scales, zeroPoints } = grid;
  return {
    round(column, values, rounded, firstRow) {
      let place = firstRow * blocks + Math.floor(column / blockSize);
      for (let row = 0; row < values.length; row += 1, place += blocks) {
        const scale = scales[place] ?? 1;
        const zero = zeroPoints[place] ?? 0;
        const level = Math.round((values[row] ?? 0) / scale) + zero;
        rounded[row] = (Math.min(highest, Math.max(lowest, level)) - zero) * scale;
      }
    },
  };
}

/** @param codebook ascending */
export function paletteRounding(codebook: Float32Array): Rounding {
  const bounds = Float64Array.from({ length: Math.max(0, codebook.length - 1) }, (_, index) => {
    return ((codebook[index] ?? 0) + (codebook[index + 1] ?? 0)) / 2;
  });
  return {
    round(_, values, rounded) {
      for (let row = 0; row < values.length; row += 1) {
        rounded[row] = codebook[nearestIndex(bounds, values[row] ?? 0)] ?? 0;
      }
    },
  };
}

/** Place of the codebook's value nearest to `value`. @param bounds ascending, halfway between neighbours */
export function nearestIndex(bounds: Float64Array, value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value > (bounds[middle] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** ±magnitude, one magnitude a row. */
export function binaryRounding(magnitudes: Float32Array): Rounding {
  return {
    round(_, values, rounded, firstRow) {
      for (let row = 0; row < values.length; row += 1) {
        const magnitude = magnitudes[firstRow + row] ?? 0;
        rounded[row] = (values[row] ?? 0) < 0 ? -magnitude : magnitude;
      }
    },
  };
}

/** Zero where the mask has 0, the other rounding (or the value itself) where it has 1. @param mask rows × columns */
export function maskedRounding(mask: Uint8Array, columns: number, kept?: Rounding): Rounding {
  return {
    round(column, values, rounded, firstRow) {
      if (kept) kept.round(column, values, rounded, firstRow);
      else if (rounded !== values) rounded.set(values);
      for (let row = 0; row < values.length; row += 1)
        if (mask[(firstRow + row) * columns + column] === 0) rounded[row] = 0;
    },
  };
}
