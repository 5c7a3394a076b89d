import type { Edit } from "../../profiler/editing/index.ts";
import type { ListedSuggestion } from "../../webview/protocol/editing.ts";

/** Each round makes the model cheaper; what one uncovers, the next takes: a fold behind a fold behind a layer without effect. */
const MOST_ROUNDS = 8;

/**
 * All edits that are exact and save something. Of those that are in conflict the more worthwhile one is taken; what is left of the others
 * is found in another round.
 * @param suggest what could be done once these edits are
 */
export async function exactEdits(
  suggest: (edits: readonly Edit[]) => Promise<readonly ListedSuggestion[]>,
): Promise<readonly Edit[]> {
  const edits: Edit[] = [];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const taken = new Set<number>();
    for (const [place, { edit, guarantee, score, conflicts }] of (await suggest(edits)).entries()) {
      if (guarantee !== "exact" || score <= 0 || conflicts.some((other) => taken.has(other))) continue;
      taken.add(place);
      edits.push(edit);
    }
    if (taken.size === 0) break;
  }
  return edits;
}
