import * as v from "valibot";
import { entriesOf, pixels } from "./kept-fields.ts";

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

const { details: USUAL } = INITIAL_PREFERENCES;

const PREFERENCES = v.object({
  columns: v.fallback(v.nullable(v.pipe(v.array(v.string()), v.readonly())), null),
  widths: entriesOf(pixels),
  details: v.fallback(
    v.object({
      isOpen: v.fallback(v.boolean(), USUAL.isOpen),
      width: v.fallback(pixels, USUAL.width),
      height: v.fallback(pixels, USUAL.height),
    }),
    USUAL,
  ),
});

/** Field by field what still makes sense of what an older version may have kept. */
export function restorePreferences(kept: unknown): Preferences {
  return v.parse(v.fallback(PREFERENCES, INITIAL_PREFERENCES), kept);
}

/** Whether columns, and what is open, are as they were: what differs then is what a drag changes. */
export function differsInSizesOnly(before: Preferences, after: Preferences): boolean {
  return before.columns === after.columns && before.details.isOpen === after.details.isOpen;
}
