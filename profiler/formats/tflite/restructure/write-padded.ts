import type { TensorId } from "../../../model/model.ts";
import type { SlidingWindow } from "../../../neutral/forms.ts";
import type { OperatorWriter } from "./operator-writer.ts";
import { paddingOption } from "./same-pads.ts";

export interface Padded {
  readonly input: TensorId;
  readonly padding: "SAME" | "VALID";
}

/** The layer's input and the padding option of its window: behind a PAD where neither SAME nor VALID says the pads. */
export function writePadded(form: SlidingWindow, kernel: readonly number[], writer: OperatorWriter, value = 0): Padded {
  const sizes = writer.shape(writer.input).slice(1, 3);
  const padding = paddingOption(
    form,
    kernel,
    sizes.map((size) => (typeof size === "number" ? size : undefined)),
  );
  if (padding !== undefined) return { input: writer.input, padding };
  const padded = writer.tensor("padded");
  const begin = [0, ...form.padsBegin, 0];
  const end = [0, ...form.padsEnd, 0];
  writePad(writer, { begin, end, value }, (op, inputs) => writer.helper("pad", op, inputs, {}, padded));
  return { input: padded, padding: "VALID" };
}

/** PAD, or PADV2 for what is not 0. */
export function writePad(
  writer: OperatorWriter,
  { begin, end, value }: { readonly begin: readonly number[]; readonly end: readonly number[]; readonly value: number },
  add: (op: string, inputs: readonly TensorId[]) => void,
): void {
  const pairs = begin.flatMap((before, axis) => [before, end[axis] ?? 0]);
  const pads = writer.setting("pads", pairs, [begin.length, 2]);
  if (value === 0) {
    add("PAD", [writer.input, pads]);
    return;
  }
  if (writer.isQuantized) throw writer.error("integers are padded with nothing but 0");
  const filling = writer.draft.addSetting(`${writer.layer.name}.filling`, "float32", [value], []);
  add("PADV2", [writer.input, pads, filling]);
}
