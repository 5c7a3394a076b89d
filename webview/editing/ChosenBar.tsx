import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { Edit } from "../../profiler/editing/edit.ts";
import { Button } from "../controls/controls.tsx";
import type { Suggestions, Trial } from "../protocol/editing.ts";
import type { EditingClient } from "../state/editing-client.ts";
import { useStore } from "../state/store.ts";
import { CheckResult } from "./CheckResult.tsx";
import { FailureNote, TaskProgress } from "./notes.tsx";
import { SavingsGrid } from "./SavingsGrid.tsx";
import { useTask } from "./use-task.ts";

interface ChosenBarProps {
  readonly client: EditingClient;
  readonly suggestions: Suggestions;
  readonly edits: readonly Edit[];
  readonly hasConflicts: boolean;
  readonly isBusy: boolean;
  readonly onApply: (edits: readonly Edit[]) => void;
  readonly onClear: () => void;
  readonly onChooseData: () => void;
}

/** Several suggestions as one change. */
export function ChosenBar(props: ChosenBarProps): JSX.Element {
  const { client, suggestions, edits, hasConflicts, isBusy, onApply, onClear, onChooseData } = props;
  const trial = useTask<Trial>();
  const progress = useStore(client.progress);
  return (
    <div class="chosen-bar" role="group" aria-label={l10n.t("Chosen suggestions")} data-testid="chosen">
      {trial.result && (
        <div class="chosen-result">
          <SavingsGrid before={suggestions.before} after={trial.result.after} saves={trial.result.saves} />
          <CheckResult check={trial.result.check} isUnfitted={trial.result.isUnfitted} onChooseData={onChooseData} />
        </div>
      )}
      {trial.failure && <FailureNote failure={trial.failure} />}
      {trial.isRunning && (
        <TaskProgress done={progress?.done ?? 0} what={progress?.what ?? ""} onCancel={trial.cancel} />
      )}
      {hasConflicts && <p class="remark">{l10n.t("Some of them change the same layer.")}</p>}
      <div class="suggestion-buttons">
        <span>{edits.length === 1 ? l10n.t("1 chosen") : l10n.t("{0} chosen", edits.length)}</span>
        <button type="button" class="link" onClick={onClear}>
          {l10n.t("Clear")}
        </button>
        <Button
          appearance="secondary"
          icon="beaker"
          isDisabled={isBusy || trial.isRunning}
          onClick={() => trial.start((signal) => client.tryEdits(suggestions.revision, edits, signal))}
        >
          {l10n.t("Try together")}
        </Button>
        <Button icon="check" isDisabled={isBusy} onClick={() => onApply(edits)}>
          {l10n.t("Apply together")}
        </Button>
      </div>
    </div>
  );
}
