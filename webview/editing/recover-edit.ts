import type { Edit } from "../../profiler/editing/edit.ts";

/** Trains the model to answer as the file without edits does, with the options that suit most. */
export const RECOVER_EDIT: Edit = { restructuring: "recover", target: "", options: {} };

export function isRecover({ restructuring }: Edit): boolean {
  return restructuring === RECOVER_EDIT.restructuring;
}
