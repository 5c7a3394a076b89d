import type { Edit } from "../../profiler/editing/edit.ts";
import type { DocumentEdit, ListedEdit } from "../protocol/editing.ts";

/** Lists of edits that the user asks for: each is the whole list anew, which one undo takes back. */

function listed({ id, edit, isOn }: DocumentEdit): ListedEdit {
  return { id, edit, isOn };
}

export function switched(edits: readonly DocumentEdit[], id: number, isOn: boolean): readonly ListedEdit[] {
  return edits.map((item) => ({ ...listed(item), isOn: item.id === id ? isOn : item.isOn }));
}

export function without(edits: readonly DocumentEdit[], id: number): readonly ListedEdit[] {
  return edits.filter((item) => item.id !== id).map(listed);
}

export function rewritten(edits: readonly DocumentEdit[], id: number, edit: Edit): readonly ListedEdit[] {
  return edits.map((item) => (item.id === id ? { ...listed(item), edit } : listed(item)));
}

/** @param step −1: one place earlier, 1: one place later; beyond the ends nothing moves */
export function moved(edits: readonly DocumentEdit[], id: number, step: -1 | 1): readonly ListedEdit[] {
  const from = edits.findIndex((item) => item.id === id);
  const to = from + step;
  const order = edits.map(listed);
  const [one, other] = [order[from], order[to]];
  if (!one || !other) return order;
  return order.with(to, one).with(from, other);
}
