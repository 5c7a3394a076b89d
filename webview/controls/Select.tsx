import type { JSX } from "preact";

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly text: string;
}

interface SelectProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly Choice<Value>[];
  readonly onChange: (value: Value) => void;
}

/** One of a few. The browser's own element: the toolkit's dropdown is cut by whatever scrolls around it. */
export function Select<Value extends string>({ label, value, choices, onChange }: SelectProps<Value>): JSX.Element {
  const change = (event: Event): void => {
    const chosen = choices[(event.currentTarget as HTMLSelectElement).selectedIndex];
    if (chosen) onChange(chosen.value);
  };
  return (
    <select class="select" aria-label={label} value={value} onChange={change}>
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.text}
        </option>
      ))}
    </select>
  );
}
