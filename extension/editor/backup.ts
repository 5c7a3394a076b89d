import type { CalibrationSpec, Edit } from "../../profiler/editing/index.ts";
import type { Check } from "../../webview/protocol/editing.ts";
import type { EditList } from "./edit-list.ts";
import type { FileIdentity } from "./file-identity.ts";

/** What VS Code keeps of a document with unsaved edits: which file they are for, and the edits. No weights. */
export interface Backup {
  readonly schema: 1;
  readonly file: string;
  readonly identity: FileIdentity;
  /** A copy of that version of the file, where one was made. */
  readonly copy: string | null;
  readonly edits: readonly BackedUpEdit[];
}

export interface BackedUpEdit {
  readonly edit: Edit;
  readonly isOn: boolean;
  readonly calibration: CalibrationSpec | null;
  readonly tried?: Check;
}

export function formatBackup({ edits, ...about }: Omit<Backup, "schema" | "edits"> & { edits: EditList }): string {
  const kept = edits.map(({ edit, isOn, calibration, tried }): BackedUpEdit => ({
    edit,
    isOn,
    calibration,
    ...(tried && { tried }),
  }));
  return JSON.stringify({ schema: 1, ...about, edits: kept } satisfies Backup);
}

/** @returns undefined for what no version of ours wrote */
export function parseBackup(text: string): Backup | undefined {
  try {
    const backup: unknown = JSON.parse(text);
    return isBackup(backup) ? backup : undefined;
  } catch {
    return undefined;
  }
}

function isBackup(value: unknown): value is Backup {
  if (!isObject(value) || value.schema !== 1 || !Array.isArray(value.edits)) return false;
  const { identity, copy, file } = value;
  const isIdentity =
    isObject(identity) && typeof identity.size === "number" && typeof identity.modifiedMilliseconds === "number";
  return (
    isIdentity && typeof file === "string" && (copy === null || typeof copy === "string") && value.edits.every(isEdit)
  );
}

function isEdit(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.edit) || typeof value.edit.restructuring !== "string") return false;
  return value.tried === undefined || isCheck(value.tried);
}

function isCheck(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.samples)) return false;
  const lists = [value.outputs, value.unmatched, value.doubts];
  return lists.every((list) => Array.isArray(list));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
