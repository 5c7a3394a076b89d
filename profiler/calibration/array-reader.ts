import type { ByteSource } from "../bytes/byte-source.ts";
import { FileSource } from "../bytes/file-source.ts";
import { CalibrationError } from "../errors.ts";
import { bytesOf } from "../model/data-type.ts";
import { decodeRaw } from "../model/raw-elements.ts";
import { elementsOf, isStatic, type PortShape } from "../model/shape.ts";
import { describeShape } from "../tensors/check-inputs.ts";
import type { SampledInput } from "./input-layout.ts";
import type { InputReader } from "./input-reader.ts";
import { readNpyHeader, type StoredArray } from "./npy.ts";
import { openNpzEntry } from "./npz.ts";
import { axisOfScaling, scaleSamples } from "./scaling.ts";
import type { ArraySpec } from "./spec.ts";

/**
 * Opens samples that stand in one array file.
 * @throws {CalibrationError} when it does not hold samples of the input's shape
 * @throws {FileAccessError} when it cannot be read
 */
export async function openArray(spec: ArraySpec, input: SampledInput): Promise<InputReader> {
  const file = await FileSource.open(spec.path);
  try {
    const source = /\.npz$/i.test(spec.path) ? await openNpzEntry(file, spec.entry, input.name) : file;
    const stored = isRaw(spec.path) ? rawArray(source, spec, input) : await readNpyHeader(source);
    const { count, shape } = fitSamples(source.name, stored, input);
    checkLength(source, stored);
    const channelAxis = axisOfScaling(spec.path, spec, shape);
    return {
      count,
      shape,
      description: spec.path,
      async read(start, samples) {
        const perSample = elementsOf(shape) ?? 0;
        const position = stored.offset + (bytesOf(stored.dataType, start * perSample) ?? 0);
        const bytes = await source.read(position, bytesOf(stored.dataType, samples * perSample) ?? 0);
        const elements = decodeRaw(stored.dataType, bytes, samples * perSample) ?? [];
        return scaleSamples(elements, spec, { dataType: input.dataType, shape, channelAxis });
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function isRaw(path: string): boolean {
  return !/\.np[yz]$/i.test(path);
}

function rawArray(source: ByteSource, spec: ArraySpec, input: SampledInput): StoredArray {
  const dataType = spec.dataType ?? input.dataType;
  const shape = spec.shape ?? input.shape;
  if (!isStatic(shape))
    throw new CalibrationError(
      `${source.name}: expected the shape of one sample: input "${input.name}" has a dynamic one (${describeShape(input.dataType, input.shape)})`,
    );
  const bytes = bytesOf(dataType, elementsOf(shape) ?? 0) ?? 0;
  if (bytes === 0 || source.size % bytes !== 0)
    throw new CalibrationError(
      `${source.name}: expected a multiple of ${bytes} bytes (${describeShape(dataType, shape)}), not ${source.size}`,
    );
  return { dataType, shape: [source.size / bytes, ...shape], offset: 0 };
}

function checkLength(source: ByteSource, { dataType, shape, offset }: StoredArray): void {
  const needed = offset + (bytesOf(dataType, elementsOf(shape) ?? 0) ?? 0);
  if (needed > source.size)
    throw new CalibrationError(
      `${source.name}: expected ${needed} bytes for ${describeShape(dataType, shape)}, not ${source.size}`,
    );
}

/** How many samples an array holds: rows of its first axis, or the one that it is. Axes of size 1 may be left out or added. */
function fitSamples(
  file: string,
  { dataType, shape }: StoredArray,
  input: SampledInput,
): { readonly count: number; readonly shape: readonly number[] } {
  const [count = 1, ...sample] = shape;
  if (shape.length > 0 && fits(sample, input.shape)) return { count, shape: sample };
  if (fits(shape, input.shape)) return { count: 1, shape };
  if (isStatic(input.shape)) {
    const withoutOnes = (sizes: PortShape): string => sizes.filter((size) => size !== 1).join("×");
    if (shape.length > 0 && withoutOnes(sample) === withoutOnes(input.shape)) return { count, shape: input.shape };
    if (withoutOnes(shape) === withoutOnes(input.shape)) return { count: 1, shape: input.shape };
  }
  throw new CalibrationError(
    `${file}: expected ${describeShape(input.dataType, ["N", ...input.shape])} for input "${input.name}", not ${describeShape(dataType, shape)}`,
  );
}

function fits(found: readonly number[], expected: PortShape): boolean {
  return (
    found.length === expected.length && expected.every((size, axis) => typeof size === "string" || size === found[axis])
  );
}
