import { GroupedError } from "../../../compression/grouped-error.ts";
import { errorOf, plainError, type OutputError } from "../../../compression/output-error.ts";
import { outputError } from "../../../compression/sampled-error.ts";
import { matrix, rowsOf, type Matrix } from "../../../numeric/matrix.ts";
import type { Products } from "../../../numeric/products.ts";
import { rowShape, weightRows } from "../../../neutral/weight-rows.ts";
import type { LayerInputs, WeightedLayer } from "../../approximation/follow-samples.ts";
import { groupColumns, sampledRows } from "../../approximation/sampled-rows.ts";
import type { NeutralGraph } from "../../../neutral/neutral-graph.ts";

/** The weights of a layer, and what changing them costs at its outputs. */
export interface WeightProblem {
  /** outputs × (inputs of a group · kernel…) */
  readonly weights: Matrix;
  /** The same, with what makes up for changes of the layers before: what is to be approximated. */
  readonly target: Matrix;
  readonly error: OutputError;
  /** Σ of the squared outputs on the samples; 0 without samples. */
  readonly energy: number;
  /** Squared error of outputs, as a share of their energy, on samples that `error` knows nothing of where some were held out. */
  heldOutError(change: Matrix): Promise<number>;
  /** What other weights ask for to be added to the bias: outputs. */
  biasShift(weights: Matrix): Float32Array;
}

/** Rows of inputs that are looked at: some for each column, but no fewer and no more than these. */
const ROWS_PER_COLUMN = 4;
const FEWEST_ROWS = 4096;
const MOST_ROWS = 8192;

export interface ProblemTools {
  readonly layout: NeutralGraph["layout"];
  readonly seed: number;
  readonly products: Products;
  /** For groups of few columns, for which a call of the runtime takes longer than the product. */
  readonly small: Products;
  /** Every fourth sample is not looked at, but measured on. */
  readonly holdsOut?: true;
}

/** Of so many samples one is held out. */
const HELD_OUT_OF = 4;

const SMALL_COLUMNS = 64;

/** @param inputs what the layer gets on the calibration samples; undefined without: weights alone are looked at */
export async function weightProblem(
  { form }: WeightedLayer,
  inputs: LayerInputs | undefined,
  tools: ProblemTools,
): Promise<WeightProblem> {
  const [outputs = 1] = rowShape(form);
  const elements = await weightRows(form).read();
  const weights = matrix(outputs, elements.length / outputs, Float32Array.from(elements));
  if (inputs === undefined) {
    const error = plainError(weights.columns);
    const energy = squares(weights);
    return {
      weights,
      target: weights,
      error,
      energy: 0,
      heldOutError: async (change) => (await errorOf(error, change)) / (energy || 1),
      biasShift: () => new Float32Array(outputs),
    };
  }
  const groups = form.kind === "dense" ? 1 : form.groups;
  const most = Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, ROWS_PER_COLUMN * weights.columns));
  const samples = inputs.now.shape[0] ?? 1;
  const rows = async (values: LayerInputs["now"]): Promise<readonly [Matrix, Matrix?]> => {
    const all = await sampledRows(values, form, tools.layout, most, tools.seed);
    return tools.holdsOut ? parted(all, samples) : [all];
  };
  const isSame = inputs.now === inputs.before;
  const [now, heldOut] = await rows(inputs.now);
  const [before] = isSame ? [now] : await rows(inputs.before);
  const rowsPerGroup = outputs / groups;
  const hasBias = form.bias !== undefined;
  const products = weights.columns <= SMALL_COLUMNS && groups > 1 ? tools.small : tools.products;
  const parts: Part[] = [];
  for (let group = 0; group < groups; group += 1) {
    const own = rowsOf(weights, group * rowsPerGroup, rowsPerGroup);
    const was = isSame ? undefined : groupColumns(before, group, groups);
    parts.push(await partOf(own, groupColumns(now, group, groups), was, hasBias, products));
  }
  const target = matrix(outputs, weights.columns);
  parts.forEach((part, group) => target.data.set(part.target.data, group * rowsPerGroup * weights.columns));
  const [only] = parts;
  let held: Promise<readonly HeldOut[]> | undefined;
  return {
    weights,
    target,
    error:
      only && groups === 1
        ? only.error
        : new GroupedError(
            parts.map(({ error }) => error),
            rowsPerGroup,
          ),
    energy: parts.reduce((sum, part) => sum + part.energy, 0),
    heldOutError: async (change) => {
      held ??= heldOutParts();
      let [error, energy] = [0, 0];
      for (const [group, part] of (await held).entries()) {
        error += squares(await outputsOf(part.inputs, change, group));
        energy += part.energy;
      }
      return error / (energy || 1);
    },
    biasShift: (changed) => (hasBias ? biasShift(weights, changed, parts, rowsPerGroup) : new Float32Array(outputs)),
  };

  /** Once for all changes that are asked for. */
  async function heldOutParts(): Promise<readonly HeldOut[]> {
    const found: HeldOut[] = [];
    for (const [group, { inputs: lookedAt, meanNow }] of parts.entries()) {
      const seenByGroup = heldOut ? without(groupColumns(heldOut, group, groups), meanNow) : lookedAt;
      found.push({ inputs: seenByGroup, energy: squares(await outputsOf(seenByGroup, weights, group)) });
    }
    return found;
  }

  function outputsOf(seenByGroup: Matrix, whole: Matrix, group: number): Promise<Matrix> {
    return products.multiply(seenByGroup, rowsOf(whole, group * rowsPerGroup, rowsPerGroup), { transposeB: true });
  }
}

/** What a group of a layer sees of the samples that are held out. */
interface HeldOut {
  /** rows × columns, centred as the others are. */
  readonly inputs: Matrix;
  /** Σ of the squared outputs. */
  readonly energy: number;
}

interface Part {
  /** Rows × columns that are looked at, centred where there is a bias. */
  readonly inputs: Matrix;
  readonly target: Matrix;
  readonly error: OutputError;
  readonly energy: number;
  readonly meanNow: Float32Array;
  readonly meanBefore: Float32Array;
}

/**
 * Of one group, whose rows are centred where they stand: the bias takes up means, so that rows are centred where there is one. The target W⁺ has A·W⁺ᵀ ≈ B·Wᵀ, for rows A now
 * and B before: W + (H⁻¹ · Aᵀ · (B − A) · Wᵀ)ᵀ.
 */
async function partOf(
  weights: Matrix,
  now: Matrix,
  before: Matrix | undefined,
  isCentred: boolean,
  products: Products,
): Promise<Part> {
  const [a, meanNow] = isCentred ? centred(now) : [now, new Float32Array(now.columns)];
  const [b, meanBefore] = before === undefined ? [a, meanNow] : isCentred ? centred(before) : [before, meanNow];
  const error = await outputError(a, products);
  const outputs = await products.multiply(b, weights, { transposeB: true });
  const energy = squares(outputs);
  if (before === undefined) return { inputs: a, target: weights, error, energy, meanNow, meanBefore };
  const reached = await products.multiply(a, weights, { transposeB: true });
  for (let at = 0; at < outputs.data.length; at += 1)
    outputs.data[at] = (outputs.data[at] ?? 0) - (reached.data[at] ?? 0);
  const correction = await error.weightsFor(outputs);
  const target = matrix(
    weights.rows,
    weights.columns,
    weights.data.map((value, at) => value + (correction.data[at] ?? 0)),
  );
  return { inputs: a, target, error, energy, meanNow, meanBefore };
}

/** Rows of samples that are looked at, and of those that are held out. */
function parted(rows: Matrix, samples: number): readonly [Matrix, Matrix] {
  const isHeldOut = (row: number): boolean => Math.floor((row * samples) / rows.rows) % HELD_OUT_OF === HELD_OUT_OF - 1;
  const places = Array.from({ length: rows.rows }, (_, row) => row);
  return [
    picked(
      rows,
      places.filter((row) => !isHeldOut(row)),
    ),
    picked(rows, places.filter(isHeldOut)),
  ];
}

function picked(rows: Matrix, places: readonly number[]): Matrix {
  const result = matrix(places.length, rows.columns);
  places.forEach((row, at) => result.data.set(rowsOf(rows, row, 1).data, at * rows.columns));
  return result;
}

/** In place, as rows may take gigabytes. */
function without(inputs: Matrix, mean: Float32Array): Matrix {
  const { rows, columns, data } = inputs;
  for (let row = 0, at = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1, at += 1) data[at] = (data[at] ?? 0) - (mean[column] ?? 0);
  return inputs;
}

function squares({ data }: Matrix): number {
  let sum = 0;
  for (const value of data) sum += value * value;
  return sum;
}

/** In place. */
function centred(inputs: Matrix): readonly [Matrix, Float32Array] {
  const { rows, columns, data } = inputs;
  const sums = new Float64Array(columns);
  for (let row = 0, at = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1, at += 1) sums[column] = (sums[column] ?? 0) + (data[at] ?? 0);
  const mean = Float32Array.from(sums, (sum) => sum / Math.max(rows, 1));
  return [without(inputs, mean), mean];
}

/** W · mean(B) − Q · mean(A), for each row. */
function biasShift(before: Matrix, now: Matrix, parts: readonly Part[], rowsPerGroup: number): Float32Array {
  const { columns } = before;
  return Float32Array.from({ length: before.rows }, (_, row) => {
    const part = parts[Math.floor(row / rowsPerGroup)];
    let shift = 0;
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      shift += (before.data[at] ?? 0) * (part?.meanBefore[column] ?? 0);
      shift -= (now.data[at] ?? 0) * (part?.meanNow[column] ?? 0);
    }
    return shift;
  });
}
