import type { Random } from "../numeric/random.ts";
import { adamRate } from "./adam.ts";
import { bestOf, TOGETHER, type HeldOutPoint } from "./best-point.ts";
import type { Columns } from "./sample-pool.ts";
import { NAMES, type BuiltGraph, type ErrorGraph, type Target } from "./step-graph.ts";
import { Trainer, type Batch } from "./trainer.ts";

/** Errors are mean squares over the energy of what the teacher gives: 0.01 is 20 dB. */
export interface TrainingPoint extends HeldOutPoint {
  readonly step: number;
  /** Mean over the steps since the last point, of samples as they are changed for training; null at the start. */
  readonly training: number | null;
}

export interface HeldOut {
  readonly columns: Columns;
  readonly count: number;
}

export interface LoopOptions {
  readonly step: BuiltGraph;
  readonly error: ErrorGraph;
  /** Samples of a step. */
  readonly batch: number;
  readonly targets: readonly (Target & { readonly isOutput: boolean })[];
  /** Copies of the samples. */
  readonly pool: readonly Columns[];
  /** Samples of each copy. */
  readonly count: number;
  /** Sets of samples that nothing is trained on, each of at least as many as a step takes. */
  readonly held: readonly HeldOut[];
  readonly start: Float32Array;
  readonly rate: number;
  /** Weight of the cross entropy with the samples' classes, where they are known; without it they are only judged by. */
  readonly crossEntropy: number;
  /** Share of the first held-out set of which the original says the right class; undefined where no classes are known. */
  readonly originalAccuracy?: number;
  /** Either may end it. */
  readonly steps: number;
  readonly seconds: number;
  readonly random: Random;
  readonly threads?: number;
  readonly stop?: AbortSignal;
  readonly signal?: AbortSignal;
  /** Told how it is before training; may throw. */
  readonly onStart?: (point: TrainingPoint) => void;
  /** @param progress share that is done, 0 to 1 */
  readonly onPoint?: (point: TrainingPoint, progress: number) => void;
  readonly onStep?: (step: number, progress: number) => void;
}

export interface LoopResult {
  readonly weights: Float32Array;
  readonly points: readonly TrainingPoint[];
  /** Position of the point whose weights these are. */
  readonly best: number;
  readonly wasStopped: boolean;
  /** It ended before its time, since nothing came of it. */
  readonly endedEarly: boolean;
}

/** Steps between two looks at the held-out samples. */
const STEPS_BETWEEN_LOOKS = 25;

/**
 * So much of all steps must have passed since the best look, and so many times its error must the last looks have, for training to be given up. Errors that fall again may still come lower:
 * a large rate was seen to err fifty times as much at a quarter of its steps, and five times less than at the start after all of them.
 */
const PATIENCE = 0.5;
const LOST = 2;

/**
 * Trains, looks at the held-out samples now and then, and keeps the weights that were best on them; see `bestOf`. Ends early where nothing
 * comes of it.
 */
export async function trainingLoop(options: LoopOptions): Promise<LoopResult> {
  const { batch, targets, pool, count, rate, steps, seconds, random, stop, signal, onPoint, onStep } = options;
  const { threads } = options;
  const trainer = await Trainer.open(options.step, options.error, options.start, {
    ...(threads !== undefined && { threads }),
    signal,
  });
  try {
    const points: TrainingPoint[] = [{ step: 0, training: null, ...(await onHeldOut(trainer, options)) }];
    const [start] = points;
    if (start) {
      options.onStart?.(start);
      onPoint?.(start, 0);
    }
    let weights = options.start;
    let best = 0;
    let bestProgress = 0;
    let [wasStopped, endedEarly] = [false, false];
    const begun = performance.now();
    const order = new Order(pool.length * count, random);
    let sum = 0;
    let since = 0;
    for (let step = 0; ; step += 1) {
      const progress = Math.max(step / steps, (performance.now() - begun) / 1000 / seconds);
      const isLast = progress >= 1 || stop?.aborted === true;
      if (since > 0 && (isLast || since === STEPS_BETWEEN_LOOKS)) {
        const point = { step, training: sum / since, ...(await onHeldOut(trainer, options)) };
        points.push(point);
        if (bestOf(points) === points.length - 1) {
          [best, bestProgress] = [points.length - 1, progress];
          weights = await trainer.weights();
        }
        onPoint?.(point, Math.min(1, progress));
        [sum, since] = [0, 0];
        endedEarly = !isLast && progress - bestProgress >= PATIENCE && isLost(points, best);
        if (endedEarly) break;
      }
      signal?.throwIfAborted();
      if (isLast) {
        wasStopped = progress < 1;
        break;
      }
      const errors = await trainer.train(
        gathered(pool, count, order.take(batch), options.step),
        adamRate(rate, step, progress),
      );
      sum += outputError(errors, targets);
      since += 1;
      onStep?.(step + 1, progress);
    }
    return { weights, points, best, wasStopped, endedEarly };
  } finally {
    trainer.close();
  }
}

/** Whether all of the last looks err twice as much as the best one, or by what is no number, and do not fall. */
function isLost(points: readonly TrainingPoint[], best: number): boolean {
  const least = points[best]?.heldOut ?? Infinity;
  const last = points.slice(-TOGETHER).map(({ heldOut }) => heldOut);
  return last.every((error) => !(error <= LOST * least)) && !((last.at(-1) ?? 0) < (last[0] ?? 0));
}

/** Mean of the outputs' errors. */
function outputError(errors: Float32Array = new Float32Array(), targets: LoopOptions["targets"]): number {
  const outputs = [...errors].filter((_, index) => targets[index]?.isOutput === true);
  return outputs.reduce((sum, error) => sum + error, 0) / Math.max(1, outputs.length);
}

/** The error is that on the last set, the agreement and the cross entropy those on all, which count alike, the accuracy that on the first. */
async function onHeldOut(trainer: Trainer, options: LoopOptions): Promise<HeldOutPoint> {
  const { originalAccuracy: original, crossEntropy } = options;
  const each: SetPoint[] = [];
  for (const held of options.held) each.push(await onSet(trainer, held, options));
  const agreements = each.flatMap(({ agreement }) => agreement ?? []);
  const agreement = agreements.reduce((sum, one) => sum + one, 0) / agreements.length;
  const [first, ...others] = each;
  return {
    heldOut: each.at(-1)?.heldOut ?? Infinity,
    ...(first && others.length > 0 && { asGiven: first.heldOut }),
    agreement: agreements.length === 0 ? null : agreement,
    ...(first && original !== undefined && { accuracy: { now: first.accuracy, original } }),
    ...(crossEntropy > 0 && {
      loss: each.reduce((sum, set) => sum + set.heldOut + crossEntropy * set.crossEntropy, 0) / each.length,
    }),
  };
}

/** What is known of one set; an accuracy and a cross entropy of 0 where no classes are known. */
interface SetPoint extends Pick<HeldOutPoint, "heldOut" | "agreement"> {
  readonly accuracy: number;
  readonly crossEntropy: number;
}

/** Every sample is looked at: where they are no whole number of batches, some are in two of them. */
async function onSet(
  trainer: Trainer,
  { columns, count }: HeldOut,
  { error, batch, targets }: LoopOptions,
): Promise<SetPoint> {
  const sums = { error: 0, agreeing: 0, right: 0, crossEntropy: 0 };
  const runs = Math.ceil(count / batch);
  for (let run = 0; run < runs; run += 1) {
    const start = Math.min(run * batch, count - batch);
    const rows = Array.from({ length: batch }, (_, row) => start + row);
    const measured = await trainer.measure(gathered([columns], count, rows, error));
    sums.error += outputError(measured.get(NAMES.errors), targets);
    sums.agreeing += totalOf(measured.get(NAMES.agreeing));
    sums.right += totalOf(measured.get(NAMES.right));
    sums.crossEntropy += totalOf(measured.get(NAMES.crossEntropy));
  }
  const answers = runs * batch * error.classifying;
  return {
    heldOut: sums.error / runs,
    agreement: answers === 0 ? null : sums.agreeing / answers,
    accuracy: sums.right / (runs * batch),
    crossEntropy: sums.crossEntropy / runs,
  };
}

function totalOf(elements: Float32Array = new Float32Array()): number {
  return elements.reduce((all, each) => all + each, 0);
}

/** Rows of all copies, numbered through, as a batch. @param graph whose inputs alone are wanted */
function gathered(
  pool: readonly Columns[],
  count: number,
  rows: readonly number[],
  { inputs }: Pick<BuiltGraph, "inputs">,
): Batch {
  const names = [...(pool[0]?.keys() ?? [])].filter((name) => inputs.has(name));
  return new Map(
    names.map((name) => {
      const each = (pool[0]?.get(name)?.length ?? 0) / count;
      const data = new Float32Array(rows.length * each);
      for (const [place, row] of rows.entries()) {
        const column = pool[Math.floor(row / count)]?.get(name);
        const at = (row % count) * each;
        if (column) data.set(column.subarray(at, at + each), place * each);
      }
      return [name, data];
    }),
  );
}

/** All rows in random order, and again in another when they are used up. */
class Order {
  #left: number[] = [];

  constructor(
    private readonly size: number,
    private readonly random: Random,
  ) {}

  take(count: number): readonly number[] {
    return Array.from({ length: count }, () => {
      if (this.#left.length === 0) this.#left = this.#shuffled();
      return this.#left.pop() ?? 0;
    });
  }

  #shuffled(): number[] {
    const rows = Array.from({ length: this.size }, (_, row) => row);
    for (let last = rows.length - 1; last > 0; last -= 1) {
      const other = Math.floor(this.random.uniform() * (last + 1));
      [rows[last], rows[other]] = [rows[other] ?? 0, rows[last] ?? 0];
    }
    return rows;
  }
}
