import { formatOf } from "../formats/formats.ts";
import { bitsOf, isInteger, type DataType } from "../model/data-type.ts";
import type { Model, Quantization, TensorId } from "../model/model.ts";
import type { NeutralGraph } from "../neutral/neutral-graph.ts";
import type { Tape, Value } from "./tape.ts";
import { TrainingError } from "./training-error.ts";

/** The numbers that an activation in integers can be: scale · level, of levels with their zero point taken away. */
export interface ActivationGrid {
  readonly scale: number;
  readonly least: number;
  readonly most: number;
}

/** Wider integers are positions, not rounded numbers. */
const MOST_BITS = 16;

/** Activations that the model rounds, by their tensors. */
export function activationGrids(model: Model, { tensors }: NeutralGraph): ReadonlyMap<TensorId, ActivationGrid> {
  const stored = model.entries[0].graph.tensors;
  const told = formatOf(model).quantizedActivations(model);
  return new Map(
    tensors.flatMap(({ id, dataType, constant }): readonly [TensorId, ActivationGrid][] => {
      const scheme = told.get(id) ?? stored[id]?.quantization;
      const grid = constant === undefined && scheme !== undefined ? gridOf(dataType, scheme) : undefined;
      return grid ? [[id, grid]] : [];
    }),
  );
}

function gridOf(dataType: DataType | undefined, { scales, zeroPoints }: Quantization): ActivationGrid | undefined {
  const [scale] = scales;
  if (!isRounded(dataType) || scale === undefined || scales.length > 1) return undefined;
  const bits = (dataType && bitsOf(dataType)) ?? MOST_BITS;
  const first = dataType?.startsWith("u") === true ? 0 : -(2 ** (bits - 1));
  const zero = zeroPoints[0] ?? 0;
  return { scale, least: first - zero, most: first + 2 ** bits - 1 - zero };
}

/**
 * An activation as integers leave it. The gradient goes through the rounding as if it were not there, where a level is near
 * (straight-through estimator: Bengio et al., 2013).
 */
export function throughGrid(tape: Tape, x: Value, { scale, least, most }: ActivationGrid): Value {
  const { graph } = tape;
  const level = graph.node("Round", [graph.node("Mul", [x, graph.scalar(1 / scale)], x.shape)], x.shape);
  const kept = graph.node("Clip", [level, graph.scalar(least), graph.scalar(most)], x.shape);
  const rounded = graph.node("Mul", [kept, graph.scalar(scale)], x.shape);
  return tape.record(rounded, [x], (gradient) => {
    const isAbove = graph.node("Greater", [x, graph.scalar((least - 0.5) * scale)], x.shape);
    const isBelow = graph.node("Less", [x, graph.scalar((most + 0.5) * scale)], x.shape);
    const isInside = graph.node("And", [isAbove, isBelow], x.shape);
    return [graph.node("Where", [isInside, gradient, graph.scalar(0)], x.shape)];
  });
}

interface ModelAndGraph {
  readonly model: Model;
  readonly graph: NeutralGraph;
}

/**
 * Refuses models that take or give integers, originals that answer in them, and weighted layers in integers of which nothing tells what they stand for.
 * @throws {TrainingError} naming a tensor of integers
 */
export function requireFloatInputsOutputs(
  student: ModelAndGraph,
  teacher: ModelAndGraph,
  grids: ReadonlyMap<TensorId, ActivationGrid>,
): void {
  const isInteger = ({ graph }: ModelAndGraph, id: TensorId): boolean => isRounded(graph.tensor(id).dataType);
  const inputsAndOutputs = student.graph.tensors.filter(
    ({ isInput, isOutput, constant }) => (isInput && !constant) || isOutput,
  );
  const weighted = student.graph.layers.filter(({ form: { kind } }) => kind === "conv" || kind === "dense");
  const made = weighted.flatMap(({ outputs }) => outputs).filter((id) => !grids.has(id));
  refuse(
    student,
    [...inputsAndOutputs.map(({ id }) => id), ...made].find((id) => isInteger(student, id)),
  );
  const answers = teacher.graph.tensors.filter(({ isOutput }) => isOutput).map(({ id }) => id);
  refuse(
    teacher,
    answers.find((id) => isInteger(teacher, id)),
  );
}

function isRounded(dataType: DataType | undefined): boolean {
  return dataType !== undefined && isInteger(dataType) && (bitsOf(dataType) ?? Infinity) <= MOST_BITS;
}

function refuse({ model, graph }: ModelAndGraph, id: TensorId | undefined): void {
  if (id === undefined) return;
  throw new TrainingError(
    `${model.file}: "${graph.tensors[id]?.name ?? id}" is of integers, and recovery trains models that take and give floats`,
    {
      hint: "Recover the model before it is quantized, then quantize it: `quantize-model` after `recover` in the list of edits.",
    },
  );
}
