import {
  formatIn,
  liftModel,
  optionsFor,
  restructuringOf,
  savings,
  sharedWeights,
  type Absence,
  type AnalysedModel,
  type CalibrationSpec,
  type Edit,
  type EditSession,
  type Guarantee,
  type Measuring,
  type Step,
  type Suggestion,
} from "../../profiler/editing/index.ts";
import type { HardwareProfile } from "../../profiler/index.ts";
import type {
  FoundSuggestions,
  ListedAbsence,
  ListedSuggestion,
  Prediction,
  Suggestions,
  Trial,
} from "../../webview/protocol/editing.ts";
import { asCheck } from "./as-check.ts";
import { labelOf } from "./edit-label.ts";
import { compute, type Computing, type ModelStore } from "./model-store.ts";
import type { EditDescription, ModelRequest, PlannedEdit, SuggestionScope } from "./protocol.ts";

/** What the worker can say of edits, and do with them. */

/** @param file name of the model's file @throws {OptionError} for a restructuring that there is not */
export function describeEdits(edits: readonly Edit[], file: string): readonly EditDescription[] {
  return edits.map((edit) => {
    const { title } = restructuringOf(edit.restructuring);
    return { label: labelOf(title, edit), title, options: optionsFor(edit.restructuring, formatIn(file)) };
  });
}

/** As it stands in the list of edits. */
export function labelOfEdit(edit: Edit): string {
  return labelOf(restructuringOf(edit.restructuring).title, edit);
}

export async function suggestEdits(
  store: ModelStore,
  request: ModelRequest,
  hardware: HardwareProfile,
  { rows: wanted, guarantee, isWholeModel, tells, calibration }: SuggestionScope,
  { signal, onProgress, onFound }: Computing & { readonly onFound: (found: FoundSuggestions) => void },
): Promise<Omit<Suggestions, "revision">> {
  const analysed = await store.analysed(request);
  const named = rowOfName(analysed);
  const rows = rowsByName(analysed);
  const session = (await store.session(request)).with({ hardware, ...(calibration && { calibration }) });
  const before = session.totalsOf(analysed.model);
  const told: { measuring?: Measuring; absences?: readonly Absence[] } = {};
  const listed = (suggestion: Omit<Suggestion, "conflicts">): Omit<ListedSuggestion, "conflicts"> => {
    const { restructuring } = suggestion.edit;
    const { summary, literature } = restructuringOf(restructuring);
    const options = optionsFor(restructuring, analysed.model.format);
    const label = labelOf(suggestion.title, suggestion.edit);
    return { ...suggestion, label, summary, literature, options, rows: rows(suggestion.layers) };
  };
  let untold: ListedSuggestion[] = [];
  let toldAt = performance.now();
  const found = {
    ...(signal && { signal }),
    ...(guarantee && { guarantee }),
    ...(wanted && { layers: new Set([...named].flatMap(([name, row]) => (wanted.includes(row) ? name : []))) }),
    ...(isWholeModel ? { isWholeModel } : { onProgress: (done) => onProgress?.(done, "") }),
    ...(calibration && { onMeasured: (measuring: Measuring) => (told.measuring = measuring) }),
    onAbsences: (absences: readonly Absence[]) => (told.absences = absences),
    onFound: (suggestion) => {
      if (tells === undefined) return;
      untold.push({ ...listed(suggestion), conflicts: [] });
      const now = performance.now();
      if (now - toldAt < TELLING_MILLISECONDS) return;
      onFound({ revision: tells, before, list: untold });
      [toldAt, untold] = [now, []];
    },
  } satisfies Parameters<EditSession["suggest"]>[0];
  const suggestions = await session.suggest(found, analysed.model);
  const { absences = [], ...measured } = told;
  return {
    before,
    ...measured,
    notes: sharedWeights(analysed.model),
    list: suggestions.map((suggestion) => ({ ...suggestion, ...listed(suggestion) })),
    absences: absences.map((absence) => listedAbsence(absence, analysed, rows)),
  };
}

/** Layers that no edit reaches are none of the graph that is edited: they are known by their rows alone. */
function listedAbsence(
  absence: Absence,
  { model, listing }: AnalysedModel,
  rows: (names: readonly string[]) => readonly number[],
): ListedAbsence {
  const { restructuring, layers } = absence;
  if (restructuring !== undefined)
    return { ...absence, title: restructuringOf(restructuring).title, rows: rows(layers) };
  const names = new Set(layers);
  const edited = new Set(model.entries[0].graph.nodes);
  const meant = listing.layers.flatMap(({ name, node }, row) => (names.has(name) && !edited.has(node) ? [row] : []));
  return { ...absence, title: null, rows: meant };
}

/** Often enough for who watches. */
const TELLING_MILLISECONDS = 200;

/** null: the sizes follow from the weights' numbers. @throws {NotApplicableError} */
export async function predict(
  store: ModelStore,
  request: ModelRequest,
  edit: Edit,
  hardware: HardwareProfile,
): Promise<Prediction | null> {
  const analysed = await store.analysed(request);
  const session = (await store.session(request)).with({ hardware });
  const prediction = await session.predict(edit, analysed.model);
  if (!prediction) return null;
  const before = session.totalsOf(analysed.model);
  const { totals: after } = prediction;
  return { after, saves: savings(before, after), rows: rowsByName(analysed)([edit.target]) };
}

/**
 * Computes edits on top of a model and runs it with and without them.
 * @throws {InexactEditError} when an exact edit changes something
 */
export async function tryEdits(
  store: ModelStore,
  request: ModelRequest,
  { edits, calibration }: { readonly edits: readonly PlannedEdit[]; readonly calibration: CalibrationSpec },
  hardware: HardwareProfile,
  { signal, onProgress }: Computing,
): Promise<Trial> {
  const analysed = await store.analysed(request, { ...(signal && { signal }) });
  const session = (await store.session(request)).with({ hardware });
  const changed = new Set<string>();
  const guarantees = edits.map(({ edit }) => restructuringOf(edit.restructuring).guarantee);
  const steps: Step[] = [];
  for (const [index, planned] of edits.entries()) {
    const step = await compute(session, steps.at(-1)?.after ?? analysed.model, planned, {
      ...(signal && { signal }),
      earlier: { base: analysed.model, edits: steps.map((made) => made.edit) },
      onProgress: (done, what) => onProgress?.((COMPUTING_SHARE * (index + done)) / edits.length, what),
    });
    steps.push(step);
    for (const name of step.changed) changed.add(name);
  }
  const last = steps.at(-1);
  if (last === undefined) throw new RangeError("there is no edit to try");
  onProgress?.(COMPUTING_SHARE, CHECKING);
  const whole: Step = { ...last, guarantee: weakest(guarantees), before: analysed.model };
  const check = await session.check(whole, { calibration, ...(signal && { signal }) });
  const after = session.totalsOf(last.after, analysed.model);
  return {
    after,
    saves: savings(session.totalsOf(analysed.model), after),
    rows: rowsByName(analysed)([...changed]),
    guarantee: whole.guarantee,
    check: asCheck(check, calibration),
    isUnfitted: steps.some((step) => step.isUnfitted),
  };
}

/** Running the two models is about as long as computing an edit; nobody tells how far it is. */
const COMPUTING_SHARE = 0.5;
const CHECKING = "checking";

/**
 * The model that was asked for goes to `path`; what is there changes whole or not at all.
 * @returns what the user is to know of the file that is there now: that others own it, or that other names keep the old one
 */
export async function saveModel(
  store: ModelStore,
  request: ModelRequest,
  path: string,
  { signal, onProgress }: Computing,
): Promise<readonly string[]> {
  const model = await store.model(request, { ...(signal && { signal }) });
  const notes: string[] = [];
  await (
    await store.session(request)
  ).write(model, path, {
    ...(signal && { signal }),
    onProgress: (done) => onProgress?.(done, ""),
    onNote: (note) => notes.push(note),
  });
  return notes;
}

/** Rows of the layers that edits name. */
export function rowsByName(analysed: AnalysedModel): (names: readonly string[]) => readonly number[] {
  const named = rowOfName(analysed);
  return (names) => names.flatMap((name) => named.get(name) ?? []).sort((a, b) => a - b);
}

function rowOfName({ model, listing }: AnalysedModel): ReadonlyMap<string, number> {
  const rows = new Map(listing.layers.map(({ node }, row) => [node, row]));
  return new Map(
    liftModel(model).layers.flatMap(({ name, node }) => {
      const row = rows.get(node);
      return row === undefined ? [] : [[name, row] as const];
    }),
  );
}

const BY_STRENGTH: readonly Guarantee[] = ["exact", "approximate", "needs training"];

function weakest(guarantees: readonly Guarantee[]): Guarantee {
  return BY_STRENGTH[Math.max(...guarantees.map((guarantee) => BY_STRENGTH.indexOf(guarantee)))] ?? "approximate";
}
