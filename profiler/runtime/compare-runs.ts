import { ownEntry } from "../own-entry.ts";
import { PortSizes } from "../calibration/port-sizes.ts";
import { CalibrationError, RunError } from "../errors.ts";
import { batchesOf, type BatchOptions } from "./batches.ts";
import { openSamples, type SampleBatch } from "../calibration/sample-set.ts";
import { isRandom, type CalibrationSpec } from "../calibration/spec.ts";
import { isStretchable } from "../calibration/stretched-reader.ts";
import { describeShape } from "../tensors/check-inputs.ts";
import { DifferenceSum, LEAST_CLASSES_OF_RANDOM, type Difference } from "./difference.ts";
import type { Model } from "../model/model.ts";
import type { NamedTensors } from "../tensors/numeric-tensor.ts";
import { openSession } from "./open-session.ts";
import type { OpenSession } from "./session-pool.ts";
import { nameOf, type OpenModel, type Session } from "./session.ts";
import { takesBatches } from "../calibration/input-layout.ts";
import { withRange, type Port } from "../tensors/port.ts";

/** A tensor by its name in each model. */
export interface TensorPair {
  readonly a: string;
  readonly b: string;
}

/** Two models on the same samples, a being what b is measured against. Plain data. */
export interface RunComparison {
  readonly a: string;
  readonly b: string;
  readonly samples: { readonly count: number; readonly description: string; readonly hasLabels: boolean };
  readonly outputs: readonly ComparedTensor[];
  /** Inner tensors that were asked for. */
  readonly tensors: readonly ComparedTensor[];
  /** Outputs of one model that the other has no partner for, or that are skipped. */
  readonly unmatched: readonly string[];
  /** Those that are no tensors of numbers, or others at each run, and why. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  /** Why the answers may be others on another machine. */
  readonly doubts: readonly string[];
}

export interface ComparedTensor {
  readonly names: TensorPair;
  /** undefined where the shapes differ. */
  readonly difference?: Difference;
  /** Why there is none. */
  readonly reason?: string;
}

export interface CompareOptions extends BatchOptions {
  readonly calibration?: CalibrationSpec;
  /** Inner tensors to compare: by one name for both models, or a pair. */
  readonly tensors?: readonly (string | TensorPair)[];
  readonly threads?: number;
  /** Where the sessions come from. */
  readonly open?: OpenSession;
}

/**
 * Runs two models on the same samples and measures how far b is from a. Outputs are matched by name, else by order. Nothing of a batch is
 * kept but sums.
 *
 * @param a opened already where it is run more than once, as b may be: then it stays open, and gives the inner tensors it was opened with
 * @throws {RunError} when a model does not run, or b's inputs are not a's
 * @throws {CalibrationError} when the samples do not fit
 * @throws the signal's reason when it aborts
 */
export async function compareRuns(
  a: Model | OpenModel,
  b: Model | OpenModel,
  options: CompareOptions = {},
): Promise<RunComparison> {
  const inner = (options.tensors ?? []).map((pair) => (typeof pair === "string" ? { a: pair, b: pair } : pair));
  const { signal } = options;
  const settings = { ...(options.threads !== undefined && { threads: options.threads }), ...(signal && { signal }) };
  const closers: (() => Promise<void>)[] = [];
  const closing = <T extends { close(): Promise<void> }>(opened: T): T => {
    closers.unshift(() => opened.close());
    return opened;
  };
  try {
    signal?.throwIfAborted();
    const { open = openSession } = options;
    const opened = async (model: Model | OpenModel, tensors: readonly string[]): Promise<Session> =>
      "session" in model ? model.session : closing(await open(model, { ...settings, tensors }));
    const first = await opened(
      a,
      inner.map((pair) => pair.a),
    );
    const second = await opened(
      b,
      inner.map((pair) => pair.b),
    );
    const spec = options.calibration ?? {};
    const samples = closing(await openSamples(spec, sampledInputs(first, second)));
    const feed = await feeder(nameOf(b), spec, first, second, closing);
    const { pairs, unmatched, skipped } = matchOutputs(first, second);
    const reasonOf = ({ a: inA, b: inB }: TensorPair): string | undefined =>
      first.skipped.find(({ name }) => name === inA)?.reason ?? second.skipped.find(({ name }) => name === inB)?.reason;
    const compared = [...pairs, ...inner].map((names) => new PairSum(names, reasonOf(names)));
    const oneByOne = takesBatches(second) ? {} : { batchSize: 1 };
    for await (const batch of batchesOf(samples, { ...options, ...oneByOne })) {
      const [fromA, fromB] = await Promise.all([
        first.run(batch.inputs, signal),
        feed(batch).then((given) => second.run(given, signal)),
      ]);
      signal?.throwIfAborted();
      for (const pair of compared) pair.add(fromA, fromB, batch.count, batch.labels);
    }
    const leastClasses = isRandom(spec) ? LEAST_CLASSES_OF_RANDOM : undefined;
    return {
      a: nameOf(a),
      b: nameOf(b),
      samples: { count: samples.count, description: samples.description, hasLabels: samples.hasLabels },
      outputs: compared.slice(0, pairs.length).map((pair) => pair.result(leastClasses)),
      tensors: compared.slice(pairs.length).map((pair) => pair.result(leastClasses)),
      unmatched,
      skipped,
      doubts: [...new Set([first, second].flatMap(({ doubt }) => doubt ?? []))],
    };
  } finally {
    for (const close of closers) await close();
  }
}

type Feed = (batch: SampleBatch & { readonly start: number; readonly count: number }) => Promise<NamedTensors>;

/**
 * What b is given for a batch of a's: the same tensors under its own names. Where it takes maps of another size (an edit of the
 * resolution), the samples are stretched to it.
 */
async function feeder(
  file: string,
  spec: CalibrationSpec,
  a: Session,
  b: Session,
  closing: <T extends { close(): Promise<void> }>(opened: T) => T,
): Promise<Feed> {
  const pairs = matchPorts(a.inputs, b.inputs);
  if (pairs.length !== a.inputs.length || pairs.length !== b.inputs.length)
    throw new RunError(`${file}: expected ${a.inputs.length} inputs as the other model has, not ${b.inputs.length}`);
  const unlike = pairs.filter((pair) => !isAlike(...bound(pair, [a, b], spec.dimensions ?? {})));
  if (unlike.length === 0) return ({ inputs }) => Promise.resolve(renamed(inputs, pairs));
  const misfit = unlike.find(([left, right]) => !isStretched(left, right));
  if (misfit === undefined) {
    const own = closing(await openSamples({ madeFor: sampledInputs(a, b), ...spec }, b.inputs));
    return async ({ start, count }) => (await own.batch(start, count)).inputs;
  }
  const [left, right] = misfit;
  throw new CalibrationError(
    `${file}: input "${right.name}" takes ${describeShape(right.dataType, right.shape)}, but "${left.name}" of the other model ${describeShape(left.dataType, left.shape)}: the same samples do not fit both`,
    { hint: "Only maps can be stretched to each model's size." },
  );
}

/** The ports at the sizes that samples have, where those are known. */
function bound(
  [left, right]: PortPair,
  [a, b]: readonly [Session, Session],
  dimensions: Readonly<Record<string, number>>,
): PortPair {
  const at = (port: Port, { inputs }: Session): Port => {
    const [batch, ...rest] = new PortSizes(inputs).at(port.shape, dimensions);
    const [own = batch] = port.shape;
    return own === undefined ? port : { ...port, shape: [own, ...rest] };
  };
  return [at(left, a), at(right, b)];
}

/** Whether both take maps that differ in their sides alone, behind the batch's axis. */
function isStretched(left: Port, right: Port): boolean {
  const [[batch = "", ...from], [otherBatch = "", ...to]] = [left.shape, right.shape];
  const isOneBatch = batch === otherBatch || typeof batch === "string" || typeof otherBatch === "string";
  return left.dataType === right.dataType && left.name === right.name && isOneBatch && isStretchable(from, to);
}

/**
 * What one model does not tell of its inputs the other may: a quantized one knows what its float original takes, and one for so many
 * samples at once how many there are.
 */
function sampledInputs(a: Session, b: Session): readonly Port[] {
  const partners = new Map(matchPorts(a.inputs, b.inputs));
  return a.inputs.map((port) => {
    const other = partners.get(port);
    const [batch, ...rest] = port.shape;
    const [fixed] = other?.shape ?? [];
    const shape = typeof batch === "string" && typeof fixed === "number" && fixed > 1 ? [fixed, ...rest] : port.shape;
    return withRange({ ...port, shape }, port.range ?? other?.range);
  });
}

function renamed(inputs: NamedTensors, pairs: readonly PortPair[]): NamedTensors {
  return Object.fromEntries(
    pairs.flatMap(([left, right]) => {
      const tensor = ownEntry(inputs, left.name);
      return tensor === undefined ? [] : [[right.name, tensor]];
    }),
  );
}

function isAlike(left: Port, right: Port): boolean {
  return (
    left.dataType === right.dataType &&
    left.shape.length === right.shape.length &&
    left.shape.every((size, axis) => {
      const other = right.shape[axis];
      return typeof size === "string" || typeof other === "string" || size === other;
    })
  );
}

type PortPair = readonly [Port, Port];

/** Those of one name first; what is left in order. */
function matchPorts(left: readonly Port[], right: readonly Port[]): readonly PortPair[] {
  const unnamed = right.filter(({ name }) => !left.some((port) => port.name === name));
  return left.flatMap((port): readonly PortPair[] => {
    const partner = right.find(({ name }) => name === port.name) ?? unnamed.shift();
    return partner === undefined ? [] : [[port, partner]];
  });
}

function matchOutputs(
  a: Session,
  b: Session,
): { readonly pairs: readonly TensorPair[] } & Pick<RunComparison, "unmatched" | "skipped"> {
  const pairs = matchPorts(a.outputs, b.outputs).map(([left, right]) => ({ a: left.name, b: right.name }));
  const left = a.outputs.filter(({ name }) => !pairs.some((pair) => pair.a === name));
  const right = b.outputs.filter(({ name }) => !pairs.some((pair) => pair.b === name));
  const captured = [...a.captured, ...b.captured];
  const skipped = [...a.skipped, ...b.skipped].filter(({ name }) => !captured.some((port) => port.name === name));
  return {
    pairs,
    unmatched: [...new Set([...left, ...right, ...skipped].map(({ name }) => name))],
    skipped: skipped.filter(({ name }, index) => skipped.findIndex((other) => other.name === name) === index),
  };
}

/** The sums of one pair of tensors, until their shapes turn out to differ. */
class PairSum {
  readonly #sum = new DifferenceSum();
  #reason: string | undefined;

  /** @param reason why there is nothing to compare */
  constructor(
    private readonly names: TensorPair,
    reason: string | undefined,
  ) {
    this.#reason = reason;
  }

  add(fromA: NamedTensors, fromB: NamedTensors, samples: number, labels: readonly number[] | undefined): void {
    if (this.#reason !== undefined) return;
    const a = ownEntry(fromA, this.names.a);
    const b = ownEntry(fromB, this.names.b);
    if (a === undefined || b === undefined) this.#reason = "a model did not give it";
    else if (withoutOnes(a.shape) !== withoutOnes(b.shape))
      this.#reason = `its shape is ${a.shape.join("×")} in one model and ${b.shape.join("×")} in the other`;
    else this.#sum.add(a, b, samples, labels);
  }

  result(leastClasses?: number): ComparedTensor {
    const { names } = this;
    return this.#reason === undefined
      ? { names, difference: this.#sum.result(leastClasses) }
      : { names, reason: this.#reason };
  }
}

function withoutOnes(shape: readonly number[]): string {
  return shape.filter((size) => size !== 1).join("×");
}
