import type { Candidate } from "../restructure/restructuring.ts";

/**
 * Layers looked at for all candidates together: each is predicted on the whole model. About 90 s of processor time; 2,000 layers may have 5,000
 * candidates, 20,000 layers 500.
 */
export const MOST_LOOKS = 10_000_000;

/**
 * The candidates that fit into `most` looks: those of the whole model, and of the others those whose layers cost most, all in the order given.
 * A cost that is unknown may be the largest: half of the room is theirs, where there are more of both than fit.
 * @param layers of the model
 * @param costOf of a candidate's layers; null where it is unknown
 */
export function costliest<T extends { readonly candidate: Candidate }>(
  candidates: readonly T[],
  layers: number,
  costOf: (candidate: Candidate) => number | null,
  most = MOST_LOOKS,
): { readonly kept: readonly T[]; readonly leftOut: readonly T[] } {
  const room = Math.max(1, Math.floor(most / Math.max(1, layers)));
  if (candidates.length <= room) return { kept: candidates, leftOut: [] };
  const isWhole = ({ candidate }: T): boolean => candidate.target === "";
  const costs = candidates.filter((one) => !isWhole(one)).map((one) => ({ one, cost: costOf(one.candidate) }));
  const unknown = costs.filter(({ cost }) => cost === null);
  const known = costs.flatMap(({ one, cost }) => (cost === null ? [] : [{ one, cost }]));
  known.sort((a, b) => b.cost - a.cost);
  const unknownRoom = Math.max(Math.floor(room / 2), room - known.length);
  const keptUnknown = unknown.slice(0, unknownRoom);
  const chosen = new Set([...known.slice(0, room - keptUnknown.length), ...keptUnknown].map(({ one }) => one));
  const kept = candidates.filter((one) => isWhole(one) || chosen.has(one));
  return { kept, leftOut: candidates.filter((one) => !isWhole(one) && !chosen.has(one)) };
}
