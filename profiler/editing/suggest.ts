import { setImmediate as nextTurn } from "node:timers/promises";
import { analyseModel, costModel, totalsOf } from "../profile-model.ts";
import type { HardwareProfile } from "../hardware/hardware.ts";
import type { Model } from "../model/model.ts";
import type { Totals } from "../profile.ts";
import { Absences, foreignOperators, outOfReach, unrunnableState, type Absence } from "./absences.ts";
import { mayFix, predictOn } from "./apply.ts";
import { costliest, MOST_LOOKS } from "./costliest.ts";
import type { Edit } from "./edit.ts";
import type { FitError } from "./fit/fit-point.ts";
import { baseFor, describeFixes, fixedBase, openBase, type EditBase } from "./fixed-sizes.ts";
import { RESTRUCTURINGS } from "../restructure/registry.ts";
import {
  isNotApplicable,
  isRefusal,
  type Candidate,
  type Guarantee,
  type Restructuring,
} from "../restructure/restructuring.ts";
import { sharingWeights } from "../restructure/matching/shared-weights.ts";
import { SAVED_TOTALS, scoreOf, whyWorthless, type SavedTotal, type Suggestion } from "./suggestion.ts";

export type { SavedTotal, Suggestion } from "./suggestion.ts";

type Found = Omit<Suggestion, "conflicts">;

export interface SuggestOptions {
  readonly bindings?: Readonly<Record<string, number>>;
  readonly hardware: HardwareProfile;
  readonly signal?: AbortSignal;
  /** Names of layers: only what changes one of them is looked at. */
  readonly layers?: ReadonlySet<string>;
  /** Only edits of the whole model are looked at: a few, whatever the size of the model. */
  readonly isWholeModel?: boolean;
  /** Only what guarantees this is looked at. */
  readonly guarantee?: Guarantee;
  /** Candidates times layers that are looked at; the rest is an absence, and asked for with `layers`. */
  readonly mostLooks?: number;
  /** @param done share of the candidates, 0 to 1 */
  readonly onProgress?: (done: number) => void;
  /** Tells of each suggestion as it is found, unranked and unmeasured. */
  readonly onFound?: (suggestion: Found) => void;
  /** Errors of suggestions, by their places in the list: they are ranked by these then. @param before the model's totals */
  readonly measure?: (found: readonly Found[], before: Totals) => Promise<ReadonlyMap<number, FitError>>;
  /** Is told once, in the end, why edits that somebody could expect are not among the suggestions. */
  readonly onAbsences?: (absences: readonly Absence[]) => void;
}

/**
 * Everything that is worth restructuring: exact edits first, then the most worthwhile. The score is the mean of what an edit saves of the
 * weights' bytes, the energy and the latency of the whole model, times what its guarantee is worth (exact 1, approximate ½, needs training ⅕), or
 * what is left of the answers where `measure` tells their error. What costs more, is predicted to be slower than doing nothing
 * (where an edit stores less: by more than it saves on average), or changes answers for next to nothing is an absence with its reason. Without `measure` sizes alone are looked at.
 */
export async function suggest(model: Model, options: SuggestOptions): Promise<readonly Suggestion[]> {
  const {
    bindings = {},
    hardware,
    signal,
    layers: wanted,
    isWholeModel = false,
    guarantee: wantedGuarantee,
    mostLooks = MOST_LOOKS,
    onProgress,
    onFound,
    onAbsences,
    measure,
  } = options;
  const open = openBase(model, bindings);
  const { graph } = open;
  const analysed = analyseModel(model, bindings);
  const cost = (changed: Model): Totals => totalsOf(analyseModel(changed, bindings, analysed), hardware);
  const before = totalsOf(analysed, hardware);
  const names = new Map(graph.layers.map(({ id, name }) => [id, name]));
  const namesOf = (candidate: Candidate): readonly string[] => candidate.layers.flatMap((id) => names.get(id) ?? []);
  const sharing = new Set(sharingWeights(graph).flatMap((layers) => layers.map(({ id }) => id)));
  const isWanted = (candidate: Candidate): boolean =>
    (!isWholeModel || candidate.target === "") && (!wanted || namesOf(candidate).some((name) => wanted.has(name)));
  // An abort comes as an event: without a turn in between nobody could hear it.
  const turn = async (): Promise<void> => {
    await nextTurn();
    signal?.throwIfAborted();
  };

  const absences = new Absences();
  const chosenOf = (given: readonly Considered[]): readonly Considered[] => {
    const size = graph.layers.length;
    if (given.length * size <= mostLooks) return given;
    const latencies = new Map(costModel(analysed, hardware).layers.map((row) => [row.name, row.latencySeconds]));
    const costOf = (candidate: Candidate): number | null => {
      const known = namesOf(candidate).map((name) => latencies.get(name) ?? null);
      return known.includes(null) ? null : Math.max(0, ...known.flatMap((seconds) => seconds ?? []));
    };
    const { kept, leftOut } = costliest(given, size, costOf, mostLooks);
    const reason = `of ${given.length} places in this large model, ${kept.length} were looked at: those whose layers are estimated to take longest, and of those with unknown estimates as many as fit; an edit of this layer can be named all the same`;
    for (const { restructuring, candidate } of leftOut) absences.add(restructuring.id, candidate.target, reason);
    return kept;
  };
  const fixed = fixedBase(model, bindings);
  const all: Considered[] = [];
  if (foreignOperators(model, analysed.listing, absences) || unrunnableState(model, analysed.listing, absences)) {
    onAbsences?.(absences.list([]));
    return [];
  }
  for (const restructuring of RESTRUCTURINGS) {
    if (wantedGuarantee !== undefined && restructuring.guarantee !== wantedGuarantee) continue;
    await turn();
    const places = new Map<string, Candidate>();
    const refusals = new Map<string, string>();
    for (const finding of restructuring.find(graph)) {
      if (isRefusal(finding)) refusals.set(finding.target, finding.reason);
      else places.set(finding.target, finding);
    }
    for (const finding of fixed && restructuring.guarantee !== "exact" ? restructuring.find(fixed.graph) : [])
      if (!isRefusal(finding) && !places.has(finding.target)) places.set(finding.target, finding);
    for (const [target, reason] of refusals) if (!places.has(target)) absences.add(restructuring.id, target, reason);
    for (const candidate of places.values()) if (isWanted(candidate)) all.push({ restructuring, candidate });
  }

  const candidates = chosenOf(all);
  const found: Found[] = [];
  const refuse = ({ id }: Restructuring, { target }: Candidate, message: string): void =>
    absences.add(id, target, reasonOf(message, id, target));
  for (const [index, { restructuring, candidate }] of candidates.entries()) {
    await turn();
    onProgress?.(index / candidates.length);
    const edit = editOf(restructuring, candidate);
    const prediction = await predicted(
      async () => {
        let changed: Model | undefined;
        const predict = async (tried: EditBase): Promise<Model | undefined> => (changed = await predictOn(tried, edit));
        const base = await baseFor(model, bindings, mayFix(edit), predict);
        return changed && { after: cost(changed), fixes: base.fixes };
      },
      (message) => refuse(restructuring, candidate, message),
    );
    if (!prediction) continue;
    const { after, fixes } = prediction;
    const saves = savings(before, after);
    const { title, guarantee } = restructuring;
    const worthless = whyWorthless({ saves, guarantee, keepsMacs: restructuring.keepsMacs });
    if (worthless !== undefined) {
      absences.add(restructuring.id, candidate.target, worthless);
      continue;
    }
    const isUntied = (saves.parameters ?? 0) < 0 && candidate.layers.some((id) => sharing.has(id));
    const why = [candidate.why, isUntied ? UNTIED : "", describeFixes(fixes)].filter((text) => text !== "").join("; ");
    const layers = namesOf(candidate);
    const wantsSamples = restructuring.fitsToSamples === true;
    const score = restructuring.savesNothing ? 0 : scoreOf({ saves, guarantee });
    const suggestion = {
      edit,
      title,
      why,
      fixes,
      guarantee,
      wantsSamples,
      after,
      saves,
      measured: null,
      score,
      layers,
    };
    found.push(suggestion);
    onFound?.(suggestion);
  }
  if (onAbsences) {
    outOfReach(model, analysed.listing, absences);
    onAbsences(absences.list(RESTRUCTURINGS.map(({ id }) => id)));
  }
  const errors = await measure?.(found, before);
  const ranked = found.map((one, place): Found => {
    const measured = errors?.get(place);
    return measured ? { ...one, measured, score: scoreOf({ ...one, measured }) } : one;
  });
  const isExact = ({ guarantee }: Pick<Suggestion, "guarantee">): number => Number(guarantee === "exact");
  ranked.sort((a, b) => isExact(b) - isExact(a) || b.score - a.score || a.edit.target.localeCompare(b.edit.target));
  return withConflicts(ranked);
}

const UNTIED = "it shares its weights with other layers, which keep them: the file grows";

interface Considered {
  readonly restructuring: Restructuring;
  readonly candidate: Candidate;
}

/** Edits of the whole model touch most layers: by layer, each pair that shares one is met. */
function withConflicts(found: readonly Found[]): readonly Suggestion[] {
  const byLayer = new Map<string, number[]>();
  found.forEach(({ layers }, index) => {
    for (const layer of layers) {
      const known = byLayer.get(layer);
      if (known) known.push(index);
      else byLayer.set(layer, [index]);
    }
  });
  return found.map((suggestion, index) => {
    const others = new Set(suggestion.layers.flatMap((layer) => byLayer.get(layer) ?? []));
    others.delete(index);
    return { ...suggestion, conflicts: [...others].sort((a, b) => a - b) };
  });
}

function editOf({ id, suggested }: Restructuring, { target, options }: Candidate): Edit {
  return { restructuring: id, target, options: { ...suggested, ...options } };
}

/** Some places only turn out not to fit when the edit is thought through: they are no suggestion. */
async function predicted<T>(
  predict: () => Promise<T | undefined>,
  refuse: (message: string) => void,
): Promise<T | undefined> {
  try {
    return await predict();
  } catch (error) {
    if (!isNotApplicable(error)) throw error;
    refuse(error.message);
    return undefined;
  }
}

/** Without the edit and the layer, which stand before it. */
function reasonOf(message: string, id: string, target: string): string {
  const places = [`${id} on "${target}"`, `${id} on the model`, ...(target === "" ? [] : [target])];
  if (!places.some((place) => message.startsWith(place))) return message;
  return message.slice(message.indexOf(": ") + 2);
}

/** What a model with the totals `after` saves. */
export function savings(before: Totals, after: Totals): Suggestion["saves"] {
  const share = (total: SavedTotal): number | null => {
    const [old, now] = [before[total], after[total]];
    if (old === null || now === null) return null;
    return old === 0 ? 0 : 1 - now / old;
  };
  return Object.fromEntries(SAVED_TOTALS.map((total) => [total, share(total)])) as Record<SavedTotal, number | null>;
}
