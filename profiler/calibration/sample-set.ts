import { ownEntry } from "../own-entry.ts";
import { CalibrationError } from "../errors.ts";
import { newArray, type NamedTensors, type NumericArray, type NumericTensor } from "../tensors/numeric-tensor.ts";
import type { Port } from "../tensors/port.ts";
import { openArray } from "./array-reader.ts";
import type { ClassFolder } from "./class-folders.ts";
import { openImageFolder } from "./image-folder.ts";
import { layoutOf, type SampledInput } from "./input-layout.ts";
import type { InputReader } from "./input-reader.ts";
import { PortSizes } from "./port-sizes.ts";
import { readLabels } from "./labels.ts";
import { randomReader } from "./random-reader.ts";
import { positionsToHold } from "./held-out.ts";
import { RANDOM_SAMPLES, type CalibrationSpec, type InputSpec } from "./spec.ts";
import { stretchedReader } from "./stretched-reader.ts";

export interface SampleBatch {
  readonly inputs: NamedTensors;
  /** Class of each sample. */
  readonly labels?: readonly number[];
}

/** Samples to run a model on, read when they are asked for. */
export interface SampleSet {
  readonly count: number;
  /** Of a picture of the same data that a user would recognise: "digits.npy", "seeded random (seed 0)". */
  readonly description: string;
  readonly hasLabels: boolean;
  /** What the folders of pictures stand for, where they tell the labels. */
  readonly classes: readonly ClassFolder[] | undefined;
  /** Samples that one run can take: 1 where the model's batch is fixed. */
  readonly mostPerRun: number;
  /** Elements of one sample, all inputs together. */
  readonly elementsPerSample: number;
  /** Inputs of `count` samples from `start` on, shaped for one run. */
  batch(start: number, count: number): Promise<SampleBatch>;
  close(): Promise<void>;
}

/**
 * Opens the samples that a specification names, for a model's inputs.
 * @throws {CalibrationError} naming the file and what was expected, when it does not fit the model
 * @throws {FileAccessError} when a file cannot be read
 */
export async function openSamples(spec: CalibrationSpec, ports: readonly Port[]): Promise<SampleSet> {
  const { inputs, mostPerRun } = layoutOf(ports, spec.dimensions ?? {});
  const readers = await openReaders(spec, inputs);
  try {
    const available = commonCount(readers, spec);
    const labels = await labelsOf(spec, readers, available);
    const positions = positionsOf(Math.min(available, spec.count ?? available), spec.part);
    const classes = spec.labels === undefined ? readers.find((reader) => reader.classes)?.classes : undefined;
    return new InputSamples(inputs, readers, mostPerRun, positions, labels, classes);
  } catch (error) {
    await closeAll(readers);
    throw error;
  }
}

class InputSamples implements SampleSet {
  readonly count: number;
  readonly description: string;
  readonly hasLabels: boolean;
  readonly elementsPerSample: number;

  constructor(
    private readonly inputs: readonly SampledInput[],
    private readonly readers: readonly InputReader[],
    readonly mostPerRun: number,
    /** Of the samples in their files. */
    private readonly positions: readonly number[],
    private readonly labels: readonly number[] | undefined,
    readonly classes: readonly ClassFolder[] | undefined,
  ) {
    this.count = positions.length;
    this.description = [...new Set(readers.map(({ description }) => description))].join(", ");
    this.hasLabels = labels !== undefined;
    this.elementsPerSample = readers.reduce((sum, { shape }) => sum + productOf(shape), 0);
  }

  async batch(start: number, count: number): Promise<SampleBatch> {
    if (count > this.mostPerRun || start < 0 || start + count > this.count)
      throw new RangeError(`samples ${start} to ${start + count} of ${this.count}, ${this.mostPerRun} a run`);
    const positions = this.positions.slice(start, start + count);
    const tensors: Record<string, NumericTensor> = {};
    for (const [place, { name, dataType, isStacked }] of this.inputs.entries()) {
      const reader = this.readers[place];
      if (reader === undefined) continue;
      const data = await readAt(reader, positions, dataType);
      tensors[name] = { dataType, shape: isStacked ? [count, ...reader.shape] : reader.shape, data };
    }
    const { labels } = this;
    return labels ? { inputs: tensors, labels: positions.map((at) => labels[at] ?? -1) } : { inputs: tensors };
  }

  close(): Promise<void> {
    return closeAll(this.readers);
  }
}

/** @throws {CalibrationError} when the part has none of the samples */
function positionsOf(count: number, part: CalibrationSpec["part"]): readonly number[] {
  const all = Array.from({ length: count }, (_, position) => position);
  if (part === undefined) return all;
  const positions =
    typeof part === "string"
      ? positionsToHold(count, part)
      : all.filter((position) => position % part.of >= part.from && position % part.of < part.to);
  if (positions.length > 0) return positions;
  throw new CalibrationError(`there are ${count} samples: expected more, to take a part of them`);
}

/** Neighbours are read at once. */
async function readAt(
  reader: InputReader,
  positions: readonly number[],
  dataType: NumericTensor["dataType"],
): Promise<NumericArray> {
  const [first = 0] = positions;
  if (positions.every((position, index) => position === first + index)) return reader.read(first, positions.length);
  const elements = productOf(reader.shape);
  const data = newArray(dataType, positions.length * elements);
  for (let start = 0, end = 0; start < positions.length; start = end) {
    const from = positions[start] ?? 0;
    for (end = start + 1; positions[end] === from + end - start; end += 1);
    data.set(await reader.read(from, end - start), start * elements);
  }
  return data;
}

/** All files have as many samples; synthetic ones are as many as asked for. */
function commonCount(all: readonly InputReader[], spec: CalibrationSpec): number {
  const counted = all.flatMap(({ count, description }) => (count === undefined ? [] : [{ count, description }]));
  const [first] = counted;
  if (first === undefined) return spec.count ?? RANDOM_SAMPLES;
  const other = counted.find(({ count }) => count !== first.count);
  if (other !== undefined)
    throw new CalibrationError(
      `${other.description}: expected ${first.count} samples, as ${first.description} has, not ${other.count}`,
    );
  if (first.count === 0) throw new CalibrationError(`${first.description}: expected at least one sample`);
  return first.count;
}

async function openReaders(spec: CalibrationSpec, inputs: readonly SampledInput[]): Promise<readonly InputReader[]> {
  const given = spec.inputs ?? {};
  checkNames(given, inputs);
  const originals = layoutOf(spec.madeFor ?? [], spec.dimensions ?? {}).inputs;
  const plans = inputs.map((input) => {
    const file = specOf(given, input, inputs.length);
    // Pictures have sizes of their own: each model gets them as large as it takes them.
    const made = file?.kind === "images" ? undefined : originals.find(({ name }) => name === input.name);
    return { input, file, made, original: made ?? input };
  });
  const sizes = new PortSizes(plans.map(({ original }) => original));
  const readers = new Map<SampledInput, InputReader>();
  try {
    let values = spec.dimensions ?? {};
    for (const { input, file, original } of plans) {
      if (file === undefined) continue;
      const reader = await openReader(file, original);
      readers.set(input, reader);
      values = { ...sizes.toldBy(original.shape, reader.shape), ...values };
    }
    // What is synthetic beside them is of the sizes that they are of.
    for (const [place, { input, file, original }] of plans.entries()) {
      if (file !== undefined) continue;
      const shape = sizes.at(original.shape, { ...sizes.defaults, ...values });
      readers.set(input, randomReader({ ...original, shape }, place, spec.seed ?? 0));
    }
    return plans.flatMap(({ input, made }) => {
      const reader = readers.get(input);
      if (reader === undefined) return [];
      return made === undefined ? reader : stretchedReader(reader, input);
    });
  } catch (error) {
    await closeAll([...readers.values()]);
    throw error;
  }
}

function openReader(spec: InputSpec, input: SampledInput): Promise<InputReader> {
  return spec.kind === "images" ? openImageFolder(spec, input) : openArray(spec, input);
}

/** Inputs that no file is for get synthetic numbers: a state, a mask, a setting. */
function checkNames(given: Readonly<Record<string, InputSpec>>, inputs: readonly SampledInput[]): void {
  const names = Object.keys(given);
  if (names.length === 0) return;
  const known = inputs.map(({ name }) => `"${name}"`).join(", ");
  for (const name of names) {
    const path = ownEntry(given, name)?.path ?? "";
    if (name === "" && inputs.length !== 1)
      throw new CalibrationError(`${path}: the model has ${inputs.length} inputs (${known}): say which one it is for`);
    if (name !== "" && !inputs.some((input) => input.name === name))
      throw new CalibrationError(`${path}: no input is called "${name}": the model's are ${known}`);
  }
}

function specOf(
  given: Readonly<Record<string, InputSpec>>,
  { name }: SampledInput,
  inputs: number,
): InputSpec | undefined {
  const key = Object.hasOwn(given, name) ? name : inputs === 1 ? "" : name;
  return Object.hasOwn(given, key) ? ownEntry(given, key) : undefined;
}

/** Those of a file, else those that the samples' own files tell. */
async function labelsOf(
  spec: CalibrationSpec,
  readers: readonly InputReader[],
  count: number,
): Promise<readonly number[] | undefined> {
  if (spec.labels === undefined) return readers.find(({ labels }) => labels !== undefined)?.labels;
  const named = readers.find(({ files }) => files !== undefined);
  return readLabels(spec.labels, count, named?.files);
}

async function closeAll(readers: readonly InputReader[]): Promise<void> {
  await Promise.all(readers.map((reader) => reader.close()));
}

function productOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
