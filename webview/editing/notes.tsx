import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useAnnouncedProgress } from "../controls/Announcements.tsx";
import { Breakable } from "../controls/Breakable.tsx";
import { Icon, IconButton } from "../controls/controls.tsx";
import { asSentence, type Failure } from "../protocol/rpc.ts";

/** Why something did not work, and what to do about it. */
export function FailureNote({ failure }: { readonly failure: Failure }): JSX.Element | null {
  if (failure.code === "cancelled") return null;
  return (
    <p class="failure-note" role="alert">
      <Icon name="error" />
      <span>
        {failure.hint === undefined ? failure.message : asSentence(failure.message)}
        {failure.hint !== undefined && <span class="remark"> {failure.hint}</span>}
      </span>
    </p>
  );
}

interface TaskProgressProps {
  /** 0 to 1. */
  readonly done: number;
  /** Empty until the work says what it does. */
  readonly what: string;
  readonly onCancel: () => void;
}

/** How far a piece of work is, as a bar. */
export function TaskBar({ done, what }: Omit<TaskProgressProps, "onCancel">): JSX.Element {
  return (
    <div
      class="task-bar"
      role="progressbar"
      aria-label={what}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(100 * done)}
    >
      <div class="task-done" style={{ transform: `scaleX(${Math.max(0.02, done)})` }} />
    </div>
  );
}

/** How far a piece of work is, which screen readers say too, and the way out of it. */
export function TaskProgress({ done, onCancel, ...props }: TaskProgressProps): JSX.Element {
  const what = props.what === "" ? l10n.t("Starting…") : props.what;
  useAnnouncedProgress(what, done);
  return (
    <div class="task" data-testid="task">
      <TaskBar done={done} what={what} />
      <span class="task-what">
        <Breakable text={what} />
      </span>
      <IconButton icon="close" label={l10n.t("Cancel")} onClick={onCancel} />
    </div>
  );
}
