/**
 * The lower Cholesky factor of a small symmetric matrix, in float64.
 * @param elements size × size, row-major; what is above the diagonal is not looked at
 * @returns size × size, zeros above the diagonal; undefined when the matrix is not positive definite
 */
export function choleskyFactor(size: number, elements: ArrayLike<number>): Float64Array | undefined {
  const factor = new Float64Array(size * size);
  for (let block = 0; block < size; block += ROWS) {
    const isWhole = block + ROWS <= size;
    if (isWhole) factorBefore(block, size, elements, factor);
    for (let row = block; row < Math.min(size, block + ROWS); row += 1) {
      const own = row * size;
      for (let column = isWhole ? block : 0; column <= row; column += 1) {
        const other = column * size;
        let sum = elements[own + column] ?? 0;
        for (let inner = 0; inner < column; inner += 1)
          sum -= (factor[own + inner] ?? 0) * (factor[other + inner] ?? 0);
        if (column < row) factor[own + column] = sum / (factor[other + column] ?? 1);
        else if (sum > 0) factor[own + row] = Math.sqrt(sum);
        else return undefined;
      }
    }
  }
  return factor;
}

/** A sum waits for each of its terms: those of four rows side by side take less than half the time, and each stays as it was, bit for bit. */
const ROWS = 4;

/** What four rows have left of the columns that are theirs: those are finished one after the other. */
function factorBefore(block: number, size: number, elements: ArrayLike<number>, factor: Float64Array): void {
  const [a, b, c, d] = [block * size, (block + 1) * size, (block + 2) * size, (block + 3) * size];
  for (let column = 0; column < block; column += 1) {
    const other = column * size;
    let ofA = elements[a + column] ?? 0;
    let ofB = elements[b + column] ?? 0;
    let ofC = elements[c + column] ?? 0;
    let ofD = elements[d + column] ?? 0;
    for (let inner = 0; inner < column; inner += 1) {
      const shared = factor[other + inner] ?? 0;
      ofA -= (factor[a + inner] ?? 0) * shared;
      ofB -= (factor[b + inner] ?? 0) * shared;
      ofC -= (factor[c + inner] ?? 0) * shared;
      ofD -= (factor[d + inner] ?? 0) * shared;
    }
    const pivot = factor[other + column] ?? 1;
    factor[a + column] = ofA / pivot;
    factor[b + column] = ofB / pivot;
    factor[c + column] = ofC / pivot;
    factor[d + column] = ofD / pivot;
  }
}

/**
 * The inverse of a lower triangular matrix, in float64.
 * @param factor size × size, row-major
 */
export function lowerInverse(size: number, factor: Float64Array): Float64Array {
  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    const own = row * size;
    let inner = 0;
    // Four rows above at a time: the row itself is read and written once for them. What they have behind their diagonals is zero.
    for (; inner + ROWS <= row; inner += ROWS) {
      const [a, b, c, d] = [inner * size, (inner + 1) * size, (inner + 2) * size, (inner + 3) * size];
      const byA = factor[own + inner] ?? 0;
      const byB = factor[own + inner + 1] ?? 0;
      const byC = factor[own + inner + 2] ?? 0;
      const byD = factor[own + inner + 3] ?? 0;
      for (let column = 0; column < inner + ROWS; column += 1)
        inverse[own + column] =
          (inverse[own + column] ?? 0) -
          byA * (inverse[a + column] ?? 0) -
          byB * (inverse[b + column] ?? 0) -
          byC * (inverse[c + column] ?? 0) -
          byD * (inverse[d + column] ?? 0);
    }
    for (; inner < row; inner += 1) {
      const weight = factor[own + inner] ?? 0;
      const above = inner * size;
      for (let column = 0; column <= inner; column += 1)
        inverse[own + column] = (inverse[own + column] ?? 0) - weight * (inverse[above + column] ?? 0);
    }
    const pivot = factor[own + row] ?? 1;
    for (let column = 0; column < row; column += 1) inverse[own + column] = (inverse[own + column] ?? 0) / pivot;
    inverse[own + row] = 1 / pivot;
  }
  return inverse;
}

/**
 * Solves factor · factorᵀ · x = right in place, one right side.
 * @param factor size × size, as of `choleskyFactor`
 */
export function choleskySolve(size: number, factor: Float64Array, right: Float64Array): void {
  for (let row = 0; row < size; row += 1) {
    let sum = right[row] ?? 0;
    const own = row * size;
    for (let inner = 0; inner < row; inner += 1) sum -= (factor[own + inner] ?? 0) * (right[inner] ?? 0);
    right[row] = sum / (factor[own + row] ?? 1);
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    const solved = (right[row] ?? 0) / (factor[row * size + row] ?? 1);
    right[row] = solved;
    for (let inner = 0; inner < row; inner += 1)
      right[inner] = (right[inner] ?? 0) - (factor[row * size + inner] ?? 0) * solved;
  }
}
