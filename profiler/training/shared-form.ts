import type { Weights } from "../neutral/weights.ts";
import type { PaletteCoding, SparseCoding } from "../neutral/weight-coding.ts";
import { sizeOf } from "./onnx-graph.ts";
import { reshaped } from "./rules/sums.ts";
import type { StoredForm } from "./stored-form.ts";
import type { Tape, Value } from "./tape.ts";

/** A table, and which of its values each weight has. */
interface Table {
  readonly indices: Uint8Array;
  readonly codebook: Float32Array;
}

/** Weights that share the values of a table move together; a value of zero stays. */
export function throughTable(tape: Tape, trained: Value, { indices, codebook }: Table): Value {
  const kept = Float32Array.from(indices, (index) => (codebook[index] === 0 ? 0 : 1));
  return masked(tape, tied(tape, trained, indices, codebook.length), kept);
}

/** Each weight as what its value of the table has become. */
export function byTable(elements: Float32Array, { indices, codebook }: Table): Float32Array {
  const table = moved(codebook, indices, elements);
  return Float32Array.from(indices, (index) => table[index] ?? 0);
}

/** See `throughTable`. */
export async function paletteForm(weights: Weights, coding: PaletteCoding): Promise<StoredForm> {
  const numbers = await coding.numbers();
  const { indices, codebook } = numbers;
  return {
    through: (tape, trained) => throughTable(tape, trained, numbers),
    stored: (elements) => {
      const table = moved(codebook, indices, elements);
      return storedAs(
        weights,
        { ...coding, numbers: () => Promise.resolve({ indices, codebook: table }) },
        (at) => table[indices[at] ?? 0],
      );
    },
  };
}

/** Pruned weights stay zero; of those that are left, what shares a value moves together. */
export async function sparseForm(weights: Weights, coding: SparseCoding): Promise<StoredForm> {
  const numbers = await coding.numbers();
  const { places, codebook } = numbers;
  const count = sizeOf(weights.shape);
  const kept = new Float32Array(count);
  for (const place of places) kept[place] = 1;
  const indexOf = new Map(Array.from(codebook, (value, index) => [value, index]));
  const own = Uint8Array.from(numbers.values, (value) => indexOf.get(value) ?? 0);
  const indices = new Uint8Array(count).fill(indexOf.get(0) ?? 0);
  places.forEach((place, at) => (indices[place] = own[at] ?? 0));
  const shares = codebook.length > 0;
  return {
    through: (tape, trained) => masked(tape, shares ? tied(tape, trained, indices, codebook.length) : trained, kept),
    stored: (elements) => {
      const own = Float32Array.from(places, (place) => elements[place] ?? 0);
      const table = shares ? moved(codebook, indices, elements) : codebook;
      const values = shares ? Float32Array.from(places, (place) => table[indices[place] ?? 0] ?? 0) : own;
      const all = new Float32Array(count);
      places.forEach((place, at) => (all[place] = values[at] ?? 0));
      const after = { places, values, codebook: table };
      return storedAs(weights, { ...coding, numbers: () => Promise.resolve(after) }, (at) => all[at]);
    },
  };
}

function storedAs(
  { shape, dataType }: Weights,
  coding: PaletteCoding | SparseCoding,
  elementOf: (at: number) => number | undefined,
): Weights {
  const read = (): Promise<Float32Array> =>
    Promise.resolve(Float32Array.from({ length: sizeOf(shape) }, (_, at) => elementOf(at) ?? 0));
  return { shape, dataType, coding, read };
}

/** The table with what its values have become, the mean of all that share one; zero stays zero. */
function moved(codebook: Float32Array, indices: Uint8Array, elements: Float32Array): Float32Array {
  const [sums, counts] = [new Float64Array(codebook.length), new Float64Array(codebook.length)];
  indices.forEach((index, at) => {
    sums[index] = (sums[index] ?? 0) + (elements[at] ?? 0);
    counts[index] = (counts[index] ?? 0) + 1;
  });
  return codebook.map((value, index) => {
    const count = counts[index] ?? 0;
    return value === 0 || count === 0 ? value : (sums[index] ?? 0) / count;
  });
}

function masked(tape: Tape, value: Value, kept: Float32Array): Value {
  const { graph } = tape;
  const mask = graph.constant(value.shape, kept);
  return tape.record(graph.node("Mul", [value, mask], value.shape), [value], (gradient) => [
    graph.node("Mul", [gradient, mask], value.shape),
  ]);
}

/** Each weight as the mean of all that share its value, whose gradient is the sum of theirs. */
function tied(tape: Tape, value: Value, indices: Uint8Array, entries: number): Value {
  const { graph } = tape;
  const count = sizeOf(value.shape);
  const places = graph.setting([...indices], [count]);
  const counts = new Float32Array(entries);
  for (const index of indices) counts[index] = (counts[index] ?? 0) + 1;
  const shares = graph.constant(
    [count],
    Float32Array.from(indices, (index) => 1 / (counts[index] ?? 1)),
  );
  const zeros = graph.constant([entries], new Float32Array(entries));
  const gathered = (flat: Value | ReturnType<typeof graph.node>): ReturnType<typeof graph.node> => {
    const table = graph.node("ScatterElements", [zeros, places, flat], [entries], { axis: 0, reduction: "add" });
    return reshaped(graph, graph.node("Gather", [table, places], [count]), value.shape);
  };
  const weighted = graph.node("Mul", [reshaped(graph, value, [count]), shares], [count]);
  return tape.record(gathered(weighted), [value], (gradient) => [gathered(reshaped(graph, gradient, [count]))]);
}
