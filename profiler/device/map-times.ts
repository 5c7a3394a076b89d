import type { LayerProfile } from "../profile.ts";
import { FEWEST_RUNS, middleHalfOf } from "./latency-statistics.ts";
import type { OptimizedOperator } from "./optimized-graph.ts";
import { findRenamed, givenBy, isFormOf, plainName } from "./renamed-operators.ts";
import type { ProfiledLevel } from "./profiled-level.ts";
import type { ProfiledOperator, ProfiledRun } from "./ort-profile.ts";
import type { LayerTimes, RowTime, UnmappedTime } from "./run-result.ts";

const BETWEEN: Pick<UnmappedTime, "name" | "op" | "reason"> = {
  name: "ONNX Runtime between operators",
  op: null,
  reason: "The runtime's own work, and what its profiler takes to write each operator down.",
};

/** What one operator took in one inference, on average. */
interface MeanOperator extends ProfiledOperator {
  readonly seconds: number;
  /** In each of all runs. */
  readonly runSeconds: readonly number[];
}

/** What the operators of one row took. */
interface MeanRow extends Omit<RowTime, "layer" | "name" | "op" | "spread"> {
  readonly runSeconds: readonly number[];
}

/**
 * Each row's time: operators of the profile are found in the optimized graph by their place or name, and from there by the tensors they
 * give in the model. Rows whose tensors the optimized graph has no more were fused into the operator behind them. What belongs to no row
 * is listed, so that everything adds up to the whole.
 *
 * @param all at least one; the quicker half counts, for what disturbs a run only ever adds to it
 * @param optimization under which they ran
 * @param optimized undefined where it is not known: then names alone tell
 */
export function mapTimes(
  all: readonly ProfiledRun[],
  optimized: readonly OptimizedOperator[] | undefined,
  layers: readonly LayerProfile[],
  optimization: ProfiledLevel = "all",
): LayerTimes {
  const sorted = all.toSorted((a, b) => a.seconds - b.seconds);
  const runs = sorted.slice(0, Math.ceil(all.length / 2));
  const operators = meanOperators(sorted, runs.length);
  const rows = new RowFinder(layers, optimized);
  const times = new Map<number, MeanRow>();
  const unmapped: UnmappedTime[] = [];
  for (const [operator, counterpart] of alignOperators(operators, optimized)) {
    const group = counterpart === undefined ? rows.named(operator) : rows.giving(counterpart, operator);
    const [layer, ...fused] = group;
    if (layer === undefined) unmapped.push(withoutRow(operator));
    else {
      const before = times.get(layer) ?? { seconds: 0, fused: [], operators: [], runSeconds: [] };
      times.set(layer, {
        seconds: before.seconds + operator.seconds,
        runSeconds: operator.runSeconds.map((seconds, run) => seconds + (before.runSeconds[run] ?? 0)),
        fused: [...new Set([...before.fused, ...fused])],
        operators: [...before.operators, operator.name],
      });
    }
  }
  const spent = operators.reduce((sum, { seconds }) => sum + seconds, 0);
  const whole = runs.reduce((sum, { seconds }) => sum + seconds, 0) / Math.max(1, runs.length);
  if (whole > spent) unmapped.push({ ...BETWEEN, seconds: whole - spent });
  return {
    optimization,
    runs: runs.length,
    totalSeconds: Math.max(whole, spent),
    rows: [...disjoint(times)].map(([layer, row]) => rowTime(layers, layer, row)).sort((a, b) => a.layer - b.layer),
    unmapped,
  };
}

/** No row is in two others, nor in one where it has a time of its own: estimates of what ran together would count it twice. */
function disjoint(times: ReadonlyMap<number, MeanRow>): ReadonlyMap<number, MeanRow> {
  const told = new Set(times.keys());
  return new Map(
    [...times].map(([layer, row]) => {
      const fused = row.fused.filter((each) => !told.has(each));
      for (const each of fused) told.add(each);
      return [layer, { ...row, fused }];
    }),
  );
}

function rowTime(layers: readonly LayerProfile[], layer: number, { runSeconds, ...row }: MeanRow): RowTime {
  const { name = `#${layer}`, op = "" } = layers[layer] ?? {};
  const { low, high } = middleHalfOf(runSeconds);
  return { layer, name, op, spread: runSeconds.length < FEWEST_RUNS ? null : (high - low) / 2, ...row };
}

function withoutRow({ name, op, seconds }: MeanOperator): UnmappedTime {
  return { name, op, seconds, reason: "It gives nothing that a layer of the model gives or reads." };
}

/**
 * Repeats, as of a loop's body, are added up; different runs are averaged. In the order in which they first ran.
 * @param counted the first so many runs are in the mean
 */
function meanOperators(runs: readonly ProfiledRun[], counted: number): readonly MeanOperator[] {
  const known = new Map<string, { readonly operator: ProfiledOperator; readonly runSeconds: number[] }>();
  runs.forEach(({ operators }, run) => {
    for (const operator of operators) {
      const key = JSON.stringify([operator.path, operator.name, operator.op]);
      const { runSeconds } = known.get(key) ?? { runSeconds: runs.map(() => 0) };
      runSeconds[run] = (runSeconds[run] ?? 0) + operator.seconds;
      known.set(key, { operator, runSeconds });
    }
  });
  return [...known.values()].map(({ operator, runSeconds }) => {
    const seconds = runSeconds.slice(0, counted).reduce((sum, each) => sum + each / counted, 0);
    return { ...operator, seconds, runSeconds };
  });
}

/** Operators of the main graph with those of the optimized one: by place where the order agrees, else by name. */
function alignOperators(
  operators: readonly MeanOperator[],
  optimized: readonly OptimizedOperator[] = [],
): readonly (readonly [MeanOperator, OptimizedOperator | undefined])[] {
  const main = operators.filter(({ path }) => path.length === 0);
  const isInOrder = main.length === optimized.length && main.every(({ op }, place) => optimized[place]?.op === op);
  const byName = new Map(optimized.map((each) => [`${each.op} ${each.name}`, each] as const));
  const places = new Map(main.map((operator, place) => [operator, place] as const));
  return operators.map((operator) => {
    const place = places.get(operator);
    if (place === undefined) return [operator, undefined];
    return [operator, isInOrder ? optimized[place] : byName.get(`${operator.op} ${operator.name}`)];
  });
}

/** Finds the rows that an operator computes, the one that stands for them first. */
class RowFinder {
  readonly #byOutput = new Map<string, LayerProfile>();
  readonly #kept: ReadonlySet<string>;
  /** Of operators whose results are ONNX Runtime's own, in another layout than the model's: the rows that they are. */
  readonly #renamed: ReadonlyMap<OptimizedOperator, LayerProfile>;
  /** Rows that have been found, with the one that stands for each. */
  readonly #taken = new Map<number, number>();

  constructor(
    private readonly layers: readonly LayerProfile[],
    private readonly optimized: readonly OptimizedOperator[] = [],
  ) {
    for (const layer of layers.filter(({ role }) => role !== "fused"))
      for (const { name } of layer.outputs) if (!this.#byOutput.has(name)) this.#byOutput.set(name, layer);
    this.#kept = new Set(optimized.flatMap(givenBy));
    this.#renamed = findRenamed(layers, optimized, this.#byOutput);
  }

  /** By the tensors it gives, with the rows in front of them that nothing else gives any more. */
  giving(counterpart: OptimizedOperator, operator: MeanOperator): readonly number[] {
    const own = this.#renamed.get(counterpart);
    const rows = own === undefined ? this.#nearestRows(counterpart) : [own];
    if (rows.length === 0) return this.named(operator);
    const group = new Map(rows.map((row) => [row.index, row] as const));
    for (const row of group.values()) {
      for (const { name, isConstant } of row.inputs) {
        const giver = isConstant || this.#kept.has(name) ? undefined : this.#byOutput.get(name);
        if (giver?.role === "compute" && !this.#taken.has(giver.index)) group.set(giver.index, giver);
      }
    }
    const members = [...group.values()];
    const main = members.filter((row) => isOf(row, counterpart.op) || row === own);
    const chosen = mostExpensive(main.length > 0 ? main : members);
    if (chosen === undefined) return [];
    // What brings an operator's result into another layout gives the tensor of a row that ran within that operator.
    const before = this.#taken.get(chosen.index);
    if (before !== undefined && main.length === 0) return [before];
    // What ONNX Runtime put in front of an operator, a Cast of the input, leaves the rows to that.
    if (own !== undefined || rows.some((row) => givenBy(counterpart).some((name) => this.#byOutput.get(name) === row)))
      for (const index of group.keys()) if (!this.#taken.has(index)) this.#taken.set(index, chosen.index);
    return [chosen.index, ...members.filter((row) => row !== chosen).map(({ index }) => index)];
  }

  /**
   * The rows that give its outputs. Where ONNX Runtime spells a row out as several operators (HardSwish as HardSigmoid and Mul), or puts
   * one in, that of the operator that reads them.
   */
  #nearestRows(operator: OptimizedOperator): readonly LayerProfile[] {
    const seen = new Set([operator]);
    for (const each of seen) {
      const own = this.#renamed.get(each);
      const rows = own === undefined ? givenBy(each).flatMap((name) => this.#byOutput.get(name) ?? []) : [own];
      if (rows.length > 0) return rows;
      for (const reader of this.#readers(each)) seen.add(reader);
    }
    return [];
  }

  #readers({ outputs }: OptimizedOperator): readonly OptimizedOperator[] {
    return this.optimized.filter(({ inputs }) => inputs.some((name) => outputs.includes(name)));
  }

  /**
   * By its name alone, with or without what ONNX Runtime adds to it: of rows that share it, as those of two branches may, those of its
   * operator and the one whose outputs have these sizes.
   */
  named({ name, op, outputShapes }: MeanOperator): readonly number[] {
    const plain = plainName(name);
    const named = this.layers.filter((row) => row.name === name || row.name === plain);
    const same = named.filter((row) => isOf(row, op));
    const called = same.length > 0 ? same : named.filter((row) => isFormOf(row, op));
    const fitting = called.filter(({ outputs }) =>
      outputs.every(({ shape }, place) => fits(shape, outputShapes[place])),
    );
    const candidates = fitting.length > 0 ? fitting : called;
    const chosen = candidates.find(({ isCounted }) => isCounted) ?? candidates[0];
    return chosen === undefined ? [] : [chosen.index];
  }
}

/** Rows name the domain of operators that are not the format's own. */
function isOf(row: LayerProfile, op: string): boolean {
  return row.op === op || row.op.endsWith(`.${op}`);
}

/** The one with the most MACs, the first of equals. */
export function mostExpensive(rows: readonly LayerProfile[]): LayerProfile | undefined {
  return rows.reduce<LayerProfile | undefined>(
    (best, row) => (best === undefined || (row.macs ?? 0) > (best.macs ?? 0) ? row : best),
    undefined,
  );
}

function fits(expected: LayerProfile["outputs"][number]["shape"], found: readonly number[] | undefined): boolean {
  if (expected === null || found === undefined) return true;
  return (
    expected.length === found.length && expected.every((size, axis) => typeof size !== "number" || size === found[axis])
  );
}
