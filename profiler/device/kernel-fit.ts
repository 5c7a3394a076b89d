import { factorOf, partsOf, type ByPart, type KernelFactors, type KernelPart } from "../hardware/kernel-parts.ts";

/** Rows that ran as one: their work, and what they took. */
export interface ObservedGroup {
  /** Seconds at full rates, by what kernels spend them on. */
  readonly parts: ByPart;
  /** Seconds by the roofline. */
  readonly roofline: number;
  /** Runs of operators. */
  readonly operators: number;
  readonly seconds: number;
}

export interface ObservedModel {
  readonly seconds: number;
  readonly groups: readonly ObservedGroup[];
}

/** What kernels take: seconds = Σ part × its factor + operators × time of one. */
export interface KernelFit {
  readonly kernels: KernelFactors;
  readonly secondsPerOperator: number;
}

/** Part of a model's latency below which a row's relative error is not worth more than its absolute one. */
const SMALL_ROW = 0.003;
/** Relative errors beyond are outliers: a row that another program interrupted. */
const OUTLIER = 0.2;
/** Times its estimate that a row may take and still be believed. */
const MOST_LATE = 3;
/** Draws a part that few rows tell of to what all parts have in common: a model has the weight of one. */
const TOWARDS_COMMON = 5e-4;
const ROUNDS = 10;
const SWEEPS = 300;
/** Factors beyond are those of work that the base profile says nothing sensible of. */
const MOST = 1e3;

/**
 * Least squares of the rows' relative errors, each by its share of its model's time, so that the sum is what fits, with factors that are
 * not negative (coordinate descent on the normal equations) and Huber's weights against outliers (iteratively reweighted).
 */
export function fitKernels(models: readonly ObservedModel[]): KernelFit {
  const parts = [
    ...new Set(models.flatMap(({ groups }) => groups.flatMap((group) => partsOf(group.parts).map(partName)))),
  ];
  const columns = parts.length + 1;
  const rows = models.flatMap(({ groups }, model) => groups.map((group) => rowOf(group, model, parts)));
  const common = commonFactor(rows);
  // An operator's time is no multiple of a rate: nothing is known of it before.
  const factors = new Float64Array(columns).fill(common);
  factors[parts.length] = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const believed = beliefsIn(rows, factors, models.length);
    descend(factors, normalEquations(rows, believed, columns, common));
  }
  return {
    kernels: { ...Object.fromEntries(parts.map((part, at) => [part, factors[at] ?? common])), other: common },
    secondsPerOperator: factors[parts.length] ?? 0,
  };
}

export function kernelEstimate(
  { parts, operators }: ObservedGroup,
  { kernels, secondsPerOperator }: KernelFit,
): number {
  return partsOf(parts).reduce(
    (sum, [part, seconds]) => sum + seconds * factorOf(part, kernels),
    operators * secondsPerOperator,
  );
}

interface Row {
  /** By column, the last one operators. */
  readonly terms: readonly number[];
  readonly seconds: number;
  /** Which model it is of. */
  readonly model: number;
}

function partName([part]: readonly [KernelPart, number]): KernelPart {
  return part;
}

function rowOf(group: ObservedGroup, model: number, parts: readonly KernelPart[]): Row {
  const { seconds, operators } = group;
  return { terms: [...parts.map((part) => group.parts[part] ?? 0), operators], seconds, model };
}

/** The middle row's time by its work at full rates. */
function commonFactor(rows: readonly Row[]): number {
  const ratios = rows.flatMap(({ terms, seconds }) => {
    const work = terms.slice(0, -1).reduce((sum, term) => sum + term, 0);
    return work > 0 && seconds > 0 ? [seconds / work] : [];
  });
  const middle = ratios.sort((a, b) => a - b)[ratios.length >> 1] ?? 1;
  return Math.min(MOST, Math.max(1 / MOST, middle));
}

interface Belief {
  readonly seconds: number;
  /** Of the squared error. */
  readonly weight: number;
}

/**
 * Rows count by their relative error and their share of their model's time, and less where they are outliers. Of one that took far longer than it
 * is estimated, because another program ran, so much is believed as is likely.
 */
function beliefsIn(rows: readonly Row[], factors: Float64Array, models: number): readonly Belief[] {
  const ofModel = new Float64Array(models);
  const told = rows.map(({ terms, seconds, model }) => {
    const estimate = terms.reduce((sum, term, column) => sum + term * (factors[column] ?? 0), 0);
    const likely = Math.min(seconds, MOST_LATE * estimate);
    ofModel[model] = (ofModel[model] ?? 0) + likely;
    return { seconds, estimate, likely, model };
  });
  return told.map(({ seconds, estimate, likely, model }) => {
    const all = ofModel[model] ?? 0;
    const scale = 1 / Math.max(likely + SMALL_ROW * all, Number.MIN_VALUE);
    const error = Math.abs(seconds - estimate) * scale;
    const share = all > 0 ? likely / all : 0;
    const weight = scale * scale * share * Math.min(1, OUTLIER / Math.max(error, OUTLIER));
    return { seconds: likely, weight: all > 0 ? weight : 0 };
  });
}

interface NormalEquations {
  /** Symmetric, row by row. */
  readonly matrix: Float64Array;
  readonly target: Float64Array;
}

function normalEquations(
  rows: readonly Row[],
  believed: readonly Belief[],
  columns: number,
  common: number,
): NormalEquations {
  const matrix = new Float64Array(columns * columns);
  const target = new Float64Array(columns);
  rows.forEach(({ terms }, at) => {
    const { seconds, weight } = believed[at] ?? { seconds: 0, weight: 0 };
    for (const [column, term] of terms.entries()) {
      if (term === 0) continue;
      target[column] = (target[column] ?? 0) + weight * term * seconds;
      for (const [other, factor] of terms.entries()) {
        const cell = column * columns + other;
        matrix[cell] = (matrix[cell] ?? 0) + weight * term * factor;
      }
    }
  });
  const pull = TOWARDS_COMMON / (common * common);
  for (let column = 0; column < columns - 1; column += 1) {
    const cell = column * (columns + 1);
    matrix[cell] = (matrix[cell] ?? 0) + pull;
    target[column] = (target[column] ?? 0) + pull * common;
  }
  return { matrix, target };
}

function descend(factors: Float64Array, { matrix, target }: NormalEquations): void {
  const columns = factors.length;
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (let column = 0; column < columns; column += 1) {
      const own = matrix[column * (columns + 1)] ?? 0;
      let left = target[column] ?? 0;
      for (let other = 0; other < columns; other += 1)
        if (other !== column) left -= (matrix[column * columns + other] ?? 0) * (factors[other] ?? 0);
      factors[column] = own > 0 ? Math.max(0, left / own) : 0;
    }
  }
}
