import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { Warning } from "../../profiler/profile.ts";
import { Icon } from "../controls/controls.tsx";

interface WarningsProps {
  readonly warnings: readonly Warning[];
  readonly isOpen: boolean;
  readonly onToggle: (isOpen: boolean) => void;
  readonly onSelectLayer: (index: number) => void;
}

/** A broken file can warn of every node; what is beyond tells nothing new, and the exports have them all. */
const LISTED_WARNINGS = 200;

/** What was assumed, what is unknown, what disagrees in the file. */
export function Warnings({ warnings, isOpen, onToggle, onSelectLayer }: WarningsProps): JSX.Element | null {
  if (warnings.length === 0) return null;
  const hidden = warnings.length - LISTED_WARNINGS;
  return (
    <section class="warnings" data-testid="warnings">
      <button type="button" class="warnings-head" aria-expanded={isOpen} onClick={() => onToggle(!isOpen)}>
        <Icon name={isOpen ? "chevron-down" : "chevron-right"} />
        <Icon name="warning" />
        {warnings.length === 1 ? l10n.t("1 warning") : l10n.t("{0} warnings", warnings.length.toLocaleString())}
      </button>
      {isOpen && (
        <ul>
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
      )}
    </section>
  );
}
