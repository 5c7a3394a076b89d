import type { GraphTensor } from "../onnx-graph.ts";
import { sizeOf } from "../onnx-graph.ts";
import type { PadForm } from "../../neutral/forms.ts";
import type { Tape, Value } from "../tape.ts";
import { activated } from "./activation.ts";
import { stretchedShape } from "./elementwise.ts";
import { NoGradient, onlyInput, type GradientRules } from "./rule.ts";
import { reshaped, transposed, unstretched } from "./sums.ts";

export function reshape(tape: Tape, x: Value, shape: readonly number[]): Value {
  if (shape.join() === x.shape.join()) return x;
  if (sizeOf(shape) !== sizeOf(x.shape))
    throw new NoGradient(`it cannot give ${x.shape.join("×")} elements the shape ${shape.join("×")}`);
  return tape.record(reshaped(tape.graph, x, shape), [x], (gradient) => [reshaped(tape.graph, gradient, x.shape)]);
}

export function transpose(tape: Tape, x: Value, permutation: readonly number[]): Value {
  if (permutation.every((from, axis) => from === axis)) return x;
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  const { graph } = tape;
  return tape.record(transposed(graph, x, permutation), [x], (gradient) => [transposed(graph, gradient, inverse)]);
}

/** Elements from `begin` to before `end` of one axis. */
function slice(tape: Tape, x: Value, axis: number, begin: number, end: number): Value {
  const { graph } = tape;
  const size = x.shape[axis] ?? 1;
  return tape.record(sliced(graph, x, axis, begin, end), [x], (gradient) => {
    const before = x.shape.map((_, each) => (each === axis ? begin : 0));
    const after = x.shape.map((_, each) => (each === axis ? size - end : 0));
    return [graph.node("Pad", [gradient, graph.setting([...before, ...after])], x.shape)];
  });
}

function sliced(graph: Tape["graph"], x: GraphTensor, axis: number, begin: number, end: number): GraphTensor {
  if (begin === 0 && end === x.shape[axis]) return x;
  const shape = x.shape.map((size, each) => (each === axis ? end - begin : size));
  return graph.node("Slice", [x, graph.setting([begin]), graph.setting([end]), graph.setting([axis])], shape);
}

function concat(tape: Tape, parts: readonly Value[], axis: number): Value {
  const { graph } = tape;
  const sizes = parts.map(({ shape }) => shape[axis] ?? 1);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const shape = parts[0]?.shape.map((size, each) => (each === axis ? total : size)) ?? [];
  return tape.record(graph.node("Concat", parts, shape, { axis }), parts, (gradient) => {
    const names = graph.nodes("Split", [gradient, graph.setting(sizes)], parts.length, { axis });
    return parts.map((part, index) => ({ name: names[index] ?? "", shape: part.shape }));
  });
}

/** A number around a map. */
function pad(tape: Tape, x: Value, begin: readonly number[], end: readonly number[], value: number): Value {
  const { graph } = tape;
  const shape = x.shape.map((size, axis) => size + (begin[axis] ?? 0) + (end[axis] ?? 0));
  const y = graph.node("Pad", [x, graph.setting([...begin, ...end]), graph.scalar(value)], shape);
  return tape.record(y, [x], (gradient) => {
    const back = [...begin, ...end].map((size) => (size === 0 ? 0 : -size));
    return [graph.node("Pad", [gradient, graph.setting(back)], x.shape)];
  });
}

/** Elements that pad an axis by its own: the places that they are copies of, before it and behind it. */
type Border = (size: number, begin: number, end: number) => readonly [readonly number[], readonly number[]];

const BORDERS: Readonly<Record<Exclude<PadForm["mode"], "constant">, Border>> = {
  edge: (size, begin, end) => [new Array<number>(begin).fill(0), new Array<number>(end).fill(size - 1)],
  reflect: (size, begin, end) => [counted(begin, (at) => begin - at), counted(end, (at) => size - 2 - at)],
  wrap: (size, begin, end) => [counted(begin, (at) => size - begin + at), counted(end, (at) => at)],
};

function counted(count: number, place: (at: number) => number): readonly number[] {
  return Array.from({ length: count }, (_, at) => place(at));
}

/** Copies of a map's own elements around it, an axis at a time. */
function padByBorder(tape: Tape, x: Value, { mode, begin, end }: PadForm): Value {
  if (mode === "constant") return x;
  if ([...begin, ...end].some((size) => size < 0)) throw new NoGradient("it pads and cuts at once");
  let padded = x;
  for (const [axis, size] of x.shape.entries()) {
    const [before, after] = BORDERS[mode](size, begin[axis] ?? 0, end[axis] ?? 0);
    if ([...before, ...after].some((at) => at < 0 || at >= size))
      throw new NoGradient("it pads by more than its input has");
    if (before.length + after.length === 0) continue;
    const copy = (at: number): Value => slice(tape, padded, axis, at, at + 1);
    padded = concat(tape, [...before.map(copy), padded, ...after.map(copy)], axis);
  }
  return padded;
}

/** Repeats a tensor along axes where it has one element. */
function expand(tape: Tape, x: Value, target: readonly number[]): Value {
  const { graph } = tape;
  const shape = stretchedShape(
    x.shape,
    target.map((size) => Math.max(1, size)),
  );
  const y = graph.node("Expand", [x, graph.setting(shape)], shape);
  return tape.record(y, [x], (gradient) => [unstretched(graph, gradient, x.shape)]);
}

/** Blocks of channels into space. Source: ONNX, DepthToSpace. */
function depthToSpace(tape: Tape, x: Value, block: number, isGrouped: boolean): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const kept = channels / block ** 2;
  const [split, permutation] = isGrouped
    ? [
        [batch, kept, block, block, height, width],
        [0, 1, 4, 2, 5, 3],
      ]
    : [
        [batch, block, block, kept, height, width],
        [0, 3, 4, 1, 5, 2],
      ];
  return reshape(tape, transpose(tape, reshape(tape, x, split), permutation), [
    batch,
    kept,
    height * block,
    width * block,
  ]);
}

/** Source: ONNX, SpaceToDepth. */
function spaceToDepth(tape: Tape, x: Value, block: number): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const [rows, columns] = [height / block, width / block];
  const split = reshape(tape, x, [batch, channels, rows, block, columns, block]);
  return reshape(tape, transpose(tape, split, [0, 3, 5, 1, 2, 4]), [batch, channels * block ** 2, rows, columns]);
}

/** Sizes of a reshape; a batch of one in the file is the batch here. @throws {NoGradient} */
function targetOf(x: Value, target: readonly number[] | undefined): readonly number[] {
  if (target === undefined) throw new NoGradient("its sizes are only known while the model runs");
  const [batch = 1] = x.shape;
  const kept = target.map((size, axis) => (size === 0 ? (x.shape[axis] ?? 1) : size));
  const known = sizeOf(kept.filter((size) => size !== -1));
  const rest = sizeOf(x.shape);
  if (kept.includes(-1) && kept[0] !== 1) return kept.map((size) => (size === -1 ? rest / known : size));
  if (kept[0] === 1 && batch > 1 && (kept.includes(-1) || known * batch === rest)) {
    const perSample = rest / batch / known;
    return [batch, ...kept.slice(1).map((size) => (size === -1 ? perSample : size))];
  }
  return kept.map((size) => (size === -1 ? rest / known : size));
}

export const LAYOUT_RULES: GradientRules = {
  reshape: ({ target }, inputs, { tape }) => {
    const x = onlyInput(inputs);
    return [reshape(tape, x, targetOf(x, target))];
  },
  transpose: ({ permutation }, inputs, { tape }) => [transpose(tape, onlyInput(inputs), permutation)],
  concat: ({ axis, activation }, inputs, { tape }) => [activated(tape, concat(tape, inputs, axis), activation)],
  slice: ({ axis, begin, end }, inputs, { tape }) => [slice(tape, onlyInput(inputs), axis, begin, end)],
  split: ({ axis, sizes }, inputs, { tape }) => {
    const x = onlyInput(inputs);
    const ends = sizes.map((_, index) => sizes.slice(0, index + 1).reduce((sum, size) => sum + size, 0));
    return ends.map((end, index) => slice(tape, x, axis, end - (sizes[index] ?? 0), end));
  },
  pad: (form, inputs, { tape }) => {
    const x = onlyInput(inputs);
    return [form.mode === "constant" ? pad(tape, x, form.begin, form.end, form.value) : padByBorder(tape, x, form)];
  },
  select: ({ axis, index }, inputs, { tape }) => {
    const x = onlyInput(inputs);
    const one = slice(tape, x, axis, index, index + 1);
    return [reshape(tape, one, x.shape.toSpliced(axis, 1))];
  },
  expand: ({ target }, inputs, { tape }) => {
    if (target === undefined) throw new NoGradient("its sizes are only known while the model runs");
    return [expand(tape, onlyInput(inputs), target)];
  },
  "depth-to-space": ({ block, isGrouped }, inputs, { tape }) => [
    depthToSpace(tape, onlyInput(inputs), block, isGrouped),
  ],
  "space-to-depth": ({ block }, inputs, { tape }) => [spaceToDepth(tape, onlyInput(inputs), block)],
  "channel-shuffle": ({ groups }, inputs, { tape }) => {
    const x = onlyInput(inputs);
    const [batch = 1, channels = 1, ...spatial] = x.shape;
    const split = reshape(tape, x, [batch, groups, channels / groups, ...spatial]);
    const rest = spatial.map((_, axis) => axis + 3);
    return [reshape(tape, transpose(tape, split, [0, 2, 1, ...rest]), x.shape)];
  },
};
