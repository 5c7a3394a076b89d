import * as v from "valibot";
import { EDIT } from "../../profiler/editing/edit-list.ts";
import type { CalibrationSpec, Edit } from "../../profiler/editing/index.ts";
import { fields, jsonOf, size } from "../../profiler/outside-data.ts";
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

const anObject = v.record(v.string(), v.unknown());
const aList = v.array(v.unknown());

const BACKUP = fields({
  schema: v.literal(1),
  file: v.string(),
  identity: fields({ size, modifiedMilliseconds: v.number(), digest: v.string() }),
  copy: v.nullable(v.string()),
  edits: v.array(
    fields({
      edit: EDIT,
      isOn: v.boolean(),
      // What is in it is checked where samples are opened.
      calibration: v.nullable(v.custom<CalibrationSpec>((value) => v.is(anObject, value))),
      tried: v.exactOptional(
        v.custom<Check>((value) =>
          v.is(fields({ samples: anObject, outputs: aList, unmatched: aList, doubts: aList }), value),
        ),
      ),
    }),
  ),
});

/** @returns undefined for what no version of ours wrote */
export function parseBackup(text: string): Backup | undefined {
  return jsonOf(BACKUP, text);
}
