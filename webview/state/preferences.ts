import { isRecord, isSize } from "./view-state.ts";

/** How the user likes the page, whichever model it shows: kept by the extension for all of them. */
export interface Preferences {
  /** Columns that are shown, in order; null: the usual ones. */
  readonly columns: readonly string[] | null;
  /** Widths that the user gave to columns, in pixels. */
  readonly widths: Readonly<Record<string, number>>;
  readonly details: DetailsPreferences;
}

export interface DetailsPreferences {
  readonly isOpen: boolean;
  /** Pixels, where the panel stands beside the table. */
  readonly width: number;
  /** Pixels, where it stands below. */
  readonly height: number;
}

export const INITIAL_PREFERENCES: Preferences = {
  columns: null,
  widths: {},
  details: { isOpen: true, width: 340, height: 230 },
};

/** Field by field what still makes sense of what an older version may have kept. */
export function restorePreferences(kept: unknown): Preferences {
  if (!isRecord(kept)) return INITIAL_PREFERENCES;
  const { columns, widths, details } = kept;
  return {
    columns: Array.isArray(columns) && columns.every((id) => typeof id === "string") ? columns : null,
    widths: isRecord(widths) ? Object.fromEntries(Object.entries(widths).filter(isWidth)) : {},
    details: restoreDetails(details),
  };
}

/** Whether columns, and what is open, are as they were: what differs then is what a drag changes. */
export function differsInSizesOnly(before: Preferences, after: Preferences): boolean {
  return before.columns === after.columns && before.details.isOpen === after.details.isOpen;
}

function restoreDetails(kept: unknown): DetailsPreferences {
  const { details: usual } = INITIAL_PREFERENCES;
  if (!isRecord(kept)) return usual;
  const { isOpen, width, height } = kept;
  return {
    isOpen: isOpen !== false,
    width: isSize(width) ? width : usual.width,
    height: isSize(height) ? height : usual.height,
  };
}

function isWidth(entry: [string, unknown]): entry is [string, number] {
  return isSize(entry[1]);
}
