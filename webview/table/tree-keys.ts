import { ownEntry } from "../../profiler/own-entry.ts";
import type { Line } from "./table-tree.ts";

/** What a key does in the table, as in VS Code's own lists. */
export type KeyAction =
  | { readonly kind: "move"; readonly to: number }
  | { readonly kind: "expand"; readonly lines: readonly string[] }
  | { readonly kind: "collapse"; readonly line: string };

export interface KeyPlace {
  readonly lines: readonly Line[];
  /** Of the active line; -1 when there is none. */
  readonly position: number;
  /** Lines that fit the screen. */
  readonly pageLines: number;
}

/** undefined for a key that does nothing here. */
export function keyAction(key: string, place: KeyPlace): KeyAction | undefined {
  const { lines, position, pageLines } = place;
  const to = stepTo(key, { position, count: lines.length, pageLines });
  if (to !== undefined) return { kind: "move", to };
  const line = lines[position];
  return line && ownEntry(TREE_KEYS, key)?.(line, place);
}

/** A place in any list of lines. */
export interface ListPlace {
  /** Of the active line; -1 when there is none. */
  readonly position: number;
  readonly count: number;
  /** Lines that fit the screen. */
  readonly pageLines: number;
}

/** The position that a key goes to; undefined for a key that does not move, and in an empty list. */
export function stepTo(key: string, place: ListPlace): number | undefined {
  const { position, count } = place;
  const step = ownEntry(STEPS, key);
  if (step === undefined || count === 0) return undefined;
  // With nothing active the first key goes to an end of the list.
  if (position < 0) return key === "End" ? count - 1 : 0;
  return Math.min(count - 1, Math.max(0, step(place)));
}

/**
 * The line that typing `text` goes to: the next one whose name begins with it, else one that holds it; round and round.
 * @returns -1 when there is none
 */
export function findTyped(text: string, names: readonly string[], from: number): number {
  const sought = text.toLowerCase();
  const order = names.map((_, offset) => (from + offset) % names.length);
  const matches = (test: (name: string) => boolean): number =>
    order.find((position) => test((names[position] ?? "").toLowerCase())) ?? -1;
  const begins = matches((name) => name.startsWith(sought));
  return begins >= 0 ? begins : matches((name) => name.includes(sought));
}

const STEPS: Readonly<Record<string, (place: ListPlace) => number>> = {
  ArrowDown: ({ position }) => position + 1,
  ArrowUp: ({ position }) => position - 1,
  Home: () => 0,
  End: ({ count }) => count - 1,
  PageDown: ({ position, pageLines }) => position + pageLines,
  PageUp: ({ position, pageLines }) => position - pageLines,
};

const TREE_KEYS: Readonly<Record<string, (line: Line, place: KeyPlace) => KeyAction | undefined>> = {
  ArrowRight: ({ id, isExpanded }, { position }) => {
    if (isExpanded === undefined) return undefined;
    return isExpanded ? { kind: "move", to: position + 1 } : { kind: "expand", lines: [id] };
  },
  ArrowLeft: ({ id, isExpanded, parent }, { lines }) => {
    if (isExpanded === true) return { kind: "collapse", line: id };
    return parent === null ? undefined : { kind: "move", to: lines.findIndex((line) => line.id === parent) };
  },
  " ": ({ id, isExpanded }) => {
    if (isExpanded === undefined) return undefined;
    return isExpanded ? { kind: "collapse", line: id } : { kind: "expand", lines: [id] };
  },
  "*": ({ parent }, { lines }) => {
    const closed = lines.filter((line) => line.parent === parent && line.isExpanded === false);
    return closed.length > 0 ? { kind: "expand", lines: closed.map(({ id }) => id) } : undefined;
  },
};
