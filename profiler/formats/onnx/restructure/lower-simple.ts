import { ABSENT } from "../../../model/model.ts";
import type { FormOf } from "../../../neutral/forms.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import type { Lowers } from "./lower-rule.ts";
import type { NodeWriter } from "./node-writer.ts";

function identity(_: FormOf<"identity">, writer: NodeWriter): void {
  writer.node("Identity", [writer.input]);
}

/** As it was, to other sizes: batch and channels stay as they are told. */
async function resize({ to }: FormOf<"resize">, writer: NodeWriter): Promise<void> {
  const { node } = writer.layer.before ?? {};
  const told = await writer.draft.lifted[node?.inputs[3] ?? ABSENT]?.constant?.read();
  if (node === undefined || to === undefined || !("sizes" in to) || told === undefined)
    throw new LoweringError(`${writer.layer.name}: it cannot be resized otherwise`);
  const [, region = ABSENT] = node.inputs;
  const sizes = writer.setting("sizes", [...told.slice(0, 2), ...to.sizes]);
  writer.node("Resize", [writer.input, region, ABSENT, sizes], Object.fromEntries(node.attributes));
}

export const LOWER_SIMPLE: Lowers = { identity, resize };
