import { ownEntry } from "../../own-entry.ts";
import { RunError } from "../../errors.ts";
import type { Tensor } from "../../model/model.ts";
import { TFLITE_TYPES } from "../../runtime/native/tflite-types.ts";
import { newArray, type NamedTensors, type NumericTensor } from "../../tensors/numeric-tensor.ts";
import { compareOutputs, type OutputSteps } from "../compare-outputs.ts";
import type { PreparedRun } from "../prepared-run.ts";
import type { OutputCheck } from "../run-result.ts";
import type { RunnerOutput } from "../runner/runner-answer.ts";
import { fromStoredBytes, stepOf, storedByteLength, toStoredBytes } from "../stored-elements.ts";

/** How the model is called in the folder of a run. */
export const MODEL_FILE = "model.tflite";

/** An input as the runner reads it: the elements that the file's own type has. */
export interface InputFile {
  readonly file: string;
  /** "1x224x224x3:input_0.bin" */
  readonly flag: string;
  readonly bytes: Uint8Array;
}

/** @throws {RunError} for inputs that are no numbers */
export function inputFiles({ model, inputNames, inputs }: PreparedRun): readonly InputFile[] {
  const stored = tensorsOf(model, "inputs");
  return inputNames.map((name, index) => {
    const [tensor, input] = [ownEntry(inputs, name), stored[index]];
    if (tensor === undefined || input === undefined) throw new RunError(`input "${name}" is missing`);
    const file = `input_${index}.bin`;
    return { file, flag: `${tensor.shape.join("x")}:${file}`, bytes: toStoredBytes(input, tensor) };
  });
}

/**
 * The runner's outputs against those that were expected.
 * @param read the bytes that it wrote of an output
 */
export async function checkOutputs(
  { model, outputNames, outputs: expected, skipped }: PreparedRun,
  found: readonly RunnerOutput[],
  read: (file: string, bytes: number) => Promise<Uint8Array>,
): Promise<OutputCheck> {
  const stored = tensorsOf(model, "outputs");
  const given: Record<string, NumericTensor> = {};
  const steps: Record<string, number> = {};
  for (const [index, name] of outputNames.entries()) {
    const [like, tensor, output] = [ownEntry(expected, name), stored[index], found[index]];
    const dataType = TFLITE_TYPES[output?.type ?? 0];
    if (like === undefined || tensor === undefined || output === undefined || dataType === undefined) continue;
    const isAlike = dataType === tensor.declared?.dataType && output.shape.join() === like.shape.join();
    // One of another size is told by its shape: its elements are not looked at.
    given[name] = isAlike
      ? fromStoredBytes(tensor, like, await read(`output_${index}.bin`, storedByteLength(tensor, like)))
      : { dataType, shape: output.shape, data: newArray(dataType, 0) };
    steps[name] = stepOf(tensor);
  }
  return compareOutputs(expected, given satisfies NamedTensors, skipped, steps satisfies OutputSteps);
}

function tensorsOf({ entries }: PreparedRun["model"], which: "inputs" | "outputs"): readonly Tensor[] {
  const { graph } = entries[0];
  return graph[which].flatMap((id) => graph.tensors[id] ?? []);
}
