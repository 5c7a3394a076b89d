import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { Button } from "../controls/controls.tsx";
import { CheckedOutputs, CheckedSamples } from "../editing/CheckResult.tsx";
import { measuredFacts } from "../editing/check-text.ts";
import { FailureNote, TaskBar } from "../editing/notes.tsx";
import type { OutputsState } from "./protocol.ts";

export interface OutputActions {
  readonly compare: () => void;
  readonly cancel: () => void;
  readonly chooseData: () => void;
}

interface ComparedOutputsProps {
  readonly outputs: OutputsState;
  readonly actions: OutputActions;
}

/** What both models answer to the same samples, once that was asked for. One button starts and ends it, so that the focus stays on it. */
export function ComparedOutputs({ outputs, actions }: ComparedOutputsProps): JSX.Element {
  const { isRunning, samples, check, failure } = outputs;
  const done = samples ? samples.done / Math.max(1, samples.total) : 0;
  return (
    <section class="compare-outputs" aria-label={l10n.t("Outputs of both models")} data-testid="outputs">
      <div class="compare-outputs-tools">
        <Button
          appearance="secondary"
          icon={isRunning ? "close" : "beaker"}
          onClick={isRunning ? actions.cancel : actions.compare}
        >
          {isRunning ? l10n.t("Cancel") : l10n.t("Compare Outputs")}
        </Button>
        {isRunning && <TaskBar done={done} what={progressText(outputs)} />}
        <span role="status" class="remark">
          {isRunning ? progressText(outputs) : endText(outputs)}
        </span>
      </div>
      {failure && <FailureNote failure={failure} />}
      {check && (
        <div class="check compare-outputs-result">
          <CheckedOutputs check={check} factsOf={measuredFacts} />
          <CheckedSamples samples={check.samples} onChooseData={actions.chooseData} />
        </div>
      )}
    </section>
  );
}

function progressText({ samples }: OutputsState): string {
  if (samples === null) return l10n.t("Opening both models in their runtimes…");
  return l10n.t("{0} of {1} samples compared…", samples.done.toLocaleString(), samples.total.toLocaleString());
}

function endText({ check, failure }: OutputsState): string {
  if (failure?.code === "cancelled") return l10n.t("Cancelled.");
  // Why is said by an alert beside it.
  if (failure) return l10n.t("The outputs could not be compared.");
  if (check === null)
    return l10n.t("Runs both models on the same samples: calibration data where one has some, else random inputs.");
  const differing = check.outputs.filter(({ difference }) => difference?.isIdentical !== true).length;
  return differing === 0
    ? l10n.t("All {0} outputs are the same.", check.outputs.length.toLocaleString())
    : l10n.t("{0} of {1} outputs differ.", differing.toLocaleString(), check.outputs.length.toLocaleString());
}
