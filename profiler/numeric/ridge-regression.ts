import { solveNormalEquations } from "./least-squares.ts";
import { beside, matrix, rowsOf, type Matrix } from "./matrix.ts";
import type { Products } from "./products.ts";

/**
 * Added to the diagonal of equations that come from samples, as a share of its mean. With about as many samples as inputs, weights that
 * fit the samples exactly are huge, and wrong everywhere else ("double descent": Belkin, Hsu, Ma, Mandal, PNAS 2019); a ridge bounds them
 * (Hoerl, Kennard: "Ridge Regression", Technometrics 1970). On networks of digits with 8 to 256 samples, of shares from 1e-7 to 3 those from
 * 1e-3 to 1e-2 do best wherever they are not too few to fit.
 */
export const SAMPLED_RIDGE = 3e-3;

/** Smaller ridges, that samples which nothing is fitted to may ask for: where inputs explain the targets, a ridge is an error of its own. */
const SMALLER_RIDGES = [3e-4, 3e-5, 3e-6, 1e-7] as const;
/** What a smaller ridge must take off the error to be worth trying the next one. */
const WORTH_IT = 0.99;

/** One sample of so many is held out when the ridge is chosen; fewer tell nothing. */
const PART_HELD_OUT = 4;

/** Inputs up to which the ridge is chosen: the sums of the samples that are held out take 8 bytes for each pair of them, 19 MB. */
const MOST_CHOSEN = 1536;

/** What a layer makes of its inputs: inputs · weight + intercept. */
export interface LinearModel {
  /** inputs × targets */
  readonly weight: Matrix;
  /** One for each target; zeros where none is fitted. */
  readonly intercept: Float32Array;
}

interface Batch {
  readonly inputs: Matrix;
  readonly targets: Matrix;
}

/**
 * Least squares over more samples than memory holds: minimises ‖inputs · w + b − targets‖² + λ‖w‖², which is summed in one pass over
 * batches of samples. b is one weight more, of an input that is always as large as the others are on average. While there are fewer rows
 * than inputs, the rows are held and their own, smaller equations solved: w = Xᵀ · (X · Xᵀ + λ)⁻¹ · targets. λ is chosen by the error on a
 * quarter of the samples; then all of them are fitted.
 */
export class RidgeRegression {
  /** Inputs of the equations. */
  readonly #size: number;
  /** What the input of the intercept always is: the root of the mean square of the first batch; undefined before it. */
  #constant: number | undefined;
  /** Until there are more rows than inputs. */
  #rows: { readonly fitted: Batch[]; readonly heldOut: Batch[] } | undefined = { fitted: [], heldOut: [] };
  #fitted: Sums | undefined;
  #heldOut: Sums | undefined;
  #count = 0;
  #samples = 0;

  constructor(
    readonly inputs: number,
    readonly targets: number,
    private readonly products: Products,
    private readonly options: { readonly fitsIntercept: boolean },
  ) {
    this.#size = inputs + Number(options.fitsIntercept);
  }

  /** Samples seen so far. */
  get samples(): number {
    return this.#samples;
  }

  /**
   * Adds a batch: rows × inputs and rows × targets.
   * @param samples that the rows are of, as many rows of each, one sample after the other: those of one sample are much alike
   */
  async add(inputs: Matrix, targets: Matrix, samples = inputs.rows): Promise<void> {
    if (inputs.columns !== this.inputs || targets.columns !== this.targets || inputs.rows !== targets.rows) {
      throw new RangeError(
        `a batch of ${inputs.rows}×${inputs.columns} and ${targets.rows}×${targets.columns} does not fit`,
      );
    }
    const [fitted, heldOut] = this.#parted({ inputs: this.#withConstant(inputs), targets }, samples);
    this.#count += inputs.rows;
    if (this.#rows === undefined) return this.#sum([fitted], [heldOut]);
    this.#rows.fitted.push(fitted);
    this.#rows.heldOut.push(heldOut);
    if (this.#count <= this.#size) return;
    const rows = this.#rows;
    this.#rows = undefined;
    await this.#sum(rows.fitted, rows.heldOut);
  }

  async solve(): Promise<LinearModel> {
    const { data } = await (this.#rows ? this.#solvedByRows(this.#rows) : this.#solvedBySums());
    const size = this.inputs * this.targets;
    return {
      weight: matrix(this.inputs, this.targets, data.slice(0, size)),
      intercept: Float32Array.from({ length: this.targets }, (_, target) => {
        return (data[size + target] ?? 0) * (this.#constant ?? 0);
      }),
    };
  }

  async #sum(fitted: readonly Batch[], heldOut: readonly Batch[]): Promise<void> {
    const isChosen = this.#size <= MOST_CHOSEN;
    this.#fitted ??= new Sums(this.#size, this.targets, this.products);
    if (isChosen) this.#heldOut ??= new Sums(this.#size, this.targets, this.products);
    for (const batch of fitted) await this.#fitted.add(batch);
    for (const batch of heldOut) await (this.#heldOut ?? this.#fitted).add(batch);
  }

  /** size × targets */
  async #solvedBySums(): Promise<Matrix> {
    const { targets, products } = this;
    const [size, fitted, heldOut] = [this.#size, this.#fitted, this.#heldOut];
    if (!fitted) return matrix(size, targets);
    const solve = ({ gram, moments }: Pick<Sums, "gram" | "moments">, ridge: number): Promise<Matrix> =>
      solveNormalEquations(size, gram, targets, moments, products, ridge);
    if (!heldOut || heldOut.rows === 0) return solve(fitted, SAMPLED_RIDGE);
    const ridge = await chosenRidge(async (share) => heldOut.errorOf(await solve(fitted, share)));
    return solve(fitted.with(heldOut), ridge);
  }

  /** size × targets */
  async #solvedByRows(rows: {
    readonly fitted: readonly Batch[];
    readonly heldOut: readonly Batch[];
  }): Promise<Matrix> {
    const { targets, products } = this;
    const [fitted, heldOut] = [stacked(rows.fitted), stacked(rows.heldOut)];
    const solve = async ({ inputs, targets: wanted }: Batch, ridge: number): Promise<Matrix> => {
      const gram = await products.multiply(inputs, inputs, { transposeB: true });
      const shares = await solveNormalEquations(gram.rows, gram.data, targets, wanted.data, products, ridge);
      return products.multiply(inputs, shares, { transposeA: true });
    };
    if (fitted.inputs.rows + heldOut.inputs.rows === 0) return matrix(this.#size, targets);
    const isChosen = fitted.inputs.rows > 0 && heldOut.inputs.rows > 0;
    const error = async (ridge: number): Promise<number> => {
      const made = await products.multiply(heldOut.inputs, await solve(fitted, ridge));
      return made.data.reduce((sum, value, index) => sum + (value - (heldOut.targets.data[index] ?? 0)) ** 2, 0);
    };
    return solve(stacked([fitted, heldOut]), isChosen ? await chosenRidge(error) : SAMPLED_RIDGE);
  }

  #withConstant(inputs: Matrix): Matrix {
    if (!this.options.fitsIntercept) return inputs;
    this.#constant ??= rootMeanSquare(inputs.data) || 1;
    return beside(inputs, matrix(inputs.rows, 1, new Float32Array(inputs.rows).fill(this.#constant)));
  }

  /** The rows of all samples but every fourth, and those of the others. */
  #parted(batch: Batch, samples: number): readonly [Batch, Batch] {
    const perSample = Math.floor(batch.inputs.rows / Math.max(1, samples));
    const [fitted, heldOut]: [Batch[], Batch[]] = [[this.#empty()], [this.#empty()]];
    for (let sample = 0; sample < samples; sample += 1) {
      const from = sample * perSample;
      const count = sample === samples - 1 ? batch.inputs.rows - from : perSample;
      const part = this.#samples % PART_HELD_OUT === PART_HELD_OUT - 1 ? heldOut : fitted;
      part.push({ inputs: rowsOf(batch.inputs, from, count), targets: rowsOf(batch.targets, from, count) });
      this.#samples += 1;
    }
    return [stacked(fitted), stacked(heldOut)];
  }

  #empty(): Batch {
    return { inputs: matrix(0, this.#size), targets: matrix(0, this.targets) };
  }
}

/** The largest ridge next to which a smaller one does not err less. */
async function chosenRidge(errorOf: (ridge: number) => Promise<number>): Promise<number> {
  let [best, least] = [SAMPLED_RIDGE as number, await errorOf(SAMPLED_RIDGE)];
  for (const ridge of SMALLER_RIDGES) {
    const error = await errorOf(ridge);
    if (!(error < WORTH_IT * least)) return best;
    [best, least] = [ridge, error];
  }
  return best;
}

/** Products of inputs and targets, summed over rows: products in float32, sums in float64. */
class Sums {
  readonly gram: Float64Array;
  readonly moments: Float64Array;
  /** Sum of the squares of the targets. */
  #energy = 0;
  rows = 0;

  constructor(
    private readonly size: number,
    private readonly targets: number,
    private readonly products: Products,
  ) {
    this.gram = new Float64Array(size * size);
    this.moments = new Float64Array(size * targets);
  }

  async add({ inputs, targets }: Batch): Promise<void> {
    if (inputs.rows === 0) return;
    this.rows += inputs.rows;
    accumulate(this.gram, (await this.products.multiply(inputs, inputs, { transposeA: true })).data);
    accumulate(this.moments, (await this.products.multiply(inputs, targets, { transposeA: true })).data);
    for (const value of targets.data) this.#energy += value * value;
  }

  /** Of both together. */
  with(other: Sums): Pick<Sums, "gram" | "moments"> {
    const [gram, moments] = [Float64Array.from(this.gram), Float64Array.from(this.moments)];
    accumulate(gram, other.gram);
    accumulate(moments, other.moments);
    return { gram, moments };
  }

  /** ‖inputs · w − targets‖² */
  async errorOf(weight: Matrix): Promise<number> {
    const { size, targets } = this;
    const made = await this.products.multiply(matrix(size, size, Float32Array.from(this.gram)), weight);
    let error = this.#energy;
    for (let index = 0; index < size * targets; index += 1)
      error += (weight.data[index] ?? 0) * ((made.data[index] ?? 0) - 2 * (this.moments[index] ?? 0));
    return error;
  }
}

function accumulate(sums: Float64Array, data: ArrayLike<number>): void {
  for (let index = 0; index < sums.length; index += 1) sums[index] = (sums[index] ?? 0) + (data[index] ?? 0);
}

function rootMeanSquare(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / Math.max(1, values.length));
}

function stacked(batches: readonly Batch[]): Batch {
  return {
    inputs: rowsTogether(batches.map(({ inputs }) => inputs)),
    targets: rowsTogether(batches.map(({ targets }) => targets)),
  };
}

function rowsTogether(parts: readonly Matrix[]): Matrix {
  const columns = parts[0]?.columns ?? 0;
  const result = matrix(
    parts.reduce((sum, { rows }) => sum + rows, 0),
    columns,
  );
  let at = 0;
  for (const { data } of parts) {
    result.data.set(data, at);
    at += data.length;
  }
  return result;
}
