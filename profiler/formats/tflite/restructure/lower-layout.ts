import { elementsOf, isStatic, type Dimension, type Shape } from "../../../model/shape.ts";
import type { Lowers } from "./lower-rule.ts";
import type { OperatorWriter } from "./operator-writer.ts";
import { writePad } from "./write-padded.ts";

function writeReshape(sizes: readonly number[], writer: OperatorWriter, input = writer.input): void {
  writer.operator("RESHAPE", [input, writer.setting("shape", sizes)], { new_shape: sizes });
}

/** TFLite's targets cannot refer to the input's sizes: these become numbers, and one may be what is left. */
function concreteTarget(target: readonly number[], input: Shape): readonly number[] | undefined {
  const sizes = target.map((size, axis): Dimension => (size === 0 ? (input[axis] ?? 0) : size));
  const named = sizes.filter((size) => typeof size !== "number");
  const [open] = named;
  if (open === undefined) return sizes.filter((size) => typeof size === "number");
  if (named.length > 1) return undefined;
  const rest = input.filter((size) => size !== open);
  const isRestKnown = rest.length === input.length - 1 && isStatic(rest);
  if (sizes.includes(-1) && !isRestKnown) return undefined;
  const others = elementsOf(sizes.filter((size) => size !== open && size !== -1)) ?? 1;
  const left = (elementsOf(rest) ?? 0) / others;
  return sizes.map((size) => (typeof size !== "number" ? -1 : size === -1 ? left : size));
}

export const LOWER_LAYOUT: Lowers = {
  concat: ({ axis }, writer) => {
    writer.operator("CONCATENATION", writer.layer.inputs, { axis, fused_activation_function: "NONE" });
  },

  split: ({ axis, sizes }, writer) => {
    const along = writer.setting("axis", [axis], []);
    const options = { num_splits: sizes.length };
    if (sizes.every((size) => size === sizes[0])) writer.operator("SPLIT", [along, writer.input], options);
    else writer.operator("SPLIT_V", [writer.input, writer.setting("sizes", sizes), along], options);
  },

  slice: ({ axis, begin, end }, writer) => {
    const { length: rank } = writer.shape(writer.input);
    const along = (value: number, rest: number): readonly number[] =>
      Array.from({ length: rank }, (_, index) => (index === axis ? value : rest));
    const begins = writer.setting("begin", along(begin, 0));
    writer.operator("SLICE", [writer.input, begins, writer.setting("size", along(end - begin, -1))]);
  },

  reshape: ({ target }, writer) => {
    if (target === undefined) throw writer.error("its target is only known while the model runs");
    const sizes = concreteTarget(target, writer.shape(writer.input));
    if (sizes === undefined) throw writer.error("more than one size of its target is only known while the model runs");
    writeReshape(sizes, writer);
  },

  transpose: ({ permutation }, writer) => {
    writer.operator("TRANSPOSE", [writer.input, writer.setting("permutation", permutation)]);
  },

  pad: (form, writer) => {
    const { mode, begin, end } = form;
    if (mode === "constant") {
      writePad(writer, form, (op, inputs) => writer.operator(op, inputs));
      return;
    }
    if (mode !== "reflect") throw writer.error(`TFLite does not pad by "${mode}"`);
    const pairs = begin.flatMap((before, axis) => [before, end[axis] ?? 0]);
    const pads = writer.setting("pads", pairs, [begin.length, 2]);
    writer.operator("MIRROR_PAD", [writer.input, pads], { mode: "REFLECT" });
  },

  /** Channels as groups × channels/groups, transposed, and back; all other axes are one meanwhile. */
  "channel-shuffle": ({ groups }, writer) => {
    const shape = writer.shape(writer.input);
    const channels = shape.at(-1);
    const back = concreteTarget(
      shape.map(() => 0),
      shape,
    );
    if (typeof channels !== "number" || channels % groups !== 0 || back === undefined)
      throw writer.error(`channels cannot be shuffled in ${groups} groups`);
    const [grouped, shuffled] = [writer.tensor("grouped"), writer.tensor("shuffled")];
    const target = [-1, groups, channels / groups];
    const targetTensor = writer.setting("groups", target);
    writer.helper("group", "RESHAPE", [writer.input, targetTensor], { new_shape: target }, grouped);
    writer.helper("transpose", "TRANSPOSE", [grouped, writer.setting("permutation", [0, 2, 1])], {}, shuffled);
    writeReshape(back, writer, shuffled);
  },
};
