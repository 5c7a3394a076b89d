import type { CalibrationSpec, Edit } from "../../profiler/editing/index.ts";
import type { Check } from "../../webview/protocol/editing.ts";
import { isSameEdit } from "./edit-list.ts";

/** What a trial was of. */
export interface TriedOn {
  /** A document's content, which is an object of its own. */
  readonly content: unknown;
  readonly samples: CalibrationSpec;
}

/** What trying single edits measured on the last model that one was tried on. */
export class DocumentTrials {
  #on: TriedOn | undefined;
  #trials: readonly { readonly edit: Edit; readonly check: Check }[] = [];

  /** Several edits tried at once tell nothing of each. */
  note(on: TriedOn, edits: readonly Edit[], check: Check): void {
    const [edit] = edits;
    if (edit === undefined || edits.length > 1) return;
    const others = this.#isOf(on) ? this.#trials.filter((trial) => !isSameEdit(trial.edit, edit)) : [];
    this.#on = on;
    this.#trials = [...others, { edit, check }];
  }

  /** @returns undefined where the edit was not tried on this model with these samples */
  of(on: TriedOn, edit: Edit): Check | undefined {
    return this.#isOf(on) ? this.#trials.find((trial) => isSameEdit(trial.edit, edit))?.check : undefined;
  }

  #isOf({ content, samples }: TriedOn): boolean {
    return this.#on?.content === content && JSON.stringify(this.#on?.samples) === JSON.stringify(samples);
  }
}
