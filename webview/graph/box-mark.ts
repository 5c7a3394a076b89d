/** What became of a box since another version of the network. */
export type MarkKind = "added" | "removed" | "changed";

/** Said by a colour, by a pattern and by a symbol, so that none of them must be seen, and in words. */
export interface BoxMark {
  readonly kind: MarkKind;
  readonly text: string;
}

/** The icon of each, as in the table of a comparison. */
export const MARK_ICONS: Readonly<Record<MarkKind, string>> = { added: "add", removed: "remove", changed: "edit" };
