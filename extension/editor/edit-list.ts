import type { CalibrationSpec, Edit } from "../../profiler/editing/index.ts";
import type { Check, DocumentEdit, ListedEdit } from "../../webview/protocol/editing.ts";
import type { EditDescription, PlannedEdit } from "../worker/protocol.ts";
import type { BackedUpEdit } from "./backup.ts";

/**
 * The list of edits of a document, as data. Lists never change: each action of the user makes another one, and undoing goes back to the
 * one before.
 */

export interface KeptEdit extends DocumentEdit {
  /** The samples its weights are fitted to, whatever samples are chosen later; null: weights alone were looked at. */
  readonly calibration: CalibrationSpec | null;
}

/** What the page asks for, with what is known of a new edit. */
export interface WantedEdit extends ListedEdit {
  readonly tried?: Check | undefined;
}

export type EditList = readonly KeptEdit[];

/** What the model shown is made with. */
export function inForce(edits: EditList): readonly PlannedEdit[] {
  return edits.filter(({ isOn }) => isOn).map(({ edit, calibration }) => ({ edit, calibration }));
}

/**
 * The list that the page wants, with what is known of the edits that were there before. One whose options were changed is computed anew,
 * with the samples chosen now.
 * @param described as many as `wanted`
 */
export function listOf(
  wanted: readonly WantedEdit[],
  before: EditList,
  described: readonly EditDescription[],
  calibration: CalibrationSpec | null,
): EditList {
  const known = new Map(before.map((kept) => [kept.id, kept]));
  let nextId = Math.max(0, ...known.keys()) + 1;
  return wanted.map(({ id, edit, isOn, tried }, index) => {
    const kept = id === undefined ? undefined : known.get(id);
    if (kept && isSameEdit(kept.edit, edit)) return kept.isOn === isOn ? kept : { ...kept, isOn };
    const { label, options } = described[index] ?? { label: edit.restructuring, options: [] };
    return { id: kept?.id ?? nextId++, edit, label, options, isOn, calibration, ...(tried && { tried }) };
  });
}

/** The list that was kept of a document. @param described as many as `kept` */
export function restoredList(kept: readonly BackedUpEdit[], described: readonly EditDescription[]): EditList {
  return kept.map((each, index) => ({
    ...each,
    id: index + 1,
    ...(described[index] ?? { label: each.edit.restructuring, options: [] }),
  }));
}

/** What an action did to a list, for VS Code's menu: the page need not say. */
export type Change =
  | { readonly kind: "apply" | "remove" | "change" | "switch-on" | "switch-off" | "move"; readonly label: string }
  | { readonly kind: "apply-many"; readonly count: number }
  | { readonly kind: "reapply" | "other" };

/** @returns undefined when the lists are the same */
export function changeBetween(before: EditList, after: EditList): Change | undefined {
  const old = new Map(before.map((kept) => [kept.id, kept]));
  const now = new Map(after.map((kept) => [kept.id, kept]));
  const added = after.filter(({ id }) => !old.has(id));
  const removed = before.filter(({ id }) => !now.has(id));
  const altered = after.filter((kept) => old.has(kept.id) && old.get(kept.id) !== kept);
  const [first] = [...added, ...removed, ...altered];
  if (first === undefined) return movedBetween(before, after);
  if (added.length > 1 && removed.length + altered.length === 0) return { kind: "apply-many", count: added.length };
  if (added.length + removed.length + altered.length > 1) return { kind: "other" };
  const { label } = first;
  if (added.length === 1) return { kind: "apply", label };
  if (removed.length === 1) return { kind: "remove", label };
  const was = old.get(first.id);
  if (was && !isSameEdit(was.edit, first.edit)) return { kind: "change", label };
  return { kind: first.isOn ? "switch-on" : "switch-off", label };
}

export function isSameEdit(a: Edit, b: Edit): boolean {
  const text = ({ restructuring, target, options }: Edit): string =>
    JSON.stringify([
      restructuring,
      target,
      Object.entries(options).toSorted(([one], [other]) => (one < other ? -1 : 1)),
    ]);
  return text(a) === text(b);
}

/** The edit without which the others stand in the same order as before. */
function movedBetween(before: EditList, after: EditList): Change | undefined {
  const ids = (list: EditList, without?: number): string =>
    list.flatMap(({ id }) => (id === without ? [] : [id])).join();
  if (ids(before) === ids(after)) return undefined;
  const moved = after.find(({ id }) => ids(before, id) === ids(after, id));
  return moved ? { kind: "move", label: moved.label } : { kind: "other" };
}
