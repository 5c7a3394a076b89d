import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { Warning } from "../../profiler/profile.ts";
import { Icon } from "../controls/controls.tsx";

/** A broken file can warn of every node; what is beyond tells nothing new, and the exports have them all. */
const LISTED_WARNINGS = 200;

const LIST_ID = "warnings";

interface WarningsButtonProps {
  readonly count: number;
  readonly isOpen: boolean;
  readonly onToggle: (isOpen: boolean) => void;
}

/** Says that there are warnings, and shows and hides their list. */
export function WarningsButton({ count, isOpen, onToggle }: WarningsButtonProps): JSX.Element | null {
  if (count === 0) return null;
  return (
    <button
      type="button"
      class="warnings-button"
      aria-expanded={isOpen}
      aria-controls={LIST_ID}
      onClick={() => onToggle(!isOpen)}
    >
      <Icon name="warning" />
      {count === 1 ? l10n.t("1 warning") : l10n.t("{0} warnings", count.toLocaleString())}
      <Icon name={isOpen ? "chevron-up" : "chevron-down"} />
    </button>
  );
}

interface WarningListProps {
  readonly warnings: readonly Warning[];
  readonly onSelectLayer: (index: number) => void;
}

/** What was assumed, what is unknown, what disagrees in the file; one that is about a row leads to it. */
export function WarningList({ warnings, onSelectLayer }: WarningListProps): JSX.Element {
  const hidden = warnings.length - LISTED_WARNINGS;
  return (
    <ul class="warnings" id={LIST_ID} aria-label={l10n.t("Warnings")} data-testid="warnings">
      {warnings.slice(0, LISTED_WARNINGS).map(({ message, layer }, position) => (
        <li key={position}>
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
