import type { TensorId } from "../../../model/model.ts";
import { isStatic, type Shape } from "../../../model/shape.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import type { Lowers } from "./lower-rule.ts";
import type { NodeWriter } from "./node-writer.ts";

/** Operator sets from which settings are inputs. */
const FIRST_WITH_INPUTS = { Reshape: 5, Slice: 10, Pad: 11, Split: 13 } as const;

/** A tensor that holds the shape, the batch by reference. */
function shapeOf(sizes: Shape, writer: NodeWriter): TensorId {
  const [, ...inner] = sizes;
  if (isStatic(inner)) return writer.setting("shape", [0, ...inner]);
  const shape = writer.tensor("shape");
  writer.helper("sizes", "Shape", [writer.input], {}, shape);
  return shape;
}

export const LOWER_LAYOUT: Lowers = {
  concat: ({ axis }, writer) => {
    writer.node("Concat", writer.layer.inputs, { axis });
  },

  split: ({ axis, sizes }, writer) => {
    if (writer.opset < FIRST_WITH_INPUTS.Split) writer.node("Split", [writer.input], { axis, split: sizes });
    else writer.node("Split", [writer.input, writer.setting("sizes", sizes)], { axis });
  },

  slice: ({ axis, begin, end }, writer) => {
    if (writer.opset < FIRST_WITH_INPUTS.Slice) {
      writer.node("Slice", [writer.input], { axes: [axis], ends: [end], starts: [begin] });
      return;
    }
    const bounds = [writer.setting("begin", [begin]), writer.setting("end", [end]), writer.setting("axes", [axis])];
    writer.node("Slice", [writer.input, ...bounds]);
  },

  reshape: ({ target }, writer) => {
    if (target === undefined)
      throw new LoweringError(`${writer.layer.name}: its target is only known while the model runs`);
    if (writer.opset < FIRST_WITH_INPUTS.Reshape) writer.node("Reshape", [writer.input], { shape: target });
    else writer.node("Reshape", [writer.input, writer.setting("shape", target)]);
  },

  expand: ({ target }, writer) => {
    if (target === undefined)
      throw new LoweringError(`${writer.layer.name}: its target is only known while the model runs`);
    writer.node("Expand", [writer.input, writer.setting("shape", target)]);
  },

  transpose: ({ permutation }, writer) => {
    writer.node("Transpose", [writer.input], { perm: permutation });
  },

  pad: ({ mode, begin, end, value }, writer) => {
    const pads = [...begin, ...end];
    if (writer.opset < FIRST_WITH_INPUTS.Pad) {
      writer.node("Pad", [writer.input], { mode, pads, ...(value !== 0 && { value }) });
      return;
    }
    const filling = value === 0 ? [] : [writer.scalar("value", value)];
    writer.node("Pad", [writer.input, writer.setting("pads", pads), ...filling], { mode });
  },

  /**
   * N×C×spatial → N×groups×C/groups×spatial, transposed, and back. Sizes that only the run knows are taken from the input's shape as it
   * is then.
   */
  "channel-shuffle": ({ groups }, writer) => {
    const sizes = writer.shape(writer.input) ?? writer.shape(writer.output);
    const channels = sizes?.[1];
    if (sizes === undefined || typeof channels !== "number" || channels % groups !== 0)
      throw new LoweringError(`${writer.layer.name}: channels cannot be shuffled in ${groups} groups`);
    const [grouped, shuffled] = [writer.tensor("grouped"), writer.tensor("shuffled")];
    // The spatial axes as one: the middle needs not know them.
    const target = writer.setting("groups", [0, groups, channels / groups, -1]);
    writer.helper("group", "Reshape", [writer.input, target], {}, grouped);
    writer.helper("transpose", "Transpose", [grouped], { perm: [0, 2, 1, 3] }, shuffled);
    writer.node("Reshape", [shuffled, shapeOf(sizes, writer)]);
  },
};
