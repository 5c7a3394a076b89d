import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import * as l10n from "@vscode/l10n";
import { Icon } from "../../controls/controls.tsx";
import { MARK_ICONS, type MarkKind } from "../../graph/box-mark.ts";
import { CHANGE_WORDS, countChanges } from "./compared-marks.ts";
import type { ComparedOutlines } from "./compared-outlines.ts";

const KINDS: readonly MarkKind[] = ["removed", "added", "changed"];

/** What the marks of the boxes mean, and how many layers became what. */
export function ChangeLegend({ outlines }: { readonly outlines: ComparedOutlines }): JSX.Element {
  const counts = useMemo(() => countChanges(outlines), [outlines]);
  return (
    <ul class="change-legend" aria-label={l10n.t("What the marks mean")} data-testid="change-legend">
      {KINDS.map((kind) => (
        <li key={kind}>
          <span class={`legend-box mark-${kind}`} aria-hidden="true">
            <Icon name={MARK_ICONS[kind]} />
          </span>
          {counts[kind].toLocaleString()} {CHANGE_WORDS[kind]()}
        </li>
      ))}
      <li>
        {counts.same.toLocaleString()} {CHANGE_WORDS.same()}
      </li>
    </ul>
  );
}
