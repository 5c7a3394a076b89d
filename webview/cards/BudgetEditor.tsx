import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { isBudgetText, type Budget } from "../../profiler/views/budgets.ts";
import { RpcError } from "../rpc.ts";

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
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(text);
  const [error, setError] = useState<string | null>(null);
  const errorId = `budget-error-${budget.id}`;

  useEffect(() => {
    field.current?.select();
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

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && event.target === field.current) void commit(typed);
    if (event.key === "Escape") onClose();
  };

  return (
    <div class="budget-editor" role="dialog" aria-label={budget.title} ref={box} onKeyDown={onKeyDown}>
      <label>
        {budget.title}
        <input
          ref={field}
          value={typed}
          placeholder={l10n.t("no budget")}
          aria-invalid={error !== null}
          aria-describedby={errorId}
          onInput={({ currentTarget }) => {
            setTyped(currentTarget.value);
            setError(null);
          }}
        />
      </label>
      <p class="budget-reason" id={errorId} role={error === null ? undefined : "alert"}>
        {error ?? budget.reason}
      </p>
      {[...budget.presets, { text: "", meaning: l10n.t("no budget") }].map((preset) => (
        <button type="button" class="preset" key={preset.text} onClick={() => void commit(preset.text)}>
          <span class="preset-amount">{preset.text === "" ? "–" : preset.text}</span>
          <span>{preset.meaning}</span>
        </button>
      ))}
    </div>
  );
}
