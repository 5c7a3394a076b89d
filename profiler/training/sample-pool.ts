import { ownEntry } from "../own-entry.ts";
import type { Random } from "../numeric/random.ts";
import { resampled } from "../calibration/resample.ts";
import type { SampleSet } from "../calibration/sample-set.ts";
import { nearestElement, newArray, type NamedTensors, type NumericTensor } from "../tensors/numeric-tensor.ts";
import { type Session } from "../runtime/session.ts";
import { takesBatches } from "../calibration/input-layout.ts";
import { RunError } from "../errors.ts";
import type { Augmentation } from "./augmentation.ts";
import { sizeOf } from "./onnx-graph.ts";

/** What a model makes of samples: tensors by name, one sample behind the other. */
export type Columns = ReadonlyMap<string, Float32Array>;

/** Inputs of some samples, one sample behind the other. */
export interface Inputs {
  readonly count: number;
  readonly tensors: NamedTensors;
}

/** A sample in memory. */
export interface TrainingSample {
  readonly inputs: NamedTensors;
  /** Its classes, where they are known, with how much of it is of each: a mixture of two samples is of two. Together 1. */
  readonly classes?: readonly ClassShare[];
}

export interface ClassShare {
  readonly label: number;
  readonly share: number;
}

/** All samples in memory, as the teacher takes them. */
export async function readSamples(
  samples: SampleSet,
  positions: readonly number[],
): Promise<readonly TrainingSample[]> {
  const read: TrainingSample[] = [];
  for (const position of positions) {
    const { inputs, labels: [label] = [] } = await samples.batch(position, 1);
    read.push({ inputs, ...(label !== undefined && { classes: [{ label, share: 1 }] }) });
  }
  return read;
}

/** A copy of samples, each changed: the same draw for all inputs of a sample. */
export function augmentedCopy(
  samples: readonly TrainingSample[],
  { draw }: Augmentation,
  random: Random,
): readonly TrainingSample[] {
  return samples.map((sample) => {
    const partner = samples[Math.floor(random.uniform() * samples.length)] ?? sample;
    const change = draw(random);
    const changed = Object.entries(sample.inputs).map(([name, tensor]): [string, NumericTensor] => {
      const { dataType, shape } = tensor;
      const own = { shape: shape.slice(1), data: tensor.data };
      const other = { shape: own.shape, data: ownEntry(partner.inputs, name)?.data ?? tensor.data };
      const data = change.apply(own, other);
      const isWhole = dataType !== "float32" && dataType !== "float64" && dataType !== "float16";
      if (isWhole) for (const [at, value] of data.entries()) data[at] = nearestElement(dataType, value);
      return [name, { dataType, shape, data: ofType(tensor, data) }];
    });
    const shared = (classes: TrainingSample["classes"], by: number): readonly ClassShare[] =>
      (classes ?? []).map(({ label, share }) => ({ label, share: share * by }));
    const classes = [...shared(sample.classes, change.share), ...shared(partner.classes, 1 - change.share)];
    return { inputs: Object.fromEntries(changed), ...(sample.classes && { classes }) };
  });
}

function ofType({ data }: NumericTensor, elements: Float32Array): NumericTensor["data"] {
  const result = data.slice();
  result.set(elements);
  return result;
}

/**
 * Runs samples through a model, as many at once as it takes, and keeps what tensors hold.
 * @param names outputs, inputs or captured tensors of the session
 * @throws {RunError} when a tensor is not there, or does not have the samples along its first axis
 * @throws the signal's reason when it aborts
 */
export async function runThrough(
  session: Session,
  samples: readonly NamedTensors[],
  names: readonly string[],
  signal?: AbortSignal,
): Promise<Columns> {
  const columns = new Map<string, Float32Array>();
  const most = takesBatches(session) ? MOST_AT_ONCE : 1;
  for (let start = 0; start < samples.length; start += most) {
    signal?.throwIfAborted();
    const batch = fitted(session, samples.slice(start, start + most));
    const results = await session.run(batch.tensors, signal);
    for (const name of names) {
      const tensor = ownEntry(results, name) ?? ownEntry(batch.tensors, name);
      if (tensor === undefined) throw new RunError(`"${name}" is not a tensor of numbers`);
      if (tensor.shape[0] !== batch.count)
        throw new RunError(`"${name}" of ${tensor.shape.join("×")} does not hold ${batch.count} samples`);
      const each = tensor.data.length / batch.count;
      const column = columns.get(name) ?? new Float32Array(samples.length * each);
      column.set(tensor.data, start * each);
      columns.set(name, column);
    }
  }
  return columns;
}

const MOST_AT_ONCE = 32;

/** Samples as one batch of a session's inputs, stretched where it takes maps of another size. */
function fitted(session: Session, samples: readonly NamedTensors[]): Inputs {
  const names = Object.keys(samples[0] ?? {});
  const tensors = session.inputs.map((port, place): [string, NumericTensor] => {
    const name = ownEntry(samples[0] ?? {}, port.name) ? port.name : (names[place] ?? port.name);
    const parts = samples.map((sample) => stretched(ownEntry(sample, name), port.shape, port.name));
    const [first] = parts;
    if (first === undefined) throw new RunError("there are no samples");
    const { dataType, shape } = first;
    return [port.name, { dataType, shape: [samples.length, ...shape.slice(1)], data: joined(dataType, parts) }];
  });
  return { count: samples.length, tensors: Object.fromEntries(tensors) };
}

function joined(dataType: NumericTensor["dataType"], parts: readonly NumericTensor[]): NumericTensor["data"] {
  const all = newArray(
    dataType,
    parts.reduce((sum, { data }) => sum + data.length, 0),
  );
  let offset = 0;
  for (const { data } of parts) {
    all.set(data, offset);
    offset += data.length;
  }
  return all;
}

function stretched(
  tensor: NumericTensor | undefined,
  shape: readonly (number | string)[],
  input: string,
): NumericTensor {
  if (tensor === undefined) throw new RunError(`there are no samples for input "${input}"`);
  let elements: ArrayLike<number> = tensor.data;
  const now = [...tensor.shape];
  for (const [axis, size] of shape.entries()) {
    if (axis === 0 || typeof size !== "number" || size === now[axis]) continue;
    elements = resampled(elements, now, axis, size);
    now[axis] = size;
  }
  if (elements === tensor.data) return tensor;
  return {
    dataType: tensor.dataType,
    shape: now,
    data: Float32Array.from({ length: sizeOf(now) }, (_, at) => elements[at] ?? 0),
  };
}
