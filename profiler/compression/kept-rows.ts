import { choleskyFactor, choleskySolve, lowerInverse } from "../numeric/cholesky.ts";
import { matrix, type Matrix } from "../numeric/matrix.ts";
import type { OutputError } from "./output-error.ts";
import { KeptAlone } from "./kept-alone.ts";
import type { KeptWeights } from "./kept-weights.ts";
import type { Rounding } from "./rounding.ts";

/** Weights of a row that are solved for at once: their square is what it holds. */
const SOLVED_AT_ONCE = 1500;
/** Cubes of them, summed over the rows: what solving takes, some seconds. */
export const MOST_CUBES = 1e10;
/** Numbers of H that are kept between steps: 128 MB. What is beyond is made again. */
const MOST_HELD = 16e6;

/** Whether few enough weights of each row stay to be solved for exactly. */
export function isSparse(mask: Uint8Array, columns: number, mostCubes = MOST_CUBES): boolean {
  let cubes = 0;
  for (let from = 0; from < mask.length; from += columns) {
    let kept = 0;
    for (let at = from; at < from + columns; at += 1) kept += mask[at] ?? 0;
    cubes += kept ** 3;
    if (kept > SOLVED_AT_ONCE || cubes > mostCubes) return false;
  }
  return true;
}

/** What H says of the weights that stay in a row. */
interface KeptRow {
  /** Columns of them, those that matter least first. */
  readonly kept: Uint32Array;
  /** H among them. */
  readonly gram: ArrayLike<number>;
  readonly factor: Float64Array;
}

/** @param mask rows × columns, of which `isSparse` says so */
export function keptWeights(error: OutputError, mask: Uint8Array): KeptWeights {
  return error.isIdentity === true ? new KeptAlone(mask) : new KeptRows(error, mask);
}

/** H among the weights of a row that stay, row after row. */
class KeptRows implements KeptWeights {
  readonly #rows = new Map<number, KeptRow>();
  #held = 0;

  constructor(
    private readonly error: OutputError,
    private readonly mask: Uint8Array,
  ) {}

  async solved(target: Matrix): Promise<Matrix> {
    const { rows, columns } = target;
    const result = matrix(rows, columns);
    const applied = await this.error.apply(target);
    for (let row = 0; row < rows; row += 1) {
      const { kept, factor } = await this.#row(row, columns);
      const solution = Float64Array.from(kept, (column) => applied.data[row * columns + column] ?? 0);
      choleskySolve(kept.length, factor, solution);
      kept.forEach((column, place) => (result.data[row * columns + column] = solution[place] ?? 0));
    }
    return result;
  }

  async saliencies(solved: Matrix): Promise<Float32Array> {
    const { rows, columns, data } = solved;
    const result = new Float32Array(data.length);
    for (let row = 0; row < rows; row += 1) {
      const { kept, factor } = await this.#row(row, columns);
      const size = kept.length;
      const inverse = lowerInverse(size, factor);
      const squares = new Float64Array(size);
      for (let inner = 0, at = 0; inner < size; inner += 1, at = inner * size)
        for (let place = 0; place <= inner; place += 1, at += 1)
          squares[place] = (squares[place] ?? 0) + (inverse[at] ?? 0) ** 2;
      for (let place = 0; place < size; place += 1) {
        const at = row * columns + (kept[place] ?? 0);
        result[at] = (data[at] ?? 0) ** 2 / (squares[place] ?? 1);
      }
    }
    return result;
  }

  async rounded(solved: Matrix, rounding: Rounding): Promise<Matrix> {
    const { rows, columns, data } = solved;
    const result = matrix(rows, columns);
    const value = new Float64Array(1);
    for (let row = 0; row < rows; row += 1) {
      const { kept, factor } = await this.#row(row, columns);
      const size = kept.length;
      const terms = new Float64Array(size);
      for (let place = size - 1; place >= 0; place -= 1) {
        const at = row * columns + (kept[place] ?? 0);
        value[0] = (data[at] ?? 0) + (terms[place] ?? 0) / (factor[place * size + place] ?? 1);
        rounding.round(kept[place] ?? 0, value, value, row);
        const [rounded = 0] = value;
        result.data[at] = rounded;
        const off = (data[at] ?? 0) - rounded;
        for (let other = 0; other < place; other += 1)
          terms[other] = (terms[other] ?? 0) + (factor[place * size + other] ?? 0) * off;
      }
    }
    return result;
  }

  async errorOf(change: Matrix): Promise<number> {
    const { rows, columns, data } = change;
    let sum = 0;
    for (let row = 0; row < rows; row += 1) {
      const { kept, gram } = await this.#row(row, columns);
      const size = kept.length;
      const own = Float64Array.from(kept, (column) => data[row * columns + column] ?? 0);
      for (let a = 0; a < size; a += 1) {
        const value = own[a] ?? 0;
        if (value === 0) continue;
        for (let b = 0; b < size; b += 1) sum += value * (own[b] ?? 0) * (gram[a * size + b] ?? 0);
      }
    }
    return sum;
  }

  async tableEquations(
    indices: Uint8Array,
    size: number,
    solved: Matrix,
  ): Promise<{ readonly gram: Float64Array; readonly right: Float64Array }> {
    const { rows, columns, data } = solved;
    const gram = new Float64Array(size * size);
    const right = new Float64Array(size);
    for (let row = 0; row < rows; row += 1) {
      const { kept, gram: own } = await this.#row(row, columns);
      const count = kept.length;
      const values = Float64Array.from(kept, (column) => data[row * columns + column] ?? 0);
      const places = Uint8Array.from(kept, (column) => indices[row * columns + column] ?? 0);
      for (let a = 0; a < count; a += 1) {
        const place = places[a] ?? 0;
        let applied = 0;
        for (let b = 0; b < count; b += 1) {
          const each = own[a * count + b] ?? 0;
          const to = place * size + (places[b] ?? 0);
          gram[to] = (gram[to] ?? 0) + each;
          applied += each * (values[b] ?? 0);
        }
        right[place] = (right[place] ?? 0) + applied;
      }
    }
    return { gram, right };
  }

  async #row(row: number, columns: number): Promise<KeptRow> {
    const known = this.#rows.get(row);
    if (known) return known;
    const importance = this.error.diagonalOf(row);
    const kept = keptColumns(this.mask, row, columns).sort((a, b) => (importance[a] ?? 0) - (importance[b] ?? 0));
    const gram = await this.error.among(kept, row);
    const factor = choleskyFactor(kept.length, gram);
    if (factor === undefined) throw new RangeError("the inputs of a layer on the calibration data are not all numbers");
    const made = { kept, gram, factor };
    this.#held += 2 * gram.length;
    if (this.#held <= MOST_HELD) this.#rows.set(row, made);
    return made;
  }
}

function keptColumns(mask: Uint8Array, row: number, columns: number): Uint32Array {
  const kept: number[] = [];
  for (let column = 0; column < columns; column += 1) if (mask[row * columns + column] !== 0) kept.push(column);
  return Uint32Array.from(kept);
}
