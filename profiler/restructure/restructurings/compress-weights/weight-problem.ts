import { GroupedError } from "../../../compression/grouped-error.ts";
import { errorOf, plainError, type OutputError } from "../../../compression/output-error.ts";
import { isOfSamples } from "../../../compression/sampled-error.ts";
import type { RowMoments } from "../../../neutral/activations.ts";
import type { LinearForm } from "../../../neutral/forms.ts";
import type { RowPlaces } from "../../../neutral/gather-rows.js";
import { matrix, rowsOf, type Matrix } from "../../../numeric/matrix.ts";
import type { Products } from "../../../numeric/products.ts";
import { rowShape, weightRows } from "../../../neutral/weight-rows.ts";
import type { LayerInputs, WeightedLayer } from "../../approximation/follow-samples.ts";
import { groupColumns, rowPlaces, rowsAt } from "../../approximation/sampled-rows.ts";
import type { NeutralGraph } from "../../../neutral/neutral-graph.ts";
import { biasShift, problemOfMoments, problemOfRows, squares, type GroupProblem } from "./group-problem.ts";

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
  const places = placesOf(inputs, form, weights.columns, tools);
  const { groups, heldOut } = await groupProblems(weights, form, inputs, places, tools);
  const rowsPerGroup = outputs / groups.length;
  const target = matrix(outputs, weights.columns);
  groups.forEach((group, place) => target.data.set(group.target.data, place * rowsPerGroup * weights.columns));
  const [only] = groups;
  const error =
    only && groups.length === 1
      ? only.error
      : new GroupedError(
          groups.map((group) => group.error),
          rowsPerGroup,
        );
  const energy = groups.reduce((sum, group) => sum + group.energy, 0);
  const products = productsFor(weights.columns, groups.length, tools);
  let held: Promise<readonly HeldOut[]> | undefined;
  return {
    weights,
    target,
    error,
    energy,
    heldOutError: async (change) => {
      if (heldOut === undefined) return (await errorOf(error, change)) / (energy || 1);
      held ??= heldOutGroups(heldOut);
      let [sum, whole] = [0, 0];
      for (const [group, one] of (await held).entries()) {
        sum += squares(await outputsOf(one.inputs, change, group));
        whole += one.energy;
      }
      return sum / (whole || 1);
    },
    biasShift: (changed) => (form.bias ? biasShift(weights, changed, groups, rowsPerGroup) : new Float32Array(outputs)),
  };

  /** Once for all changes that are asked for. */
  async function heldOutGroups(all: Matrix): Promise<readonly HeldOut[]> {
    const found: HeldOut[] = [];
    for (const [group, { meanNow }] of groups.entries()) {
      const seenByGroup = without(groupColumns(all, group, groups.length), meanNow);
      found.push({ inputs: seenByGroup, energy: squares(await outputsOf(seenByGroup, weights, group)) });
    }
    return found;
  }

  function outputsOf(seenByGroup: Matrix, whole: Matrix, group: number): Promise<Matrix> {
    return products.multiply(seenByGroup, rowsOf(whole, group * rowsPerGroup, rowsPerGroup), { transposeB: true });
  }
}

function placesOf(
  { now }: LayerInputs,
  form: LinearForm,
  columns: number,
  { layout, seed }: Pick<ProblemTools, "layout" | "seed">,
): RowPlaces {
  return rowPlaces(
    now.shape,
    form,
    layout,
    Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, ROWS_PER_COLUMN * columns)),
    seed,
  );
}

function productsFor(columns: number, groups: number, { small, products }: ProblemTools): Products {
  return columns <= SMALL_COLUMNS && groups > 1 ? small : products;
}

interface GroupProblems {
  readonly groups: readonly GroupProblem[];
  /** Rows that are measured on alone. */
  readonly heldOut?: Matrix | undefined;
}

/** One for each group, of what its rows come to where they are, or of the rows. */
async function groupProblems(
  weights: Matrix,
  form: LinearForm,
  inputs: LayerInputs,
  places: RowPlaces,
  tools: ProblemTools,
): Promise<GroupProblems> {
  const groups = form.kind === "dense" ? 1 : form.groups;
  const isCentred = form.bias !== undefined;
  const products = productsFor(weights.columns, groups, tools);
  const rows = places.samples.length;
  const isOfMoments = groups === 1 && !tools.holdsOut && !isOfSamples({ rows, columns: weights.columns });
  const moments = isOfMoments ? momentsOf(inputs, places, weights, isCentred) : undefined;
  if (moments) return { groups: [await problemOfMoments(weights, await moments, rows, products)] };
  const rowsIn = async (values: LayerInputs["now"]): Promise<readonly [Matrix, Matrix?]> => {
    const all = await rowsAt(values, places);
    return tools.holdsOut ? parted(all, values.shape[0] ?? 1) : [all];
  };
  const [now, heldOut] = await rowsIn(inputs.now);
  const [before] = inputs.now === inputs.before ? [] : await rowsIn(inputs.before);
  const problems: GroupProblem[] = [];
  const rowsPerGroup = weights.rows / groups;
  for (let group = 0; group < groups; group += 1) {
    const own = rowsOf(weights, group * rowsPerGroup, rowsPerGroup);
    const was = before && groupColumns(before, group, groups);
    problems.push(await problemOfRows(own, groupColumns(now, group, groups), was, isCentred, products));
  }
  return { groups: problems, heldOut };
}

function momentsOf(
  { now, before }: LayerInputs,
  places: RowPlaces,
  { rows, data }: Matrix,
  isCentred: boolean,
): Promise<RowMoments> | undefined {
  return now.moments?.(places, {
    before: now === before ? undefined : before,
    weights: data,
    outputs: rows,
    isCentred,
  });
}

/** What a group of a layer sees of the samples that are held out. */
interface HeldOut {
  /** rows × columns, centred as the others are. */
  readonly inputs: Matrix;
  /** Σ of the squared outputs. */
  readonly energy: number;
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
