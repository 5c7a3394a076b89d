import { ownEntry } from "../../profiler/own-entry.ts";
import type { Preferences } from "../state/preferences.ts";
import { NARROWEST_COLUMN, PAGE_COLUMNS, TREE_COLUMN, type PageColumn } from "./page-columns.ts";

/** What the user has chosen of the columns. */
export type ColumnChoice = Pick<Preferences, "columns" | "widths">;

const USUAL: readonly string[] = PAGE_COLUMNS.filter(({ isUsual }) => isUsual).map(({ id }) => id);
/** Beside the usual ones, while a run is shown. */
const USUAL_MEASURED: readonly string[] = ["measured", "measuredRatio"];
const BY_ID: ReadonlyMap<string, PageColumn> = new Map(PAGE_COLUMNS.map((column) => [column.id, column]));

/** Pixels that the texts of a model ask for, of columns in which they must not be cut; `WHOLE_NAME` of names that say the operator too. */
export type ColumnNeeds = Readonly<Record<string, number>>;

/** Not a column: what the tree's column asks for where the one of operators is not shown. */
export const WHOLE_NAME = "name with operator";

/** Pixels on either side of the rows; the style sheet has the same number. */
const SIDE_PADDING = 10;

/** What a table that nobody has arranged does without where it is narrow, in this order: where the cost sits stays in sight. */
const GIVING_WAY = ["shape", "op", "activationBytes", "index", "parameters"] as const;
/** Who looks at measured times asks what ran, and what was expected of it. */
const GIVING_WAY_MEASURED = ["shape", "activationBytes", "energy", "index", "op", "parameters"] as const;

/**
 * The choice itself; while the user has made none, the usual columns of which as many have given way as the width asks for. Widths that
 * the user gave do not count: a column must not vanish under a hand that makes another one wider.
 */
export function fittingChoice(
  choice: ColumnChoice,
  width: number,
  isMeasured = false,
  needs: ColumnNeeds = {},
): ColumnChoice {
  if (choice.columns !== null || width === 0) return choice;
  const usual = isMeasured ? [...USUAL, ...USUAL_MEASURED] : USUAL;
  let columns = usual;
  for (const id of isMeasured ? GIVING_WAY_MEASURED : GIVING_WAY) {
    if (narrowestTable({ columns, widths: {} }, needs) <= width) break;
    columns = columns.filter((other) => other !== id);
  }
  return columns === USUAL ? choice : { ...choice, columns };
}

/** Columns that are shown, in order. A choice that an older version made may name some that are gone, or lack the tree's. */
export function shownColumns({ columns }: Pick<ColumnChoice, "columns">): readonly PageColumn[] {
  const ids = [...new Set(columns ?? USUAL)];
  const known = ids.flatMap((id) => BY_ID.get(id) ?? []);
  const tree = BY_ID.get(TREE_COLUMN);
  return tree && !known.includes(tree) ? [tree, ...known] : known;
}

/** Shows a column where it stands in the order that they are offered in, or hides it. */
export function toggleColumn(choice: ColumnChoice, id: string): ColumnChoice {
  const shown = shownColumns(choice).map((column) => column.id);
  if (shown.includes(id)) {
    return id === TREE_COLUMN ? choice : { ...choice, columns: shown.filter((other) => other !== id) };
  }
  const offered = PAGE_COLUMNS.map((column) => column.id);
  const before = new Set(offered.slice(0, offered.indexOf(id)));
  const place = shown.findLastIndex((other) => before.has(other)) + 1;
  return { ...choice, columns: shown.toSpliced(place, 0, id) };
}

/** Moves a column to the place of another one. */
export function moveColumn(choice: ColumnChoice, id: string, to: number): ColumnChoice {
  const shown = shownColumns(choice).map((column) => column.id);
  const from = shown.indexOf(id);
  if (from < 0 || to < 0 || to >= shown.length || to === from) return choice;
  return { ...choice, columns: shown.toSpliced(from, 1).toSpliced(to, 0, id) };
}

/** @param width undefined: back to the one that the column has of itself */
export function resizeColumn(choice: ColumnChoice, id: string, width: number | undefined): ColumnChoice {
  const { [id]: _old, ...others } = choice.widths;
  if (width === undefined) return { ...choice, widths: others };
  return { ...choice, widths: { ...others, [id]: Math.max(NARROWEST_COLUMN, Math.round(width)) } };
}

/** For `grid-template-columns`. Where no column that stretches is left, the last one takes the rest. */
export function gridTemplate(choice: ColumnChoice, needs: ColumnNeeds = {}): string {
  const shown = shownColumns(choice);
  const fills = shown.some(({ id, stretch }) => stretch > 0 && ownEntry(choice.widths, id) === undefined);
  return shown
    .map(({ id, width: least, stretch }, position) => {
      const given = ownEntry(choice.widths, id);
      const width = Math.max(least, needOf(id, shown, needs));
      if (!fills && position === shown.length - 1) return `minmax(${given ?? width}px, 1fr)`;
      if (given !== undefined) return `${given}px`;
      return stretch > 0 ? `minmax(${width}px, ${stretch}fr)` : `${width}px`;
    })
    .join(" ");
}

/** Whether the user has made a column narrower than what it holds asks for. */
export function isSqueezed(choice: ColumnChoice): boolean {
  return shownColumns(choice).some(({ id, width }) => (ownEntry(choice.widths, id) ?? width) < width);
}

/** Below this the table scrolls sideways. */
export function narrowestTable(choice: ColumnChoice, needs: ColumnNeeds = {}): number {
  const shown = shownColumns(choice);
  return shown.reduce(
    (sum, { id, width }) => sum + (ownEntry(choice.widths, id) ?? Math.max(width, needOf(id, shown, needs))),
    2 * SIDE_PADDING,
  );
}

function needOf(id: string, shown: readonly PageColumn[], needs: ColumnNeeds): number {
  const saysOperator = id === TREE_COLUMN && !shown.some((column) => column.id === "op");
  return (saysOperator ? ownEntry(needs, WHOLE_NAME) : undefined) ?? ownEntry(needs, id) ?? 0;
}
