import { ownEntry } from "../../profiler/own-entry.ts";
import type { Edit } from "../../profiler/editing/edit.ts";
import type { OptionSpec, OptionValue } from "../../profiler/restructure/options.ts";

type NumberSpec = Extract<OptionSpec, { type: "number" | "integer" }>;

/** What an option has now: as the edit says, else its default; undefined where the restructuring decides by the others. */
export function optionValue({ options }: Edit, spec: OptionSpec): OptionValue | undefined {
  return ownEntry(options, spec.id) ?? spec.default;
}

/** The edit with another value of one option; undefined leaves the option out. */
export function withOption(edit: Edit, id: string, value: OptionValue | undefined): Edit {
  const { [id]: _old, ...others } = edit.options;
  return { ...edit, options: value === undefined ? others : { ...others, [id]: value } };
}

/** A number as people type it; an empty text leaves the option out, NaN is none of the option's values. */
export function parseOption(
  text: string,
  { type, minimum = -Infinity, maximum = Infinity }: NumberSpec,
): number | undefined {
  if (text.trim() === "") return undefined;
  const value = Number(text.replace(",", "."));
  const isKind = type === "integer" ? Number.isInteger(value) : Number.isFinite(value);
  return isKind && value >= minimum && value <= maximum ? value : Number.NaN;
}

/** Steps of a slider over a range that is no range of whole numbers. */
const SLIDER_STEPS = 100;

/** A slider needs both ends. */
export function sliderRange(
  spec: NumberSpec,
): { readonly min: number; readonly max: number; readonly step: number } | undefined {
  const { type, minimum, maximum } = spec;
  if (minimum === undefined || maximum === undefined || !(maximum > minimum)) return undefined;
  return { min: minimum, max: maximum, step: type === "integer" ? 1 : (maximum - minimum) / SLIDER_STEPS };
}
