import type { Form } from "../neutral/forms.ts";
import { transpose } from "./rules/layout.ts";
import type { Tape, Value } from "./tape.ts";

/** A map of batch, spatial …, channels as one of batch, channels, spatial …. */
export function toChannelsFirst(tape: Tape, value: Value): Value {
  return transpose(tape, value, channelsFirstAxes(value.shape.length));
}

export function toChannelsLast(tape: Tape, value: Value): Value {
  const rank = value.shape.length;
  return transpose(tape, value, [0, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 2), 1]);
}

/** Axis `i` of a map channels first is this axis of it channels last. */
function channelsFirstAxes(rank: number): readonly number[] {
  return [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 1)];
}

/**
 * Layers whose axes cannot be renamed for maps that are held channels first: they mix axes, work on the last one, or leave maps whose
 * channels are gone.
 */
export function worksOnLogicalAxes(form: Form, inputs: readonly Value[]): boolean {
  const rank = inputs[0]?.shape.length ?? 0;
  switch (form.kind) {
    case "reshape":
    case "transpose":
    case "dense":
    case "product":
    case "select":
    case "expand":
      return true;
    case "reduce":
    case "reduce-mean":
      return !form.keepsAxes && (form.axes.includes(rank - 1) || form.axes.includes(0));
    case "elementwise":
      return inputs.some(({ shape }) => shape.length !== rank) || (form.constant?.shape.length ?? 0) > rank;
    default:
      return false;
  }
}

/** A form of the model's axes as one of maps that are held channels first. @param rank of its input */
export function channelsFirstForm(form: Form, rank: number): Form {
  if (rank < 3) return form;
  const axes = channelsFirstAxes(rank);
  const moved = (axis: number): number => axes.indexOf(axis);
  switch (form.kind) {
    case "concat":
    case "split":
    case "slice":
      return { ...form, axis: moved(form.axis) };
    case "softmax":
    case "reduce":
    case "reduce-mean":
      return { ...form, axes: form.axes.map(moved).toSorted((a, b) => a - b) };
    case "pad":
      return {
        ...form,
        begin: axes.map((axis) => form.begin[axis] ?? 0),
        end: axes.map((axis) => form.end[axis] ?? 0),
      };
    default:
      return form;
  }
}
