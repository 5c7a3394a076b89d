import { ownEntry } from "../own-entry.ts";
import { DifferenceSum } from "../runtime/difference.ts";
import type { NamedTensors, NumericTensor } from "../tensors/numeric-tensor.ts";
import type { ComparedOutput, OutputCheck } from "./run-result.ts";

/**
 * Relative to the output's range: other processors sum in another order and have other instructions for the same product, and a deep
 * network carries that on. A wrong kernel is off by orders of magnitude more.
 */
const OUTPUT_TOLERANCE = 1e-3;

/** Of each quantized output, the distance between neighbouring numbers; 0 for others. */
export type OutputSteps = Readonly<Record<string, number>>;

/** What rounds otherwise somewhere may be off by a step, and by another one where that is rounded again. */
const STEPS_ALLOWED = 2.001;

/**
 * The outputs of a device against those of this machine for the same inputs.
 * @param skipped outputs that are no tensors of numbers, and why
 * @param steps of quantized outputs, where the device ran other kernels: two of them are rounding, whatever part of the range they are
 */
export function compareOutputs(
  expected: NamedTensors,
  found: NamedTensors,
  skipped: readonly { readonly name: string; readonly reason: string }[],
  steps: OutputSteps = {},
): OutputCheck {
  const compared = Object.entries(expected).map(([name, tensor]) =>
    compareOutput(name, tensor, ownEntry(found, name), STEPS_ALLOWED * (ownEntry(steps, name) ?? 0)),
  );
  const left = skipped.map(({ name, reason }) => ({ ...notCompared(name, reason), isEqual: true }));
  return { verdict: verdictOf(compared), tolerance: OUTPUT_TOLERANCE, outputs: [...compared, ...left] };
}

function verdictOf(compared: readonly ComparedOutput[]): OutputCheck["verdict"] {
  if (compared.length === 0) return "not-compared";
  return compared.every(({ isEqual }) => isEqual) ? "equal" : "differs";
}

function compareOutput(
  name: string,
  expected: NumericTensor,
  found: NumericTensor | undefined,
  allowed: number,
): ComparedOutput {
  if (found === undefined) return notCompared(name, "the device did not give it");
  const [wanted, got] = [describe(expected), describe(found)];
  if (wanted !== got) return notCompared(name, `the device gave ${got} instead of ${wanted}`);
  const sum = new DifferenceSum();
  sum.add(expected, found, 1);
  const { maxAbsolute, maxRelative, unlikeNonFinite } = sum.result();
  return {
    name,
    maxAbsolute,
    maxRelative,
    isEqual: (maxRelative ?? Infinity) <= OUTPUT_TOLERANCE || (maxAbsolute ?? Infinity) <= allowed,
    ...(unlikeNonFinite > 0 && { reason: `${unlikeNonFinite} elements are a number here and none there` }),
  };
}

function notCompared(name: string, reason: string): ComparedOutput {
  return { name, maxAbsolute: null, maxRelative: null, isEqual: false, reason };
}

function describe({ dataType, shape }: NumericTensor): string {
  return `${dataType} ${shape.join("×") || "scalar"}`;
}
