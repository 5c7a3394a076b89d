import * as l10n from "@vscode/l10n";
import type { BoxMark } from "../../graph/box-mark.ts";
import { pairText, type Change, type ComparedLayer } from "../compared-layers.ts";
import type { Side } from "../protocol.ts";
import type { ComparedOutlines } from "./compared-outlines.ts";

/** Words for what became of a layer: made when they are drawn, for translations come with the first message. */
export const CHANGE_WORDS: Readonly<Record<Change, () => string>> = {
  same: () => l10n.t("same"),
  changed: () => l10n.t("changed"),
  added: () => l10n.t("added"),
  removed: () => l10n.t("removed"),
};

/** What stands on the boxes of a side that are not the same on the other. */
export function marksOf(outlines: ComparedOutlines, side: Side): ReadonlyMap<string, BoxMark> {
  return new Map(
    [...outlines.changes[side]].flatMap(([id, { change, differing }]) => {
      if (change === "same") return [];
      const isModule = (outlines.outlines[side].boxes.get(id)?.children.length ?? 0) > 0;
      const text = isModule && change === "changed" ? differText(differing) : CHANGE_WORDS[change]();
      return [[id, { kind: change, text }] as const];
    }),
  );
}

function differText(layers: number): string {
  return layers === 1 ? l10n.t("1 differs") : l10n.t("{0} differ", layers.toLocaleString());
}

/** "changed: Conv → CONV_2D conv1 → conv1_int8" */
export function rowText(row: ComparedLayer): string {
  return `${CHANGE_WORDS[row.change]()}: ${pairText(row, ({ op }) => op)} ${pairText(row, ({ name }) => name)}`;
}

/** How many drawn rows became what. */
export function countChanges(outlines: ComparedOutlines): Readonly<Record<Change, number>> {
  const counts = { same: 0, changed: 0, added: 0, removed: 0 };
  for (const row of outlines.layers) if (outlines.isDrawn(row)) counts[row.change] += 1;
  return counts;
}
