import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Breakable } from "../controls/Breakable.tsx";
import type { ListedAbsence } from "../protocol/editing.ts";
import { shownAbsences } from "./suggestion-list.ts";

interface AbsencesProps {
  readonly absences: readonly ListedAbsence[];
  /** Only what concerns these rows is told; null: all of it. */
  readonly rows: ReadonlySet<number> | null;
  /** Whether they are unfolded at first: where nothing is suggested, they are the answer. */
  readonly isOpen: boolean;
  readonly onHighlight: (rows: readonly number[]) => void;
}

const SHOWN_AT_ONCE = 40;
const MOST_NAMES = 3;

/** Why edits are not suggested where a user could expect them. */
export function Absences({ absences, rows, isOpen, onHighlight }: AbsencesProps): JSX.Element | null {
  const [limit, setLimit] = useState(SHOWN_AT_ONCE);
  const shown = shownAbsences(absences, rows);
  if (shown.length === 0) return null;
  const hidden = shown.length - limit;
  return (
    <details class="absences" data-testid="absences" open={isOpen}>
      <summary>{l10n.t("Not offered, and why ({0})", shown.length)}</summary>
      <ul>
        {byEdit(shown.slice(0, limit)).map(([edit, reasons]) => (
          <li key={edit ?? ""}>
            <strong>{edit === null ? l10n.t("Any edit") : l10n.t(edit)}</strong>
            <ul>
              {reasons.map((absence) => (
                <li key={absence.reason}>
                  <span class="remark">
                    <Breakable text={absence.reason} />
                    {absence.rows.length > 0 && ":"}
                  </span>{" "}
                  {absence.rows.length > 0 && (
                    <button type="button" class="link" onClick={() => onHighlight(absence.rows)}>
                      <Breakable text={namesOf(absence)} />
                    </button>
                  )}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
      {hidden > 0 && (
        <button type="button" class="link show-more" onClick={() => setLimit(limit + SHOWN_AT_ONCE)}>
          {l10n.t("Show {0} more", Math.min(SHOWN_AT_ONCE, hidden))}
        </button>
      )}
    </details>
  );
}

/** Each edit with its reasons, in the order of the first of them. */
function byEdit(absences: readonly ListedAbsence[]): readonly (readonly [string | null, readonly ListedAbsence[]])[] {
  const edits = new Map<string | null, ListedAbsence[]>();
  for (const absence of absences) {
    const known = edits.get(absence.title);
    if (known) known.push(absence);
    else edits.set(absence.title, [absence]);
  }
  return [...edits];
}

function namesOf({ layers }: ListedAbsence): string {
  const names = layers.slice(0, MOST_NAMES).join(", ");
  const more = layers.length - MOST_NAMES;
  return more > 0 ? l10n.t("{0} and {1} more", names, more) : names;
}
