import { formatOf } from "../formats/formats.ts";
import { bitsOf, isInteger } from "../model/data-type.ts";
import type { Model, TensorId } from "../model/model.ts";
import type { NeutralGraph } from "../neutral/neutral-graph.ts";
import { TrainingError } from "./training-error.ts";

/** Wider integers are positions, not rounded numbers. */
const MOST_BITS = 16;

/**
 * Refuses models that compute in integers, and originals that answer in them. Gradients would have to come through the rounding of every activation, whose
 * ranges were made for the weights before; and distances of integers count the zero point as signal.
 * @throws {TrainingError} naming a tensor that is rounded
 */
export function requireFloatActivations(
  student: { readonly model: Model; readonly graph: NeutralGraph },
  teacher: { readonly model: Model; readonly graph: NeutralGraph },
): void {
  const weighted = student.graph.layers.filter(({ form: { kind } }) => kind === "conv" || kind === "dense");
  const [rounded] = formatOf(student.model).quantizedActivations(student.model).keys();
  refuse(student, rounded ?? weighted.flatMap(({ outputs }) => outputs).find((id) => isRounded(student.graph, id)));
  const answers = teacher.graph.tensors.filter(({ isOutput }) => isOutput).map(({ id }) => id);
  refuse(
    teacher,
    answers.find((id) => isRounded(teacher.graph, id)),
  );
}

function isRounded(graph: NeutralGraph, id: TensorId): boolean {
  const { dataType } = graph.tensor(id);
  return dataType !== undefined && isInteger(dataType) && (bitsOf(dataType) ?? Infinity) <= MOST_BITS;
}

function refuse(
  { model, graph }: { readonly model: Model; readonly graph: NeutralGraph },
  id: TensorId | undefined,
): void {
  if (id === undefined) return;
  throw new TrainingError(
    `${model.file}: it computes in integers, as in "${graph.tensors[id]?.name ?? id}", and recovery trains models that compute in floats`,
    {
      hint: "Recover the model before it is quantized, then quantize it: `quantize-model` after `recover` in the list of edits.",
    },
  );
}
