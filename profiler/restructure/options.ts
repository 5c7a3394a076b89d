import { ownEntry } from "../own-entry.ts";
import { OptionError } from "../errors.ts";
import type { FormatFeature } from "../neutral/adapter.ts";

export type OptionValue = number | string | boolean;
export type EditOptions = Readonly<Record<string, OptionValue>>;

/** An option of a restructuring: command line, page and documentation are made from this. */
export type OptionSpec = {
  /** As in `k=v`. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly unit?: string;
  /** It is offered for formats that have this; values other than its default are refused with the reason elsewhere. */
  readonly needs?: FormatFeature;
} & (
  | {
      readonly type: "number" | "integer";
      /** Without a default the option may be left out, and the restructuring decides by the others. */
      readonly default?: number;
      readonly minimum?: number;
      readonly maximum?: number;
    }
  | { readonly type: "boolean"; readonly default: boolean }
  | { readonly type: "choice"; readonly choices: readonly Choice[]; readonly default: string }
  /** What the restructuring reads itself; without a default it may be left out. */
  | { readonly type: "text"; readonly default?: string; readonly example: string }
);

export interface Choice {
  readonly value: string;
  readonly title: string;
  /** As an option's own. */
  readonly needs?: FormatFeature;
}

/** Options as they are offered for a format: what needs more than it has is left out, and what leaves nothing to choose. */
export function offeredOptions(
  specs: readonly OptionSpec[],
  features: ReadonlySet<FormatFeature>,
): readonly OptionSpec[] {
  const isThere = ({ needs }: { readonly needs?: FormatFeature }): boolean =>
    needs === undefined || features.has(needs);
  return specs.filter(isThere).flatMap((spec): readonly OptionSpec[] => {
    if (spec.type !== "choice") return [spec];
    const choices = spec.choices.filter(isThere);
    return choices.length < 2 ? [] : [{ ...spec, choices }];
  });
}

/** Values of options by their ids, complete and checked: those with a default are there, the others may be. */
export type OptionsOf<Specs extends readonly OptionSpec[]> = {
  readonly [
    Spec in Specs[number] as Spec extends { readonly default: OptionValue } ? Spec["id"] : never
  ]: ValueOf<Spec>;
} & {
  readonly [
    Spec in Specs[number] as Spec extends { readonly default: OptionValue } ? never : Spec["id"]
  ]?: ValueOf<Spec>;
};

type ValueOf<Spec> = Spec extends { readonly type: "boolean" }
  ? boolean
  : Spec extends { readonly choices: readonly { readonly value: infer Value }[] }
    ? Value
    : Spec extends { readonly type: "text" }
      ? string
      : number;

/**
 * Options with the defaults of those left out, each checked.
 * @throws {OptionError} for an unknown option or a value that does not fit
 */
export function completeOptions(specs: readonly OptionSpec[], given: EditOptions): EditOptions {
  const known = new Set(specs.map(({ id }) => id));
  const unknown = Object.keys(given).find((id) => !known.has(id));
  if (unknown !== undefined) {
    const names = known.size === 0 ? "there are none" : [...known].join(", ");
    throw new OptionError(`option "${unknown}" is not known: ${names}`);
  }
  return Object.fromEntries(
    specs.flatMap((spec): readonly (readonly [string, OptionValue])[] => {
      const value = ownEntry(given, spec.id) ?? spec.default;
      return value === undefined ? [] : [[spec.id, checked(spec, value)]];
    }),
  );
}

function checked(spec: OptionSpec, value: OptionValue): OptionValue {
  const fault = faultOf(spec, value);
  // A text of digits alone was read as a number.
  if (fault === undefined) return spec.type === "text" ? String(value) : value;
  throw new OptionError(`option "${spec.id}" must be ${fault}, not "${String(value)}"`);
}

/** What the value should have been; undefined when it is that. */
function faultOf(spec: OptionSpec, value: OptionValue): string | undefined {
  switch (spec.type) {
    case "boolean":
      return typeof value === "boolean" ? undefined : "true or false";
    case "text":
      return typeof value === "boolean" ? "a text" : undefined;
    case "choice": {
      const values = spec.choices.map((choice) => choice.value);
      return values.includes(String(value)) ? undefined : `one of ${values.join(", ")}`;
    }
    case "number":
    case "integer": {
      const { minimum = -Infinity, maximum = Infinity } = spec;
      const isKind = spec.type === "integer" ? Number.isInteger(value) : Number.isFinite(value);
      if (isKind && Number(value) >= minimum && Number(value) <= maximum) return undefined;
      const from = minimum === -Infinity ? [] : [`from ${minimum}`];
      const to = maximum === Infinity ? [] : [`to ${maximum}`];
      return [spec.type === "integer" ? "a whole number" : "a number", ...from, ...to].join(" ");
    }
  }
}
