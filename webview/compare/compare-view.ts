import { MEASURES, type Choice } from "./compared-layers.ts";

/** How the user looks at a comparison: kept by VS Code while the page is hidden, and across restarts. */
export interface CompareView extends Choice {
  /** Position of the selected row. */
  readonly selected: number | null;
}

export const INITIAL_COMPARISON: CompareView = {
  measure: "macs",
  filter: "",
  onlyDifferences: false,
  showsFolded: false,
  order: { by: "position", isDescending: false },
  selected: null,
};

/** What still makes sense of a state that an older version may have kept. The order starts anew: it depends on what is compared. */
export function restoreCompareView(kept: unknown): CompareView {
  if (typeof kept !== "object" || kept === null) return INITIAL_COMPARISON;
  const { measure, filter, onlyDifferences, showsFolded, selected } = kept as Readonly<Record<string, unknown>>;
  return {
    ...INITIAL_COMPARISON,
    ...(MEASURES.some(({ id }) => id === measure) && { measure: measure as string }),
    ...(typeof filter === "string" && { filter }),
    onlyDifferences: onlyDifferences === true,
    showsFolded: showsFolded === true,
    selected: typeof selected === "number" ? selected : null,
  };
}
