import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { TextField } from "../controls/controls.tsx";
import { isBudgetText, type Budget } from "../../profiler/views/budgets.ts";
import { RpcError } from "../protocol/rpc.ts";

/** The toolkit's field, as `TextField` makes it. */
const FIELD = "vscode-text-field";
type TextFieldElement = HTMLElement & Pick<HTMLInputElement, "select">;

interface BudgetEditorProps {
  readonly budget: Budget;
  readonly text: string;
  /** Rejects when the setting cannot be written. */
  readonly onCommit: (text: string) => Promise<void>;
  readonly onClose: () => void;
}

/** Changes a budget where it stands: a field, and the amounts that are asked for often. Enter keeps, Escape leaves. */
export function BudgetEditor({ budget, text, onCommit, onClose }: BudgetEditorProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState(text);
  const [error, setError] = useState<string | null>(null);
  const errorId = `budget-error-${budget.id}`;

  useEffect(() => {
    selectAll(box.current?.querySelector<TextFieldElement>(FIELD));
    const leave = ({ target }: Event): void => {
      if (target instanceof Node && !box.current?.contains(target)) onClose();
    };
    document.addEventListener("pointerdown", leave, true);
    return () => document.removeEventListener("pointerdown", leave, true);
  }, []);

  const commit = async (wanted: string): Promise<void> => {
    if (!isBudgetText(budget, wanted)) {
      setError(l10n.t("An amount such as {0}, or nothing", budget.presets[0]?.text ?? "5 M"));
      return;
    }
    try {
      await onCommit(wanted.trim());
    } catch (failure) {
      setError(failure instanceof RpcError ? failure.message : String(failure));
    }
  };

  const title = l10n.t(budget.title);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && event.target instanceof Element && event.target.matches(FIELD)) void commit(typed);
    if (event.key === "Escape") onClose();
  };

  return (
    <div class="budget-editor" role="dialog" aria-label={title} ref={box} onKeyDown={onKeyDown}>
      <div class="budget-field">
        {title}
        <TextField
          label={title}
          value={typed}
          placeholder={l10n.t("no budget")}
          isInvalid={error !== null}
          describedBy={errorId}
          onInput={(value) => {
            setTyped(value);
            setError(null);
          }}
        />
      </div>
      <p class="budget-reason" id={errorId} role={error === null ? undefined : "alert"}>
        {error ?? l10n.t(budget.reason)}
      </p>
      {[...budget.presets, { text: "", meaning: "no budget" }].map((preset) => (
        <button type="button" class="preset" key={preset.text} onClick={() => void commit(preset.text)}>
          <span class="preset-amount">{preset.text === "" ? "–" : preset.text}</span>
          <span>{l10n.t(preset.meaning)}</span>
        </button>
      ))}
    </div>
  );
}

/** The text stands there to be typed over. */
function selectAll(field: TextFieldElement | null | undefined): void {
  field?.focus();
  field?.select();
}
