import type { FormOf } from "../../../neutral/forms.ts";
import type { Lowers } from "./lower-rule.ts";
import type { OperatorWriter } from "./operator-writer.ts";

/** As it was, to other sizes. */
function resize({ to }: FormOf<"resize">, writer: OperatorWriter): void {
  const { before } = writer.layer;
  if (before === undefined || to === undefined || !("sizes" in to))
    throw writer.error("it cannot be resized otherwise");
  writer.operator(before.op, [writer.input, writer.setting("size", to.sizes)]);
}

export const LOWER_SIMPLE: Lowers = { resize };
