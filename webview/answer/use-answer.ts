import { useMemo } from "preact/hooks";
import { answerOf, type Answer } from "../../profiler/editing/answer.ts";
import type { Totals } from "../../profiler/profile.ts";
import type { Suggestions } from "../protocol/editing.ts";
import { useAsked, type Asked } from "../editing/use-asked.ts";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import { useStore } from "../state/store.ts";

export interface ShownAnswer extends Answer {
  /** Edits that would meet a missed budget are being looked for. */
  readonly isLooking: boolean;
}

/**
 * What matters of the shown profile; null until all rows are there. Where a budget is missed, edits of the whole model are looked at for one
 * that meets it, unless all suggestions are known: the user looks for those.
 */
export function useAnswer(
  client: ModelClient,
  { revision, layers, header: { totals }, isComplete }: ShownProfile,
  incomplete: ReadonlyMap<keyof Totals, number>,
  all: Asked<Suggestions>,
): ShownAnswer | null {
  const { editing } = client;
  const budgets = useStore(client.budgets);
  const { computing, refusal } = useStore(editing.document);
  const known = all.value?.revision === revision ? all.value.list : undefined;
  const answer = useMemo(
    () =>
      isComplete
        ? answerOf({ layers, totals, incomplete: new Set(incomplete.keys()), budgets, suggestions: known })
        : null,
    [isComplete, layers, totals, incomplete, budgets, known],
  );
  const isWanted = answer !== null && answer.misses.length > 0 && known === undefined && !all.isWaiting;
  const looks = isWanted && computing === null && refusal === null;
  const whole = useAsked(String(revision), looks ? (signal) => editing.suggestForWhole(revision, signal) : undefined);
  const edits = whole.value?.revision === revision ? whole.value.list : undefined;
  const isLooking = whole.isWaiting || (answer !== null && answer.misses.length > 0 && all.isWaiting);
  return useMemo(() => {
    if (answer === null || known !== undefined || edits === undefined) return answer && { ...answer, isLooking };
    const suggested = answerOf({ layers, totals, incomplete: new Set(incomplete.keys()), budgets, suggestions: edits });
    return { ...suggested, isLooking: false };
  }, [answer, known, edits, isLooking]);
}
