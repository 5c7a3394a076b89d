/** A dense float32 matrix, row-major: what weights and activations are. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** rows × columns elements. */
  readonly data: Float32Array;
}

export function matrix(rows: number, columns: number, data: Float32Array = new Float32Array(rows * columns)): Matrix {
  if (data.length !== rows * columns)
    throw new RangeError(`${rows}×${columns} needs ${rows * columns} elements, not ${data.length}`);
  return { rows, columns, data };
}

/** Places in which rows and columns of a matrix come, where that is not their own order. */
export interface Order {
  readonly rows?: Uint32Array;
  readonly columns?: Uint32Array;
}

/** @param order of the matrix: its columns in that order are the rows of the result */
export function transposed({ rows, columns, data }: Matrix, order: Order = {}): Matrix {
  const [rowAt, columnAt] = [order.rows ?? placesOf(rows), order.columns ?? placesOf(columns)];
  const result = new Float32Array(data.length);
  for (let from = 0; from < rows; from += TRANSPOSED_TOGETHER) {
    const to = Math.min(rows, from + TRANSPOSED_TOGETHER);
    for (let column = 0; column < columns; column++) {
      const source = columnAt[column] ?? 0;
      for (let row = from; row < to; row++)
        result[column * rows + row] = data[(rowAt[row] ?? 0) * columns + source] ?? 0;
    }
  }
  return { rows: columns, columns: rows, data: result };
}

/** Rows whose next elements the processor's cache holds while a column is written. */
const TRANSPOSED_TOGETHER = 32;

/** 0, 1, 2, … */
export function placesOf(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, place) => place);
}

/** The first `count` columns. */
export function leadingColumns({ rows, columns, data }: Matrix, count: number): Matrix {
  const result = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++) result.set(data.subarray(row * columns, row * columns + count), row * count);
  return { rows, columns: count, data: result };
}

/** Each column multiplied by its factor. */
export function scaledColumns({ rows, columns, data }: Matrix, factors: ArrayLike<number>): Matrix {
  const result = new Float32Array(data.length);
  for (let index = 0; index < data.length; index++)
    result[index] = (data[index] ?? 0) * (factors[index % columns] ?? 0);
  return { rows, columns, data: result };
}

/** The columns of both, those of `right` behind. */
export function beside(left: Matrix, right: Matrix): Matrix {
  const columns = left.columns + right.columns;
  const data = new Float32Array(left.rows * columns);
  for (let row = 0; row < left.rows; row++) {
    data.set(left.data.subarray(row * left.columns, (row + 1) * left.columns), row * columns);
    data.set(right.data.subarray(row * right.columns, (row + 1) * right.columns), row * columns + left.columns);
  }
  return { rows: left.rows, columns, data };
}

/** `count` rows from one of them on, sharing the elements. */
export function rowsOf({ rows, columns, data }: Matrix, from: number, count = rows - from): Matrix {
  return { rows: count, columns, data: data.subarray(from * columns, (from + count) * columns) };
}
