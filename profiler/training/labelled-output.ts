import { CalibrationError } from "../errors.ts";
import type { TensorId } from "../model/model.ts";
import type { NeutralGraph } from "../neutral/neutral-graph.ts";
import { isPerClass } from "../runtime/difference.ts";
import { sizeOf } from "./onnx-graph.ts";
import { NAMES } from "./step-graph.ts";
import type { Columns, TrainingSample } from "./sample-pool.ts";
import type { TargetPair } from "./targets.ts";

/** The output that the samples' classes are of, by the tensor that training compares. */
export interface LabelledOutput {
  readonly id: TensorId;
  readonly classes: number;
}

/**
 * The first output that gives a number a class, where the samples' classes are known.
 * @throws {CalibrationError} when a sample is of a class that it does not have
 */
export function labelledOutput(
  student: NeutralGraph,
  pairs: readonly TargetPair[],
  samples: readonly TrainingSample[],
): LabelledOutput | undefined {
  if (!samples.some(({ classes }) => classes)) return undefined;
  for (const { student: id, isOutput } of pairs) {
    const shape = (student.tensor(id).shape ?? []).slice(1).flatMap((size) => (typeof size === "number" ? size : []));
    if (!isOutput || shape.length + 1 !== student.tensor(id).shape?.length || !isPerClass([1, ...shape], 1)) continue;
    const classes = sizeOf(shape);
    const largest = Math.max(...samples.flatMap((sample) => (sample.classes ?? []).map(({ label }) => label)));
    if (largest < classes) return { id, classes };
    throw new CalibrationError(
      `a sample is labelled as class ${largest}, and output "${student.tensor(id).name}" has ${classes} classes, from 0`,
    );
  }
  return undefined;
}

/** The columns of samples, and beside them how much of each is of each class. */
export function withClasses(
  columns: Columns,
  samples: readonly TrainingSample[],
  output: LabelledOutput | undefined,
): Columns {
  if (output === undefined) return columns;
  const shares = new Float32Array(samples.length * output.classes);
  for (const [row, { classes = [] }] of samples.entries())
    for (const { label, share } of classes) {
      const at = row * output.classes + label;
      shares[at] = (shares[at] ?? 0) + share;
    }
  return new Map([...columns, [NAMES.classes, shares]]);
}

/** Share of the samples of which the original says the right class. */
export function originalAccuracy(columns: Columns, { id, classes }: LabelledOutput): number {
  const [said, right] = [columns.get(NAMES.target(id)), columns.get(NAMES.classes)];
  if (said === undefined || right === undefined) return 0;
  const rows = right.length / classes;
  const largest = (elements: Float32Array, row: number): number => {
    const own = elements.subarray(row * classes, (row + 1) * classes);
    return own.indexOf(own.reduce((most, value) => Math.max(most, value), -Infinity));
  };
  let count = 0;
  for (let row = 0; row < rows; row += 1) if (largest(said, row) === largest(right, row)) count += 1;
  return count / rows;
}
