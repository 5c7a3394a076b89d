import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { Warning } from "../../profiler/profile.ts";
import { Icon } from "../controls/controls.tsx";

/** A broken file can warn of every node; what is beyond tells nothing new, and the exports have them all. */
const LISTED_WARNINGS = 200;

const LIST_ID = "warnings";

interface WarningsButtonProps {
  readonly warnings: readonly Warning[];
  readonly isOpen: boolean;
  readonly onToggle: (isOpen: boolean) => void;
}

/** Says how many warnings there are, or that there are notes only, and shows and hides their list. */
export function WarningsButton({ warnings, isOpen, onToggle }: WarningsButtonProps): JSX.Element | null {
  if (warnings.length === 0) return null;
  const count = warnings.filter(isWarning).length;
  return (
    <button
      type="button"
      class="warnings-button"
      aria-expanded={isOpen}
      aria-controls={LIST_ID}
      onClick={() => onToggle(!isOpen)}
    >
      <Icon name={count > 0 ? "warning" : "info"} />
      {count > 0 ? warningCount(count) : noteCount(warnings.length)}
      <Icon name={isOpen ? "chevron-up" : "chevron-down"} />
    </button>
  );
}

function isWarning({ severity }: Warning): boolean {
  return severity === "warning";
}

function warningCount(count: number): string {
  return count === 1 ? l10n.t("1 warning") : l10n.t("{0} warnings", count.toLocaleString());
}

function noteCount(count: number): string {
  return count === 1 ? l10n.t("1 note") : l10n.t("{0} notes", count.toLocaleString());
}

interface WarningListProps {
  readonly warnings: readonly Warning[];
  readonly onSelectLayer: (index: number) => void;
}

/** What is unknown and what disagrees in the file, then what was assumed; one that is about a row leads to it. */
export function WarningList({ warnings, onSelectLayer }: WarningListProps): JSX.Element {
  const sorted = [...warnings.filter(isWarning), ...warnings.filter((warning) => !isWarning(warning))];
  const hidden = warnings.length - LISTED_WARNINGS;
  return (
    <ul
      class={sorted[0]?.severity === "info" ? "warnings notes" : "warnings"}
      id={LIST_ID}
      aria-label={l10n.t("Warnings")}
      data-testid="warnings"
      tabIndex={0}
    >
      {sorted.slice(0, LISTED_WARNINGS).map(({ severity, message, layer }, position) => (
        <li key={position} class={severity}>
          <Icon name={severity} />
          {layer === undefined ? (
            message
          ) : (
            <button type="button" class="link" onClick={() => onSelectLayer(layer)}>
              {message}
            </button>
          )}
        </li>
      ))}
      {hidden > 0 && <li>{l10n.t("{0} more", hidden.toLocaleString())}</li>}
    </ul>
  );
}
