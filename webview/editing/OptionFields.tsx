import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import type { Edit } from "../../profiler/editing/edit.ts";
import type { OptionSpec, OptionValue } from "../../profiler/restructure/options.ts";
import { Checkbox, TextField } from "../controls/controls.tsx";
import { Select } from "../controls/Select.tsx";
import { optionValue, parseOption, sliderRange, withOption } from "./option-values.ts";

interface OptionFieldsProps {
  readonly edit: Edit;
  readonly options: readonly OptionSpec[];
  readonly onChange: (edit: Edit) => void;
}

/** What can be set of an edit: made from the restructuring's own list. */
export function OptionFields({ edit, options, onChange }: OptionFieldsProps): JSX.Element | null {
  if (options.length === 0) return null;
  return (
    <div class="options" data-testid="options">
      {options.map((spec) => (
        <OptionField
          key={spec.id}
          spec={spec}
          value={optionValue(edit, spec)}
          onChange={(value) => onChange(withOption(edit, spec.id, value))}
        />
      ))}
    </div>
  );
}

interface OptionFieldProps<Spec extends OptionSpec = OptionSpec> {
  readonly spec: Spec;
  readonly value: OptionValue | undefined;
  readonly onChange: (value: OptionValue | undefined) => void;
}

function OptionField({ spec, value, onChange }: OptionFieldProps): JSX.Element {
  switch (spec.type) {
    case "boolean":
      return (
        <div class="option" data-option={spec.id} data-tip={l10n.t(spec.description)}>
          <Checkbox label={l10n.t(spec.title)} isChecked={value === true} onChange={onChange} />
        </div>
      );
    case "choice":
      return (
        <div class="option" data-option={spec.id} data-tip={choiceTip(spec, value)}>
          <span class="option-title">{l10n.t(spec.title)}</span>
          <Select
            label={l10n.t(spec.title)}
            value={String(value)}
            choices={spec.choices.map((choice) => ({ value: choice.value, text: l10n.t(choice.title) }))}
            onChange={onChange}
          />
        </div>
      );
    case "text":
      return <TextOption spec={spec} value={value} onChange={onChange} />;
    case "number":
    case "integer":
      return <NumberOption spec={spec} value={value} onChange={onChange} />;
  }
}

/** With what is chosen, which a narrow panel cuts. */
function choiceTip({ description, choices }: Extract<OptionSpec, { type: "choice" }>, value: unknown): string {
  const chosen = choices.find((choice) => choice.value === value);
  return chosen ? l10n.t("{0} Chosen: {1}.", l10n.t(description), l10n.t(chosen.title)) : l10n.t(description);
}

/** What is typed counts once the field is left. */
function TextOption({ spec, value, onChange }: OptionFieldProps<Extract<OptionSpec, { type: "text" }>>): JSX.Element {
  const shown = value === undefined ? "" : String(value);
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const commit = (typed: string): void => {
    if (typed !== shown) onChange(typed.trim() === "" ? undefined : typed);
  };
  return (
    <div class="option" data-option={spec.id} data-tip={l10n.t(spec.description)}>
      <span class="option-title">{l10n.t(spec.title)}</span>
      <TextField
        label={l10n.t(spec.title)}
        class="option-text"
        value={text}
        placeholder={spec.example}
        onInput={setText}
        onCommit={commit}
        onEscape={() => setText(shown)}
      />
    </div>
  );
}

type NumberSpec = Extract<OptionSpec, { type: "number" | "integer" }>;

/** A field, and a slider where the option has both ends. */
function NumberOption({ spec, value, onChange }: OptionFieldProps<NumberSpec>): JSX.Element {
  const shown = value === undefined ? "" : String(value);
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const rangeId = useId();
  const range = sliderRange(spec);
  const isInvalid = Number.isNaN(parseOption(text, spec));

  const commit = (typed: string): void => {
    const number = parseOption(typed, spec);
    if (!Number.isNaN(number) && String(number ?? "") !== shown) onChange(number);
  };

  return (
    <div class="option" data-option={spec.id} data-tip={l10n.t(spec.description)}>
      <span class="option-title">{l10n.t(spec.title)}</span>
      {range && (
        <input
          type="range"
          class="slider"
          aria-label={l10n.t("{0}, slider", l10n.t(spec.title))}
          {...range}
          value={typeof value === "number" ? value : range.min}
          onInput={({ currentTarget }) => onChange(rounded(currentTarget.valueAsNumber))}
        />
      )}
      <TextField
        label={l10n.t(spec.title)}
        class="option-number"
        value={text}
        placeholder={l10n.t("auto")}
        isInvalid={isInvalid}
        describedBy={rangeId}
        onInput={setText}
        onCommit={commit}
        onEscape={() => setText(shown)}
      />
      <span id={rangeId} class={rangeClass(isInvalid, range !== undefined)}>
        {[spec.unit, rangeText(spec)].filter(Boolean).join(", ")}
      </span>
    </div>
  );
}

/** The ends of a slider tell the range to the eye, until something else is typed. */
function rangeClass(isInvalid: boolean, hasSlider: boolean): string {
  if (isInvalid) return "option-range error";
  return hasSlider ? "visually-hidden" : "option-range";
}

/** A step of a slider is a sum of fractions: without the last digits, which mean nothing. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function rangeText({ minimum, maximum }: NumberSpec): string {
  if (minimum !== undefined && maximum !== undefined) return l10n.t("{0} to {1}", minimum, maximum);
  if (minimum !== undefined) return l10n.t("from {0}", minimum);
  return maximum === undefined ? "" : l10n.t("up to {0}", maximum);
}
