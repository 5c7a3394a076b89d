import { COLUMNS, type Column } from "../columns.ts";
import type { SavedTotal, Suggestion } from "./suggestion.ts";
import type { LayerKind } from "../operators/operation.ts";
import type { LayerProfile, Totals } from "../profile.ts";
import {
  BUDGETED_TOTALS,
  BUDGETS,
  judgeBudget,
  mostOf,
  type BudgetId,
  type BudgetTexts,
  type Verdict,
} from "../views/budgets.ts";
import { numberOf } from "../views/cost-series.ts";
import { sharesByKind } from "../views/shares.ts";

/** What matters most of a profile: which budgets are missed and what would meet them, and where size, time and energy go. */
export interface Answer {
  /** One for each total that is over a budget: the tightest one, in the order of the budgets. */
  readonly misses: readonly Miss[];
  /** At least one budget is set, and all that are set are known to be met. */
  readonly isWithinAll: boolean;
  /** Who has most of the size, the time and the energy, each named once. */
  readonly dominants: readonly Dominant[];
}

export interface Miss {
  readonly budget: BudgetId;
  readonly total: BudgetedTotal;
  readonly verdict: Verdict;
  /** What is left to the total in one inference: bytes, MACs, seconds, picojoules, elements. */
  readonly most: number;
  /** The mildest single edit that meets it; null: none of those that were looked at; undefined: nobody has looked. */
  readonly edit: MeetingEdit | null | undefined;
}

export type BudgetedTotal = (typeof BUDGETED_TOTALS)[BudgetId];

/** What is said of an edit that would meet a budget. */
export type MeetingEdit = Pick<Suggestion, "edit" | "title" | "guarantee" | "after" | "score">;

/** A layer, or all layers of a kind, with their parts of what they have most of. */
export interface Dominant {
  readonly kind: LayerKind;
  /** The layer; of a kind the one that has most. */
  readonly layer: LayerProfile;
  /** One layer has so much that it is named alone. */
  readonly isLayer: boolean;
  readonly parts: readonly { readonly of: DominatedTotal; readonly share: number }[];
}

/** What a model is asked about first: its size, its time, its energy. */
export const DOMINATED = ["weightBytes", "latencySeconds", "energyPicojoules"] as const satisfies readonly SavedTotal[];
export type DominatedTotal = (typeof DOMINATED)[number];

/** A single layer with less is one of many. */
const SHARE_OF_ONE_LAYER = 0.2;

interface Answered {
  readonly layers: readonly LayerProfile[];
  readonly totals: Totals;
  /** Totals that are lower bounds. */
  readonly incomplete: ReadonlySet<keyof Totals>;
  readonly budgets: BudgetTexts;
  /** undefined: nobody has looked for any. */
  readonly suggestions: readonly MeetingEdit[] | undefined;
}

export function answerOf({ layers, totals, incomplete, budgets, suggestions }: Answered): Answer {
  const verdicts = BUDGETS.flatMap(({ id }) => {
    const total = BUDGETED_TOTALS[id];
    const verdict = judgeBudget(id, totals, budgets, incomplete.has(total));
    const most = mostOf(id, budgets);
    return verdict && most !== null ? [{ budget: id, total, verdict, most }] : [];
  });
  const over = verdicts.filter(({ verdict }) => verdict.kind === "over");
  const tightest = over.filter((miss) => over.every((other) => other.total !== miss.total || other.most >= miss.most));
  return {
    misses: tightest
      .filter(({ total }, position) => tightest.findIndex((other) => other.total === total) === position)
      .map((miss) => ({ ...miss, edit: suggestions && mildestThatMeets(suggestions, miss.total, miss.most) })),
    isWithinAll: verdicts.length > 0 && verdicts.every(({ verdict }) => verdict.kind === "within"),
    dominants: dominantsOf(layers, totals),
  };
}

const BY_GUARANTEE: readonly Suggestion["guarantee"][] = ["exact", "approximate", "needs training"];

/**
 * Of edits that meet a budget the strongest guarantee, and of those the one that saves no more than it must. One that is for something else, as
 * equalizing channels is for quantizing them, is none of them, whatever it folds on its way.
 */
function mildestThatMeets(suggestions: readonly MeetingEdit[], total: BudgetedTotal, most: number): MeetingEdit | null {
  const costOf = ({ after }: MeetingEdit): number => after[total] ?? Infinity;
  const guaranteeOf = ({ guarantee }: MeetingEdit): number => BY_GUARANTEE.indexOf(guarantee);
  const [mildest] = suggestions
    .filter((suggestion) => suggestion.score > 0 && costOf(suggestion) <= most)
    .toSorted((a, b) => guaranteeOf(a) - guaranteeOf(b) || costOf(b) - costOf(a));
  return mildest ?? null;
}

function dominantsOf(layers: readonly LayerProfile[], totals: Totals): readonly Dominant[] {
  const named = new Map<string, Dominant>();
  for (const of of DOMINATED) {
    const column = columnOf(of);
    const found = column && dominantOf(layers, column, totals);
    if (!found) continue;
    const { share, ...who } = found;
    const key = who.isLayer ? `#${who.layer.index}` : who.kind;
    const known = named.get(key);
    named.set(key, { ...(known ?? who), parts: [...(known?.parts ?? []), { of, share }] });
  }
  return [...named.values()];
}

function dominantOf(
  layers: readonly LayerProfile[],
  column: Column,
  totals: Totals,
): (Omit<Dominant, "parts"> & { readonly share: number }) | undefined {
  const counted = layers.filter(({ isCounted }) => isCounted);
  const valueOf = (layer: LayerProfile): number => numberOf(column.value(layer, totals)) ?? 0;
  const sum = counted.reduce((all, layer) => all + valueOf(layer), 0);
  if (sum === 0) return undefined;
  const largest = (among: readonly LayerProfile[]): LayerProfile | undefined =>
    among.reduce<LayerProfile | undefined>(
      (most, layer) => (most === undefined || valueOf(layer) > valueOf(most) ? layer : most),
      undefined,
    );
  const one = largest(counted);
  if (one && valueOf(one) / sum >= SHARE_OF_ONE_LAYER)
    return { kind: one.kind, layer: one, isLayer: true, share: valueOf(one) / sum };
  const [group] = sharesByKind(counted, column, totals);
  const layer = group && largest(group.layers);
  return layer && { kind: layer.kind, layer, isLayer: false, share: group.share };
}

function columnOf(total: DominatedTotal): Column | undefined {
  return COLUMNS.find((column) => column.total === total);
}
