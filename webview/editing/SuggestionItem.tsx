import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { inOrder } from "../../profiler/editing/fit/fit-point.ts";
import type { Edit } from "../../profiler/editing/edit.ts";
import type { Totals } from "../../profiler/profile.ts";
import type { HardwareProfile } from "../../profiler/hardware/hardware-profile.ts";
import { formatBytes, formatShare } from "../../profiler/format-numbers.ts";
import { isSlower, movedOnChip, savesNoTime } from "../../profiler/editing/suggestion.ts";
import { Breakable } from "../controls/Breakable.tsx";
import { Button, Checkbox, Icon } from "../controls/controls.tsx";
import type { ListedSuggestion, Trial } from "../protocol/editing.ts";
import type { EditingClient } from "../state/editing-client.ts";
import { useStore } from "../state/store.ts";
import { CheckResult } from "./CheckResult.tsx";
import { FailureNote, TaskProgress } from "./notes.tsx";
import { RECOVER_EDIT } from "./recover-edit.ts";
import { OptionFields } from "./OptionFields.tsx";
import { GuaranteeBadge } from "./GuaranteeBadge.tsx";
import { SavingsGrid } from "./SavingsGrid.tsx";
import { useAsked } from "./use-asked.ts";
import { useTask } from "./use-task.ts";

/** Milliseconds without a move of the slider before its value is predicted. */
const PREDICTION_DELAY = 120;

interface SuggestionItemProps {
  readonly client: EditingClient;
  readonly revision: number;
  readonly before: Totals;
  readonly hardware: HardwareProfile;
  readonly suggestion: ListedSuggestion;
  /** With the options that the user has set. */
  readonly edit: Edit;
  /** Stands under the name of its kind. */
  readonly isOneOfMany: boolean;
  readonly isOpen: boolean;
  readonly isChosen: boolean;
  /** Changes a row that is selected in the table. */
  readonly isMarked: boolean;
  /** One that was chosen and touches a layer which this one touches. */
  readonly conflict: ListedSuggestion | undefined;
  readonly isBusy: boolean;
  readonly onOpen: () => void;
  readonly onChoose: (isChosen: boolean) => void;
  readonly onChange: (edit: Edit) => void;
  readonly onApply: (edits: readonly Edit[]) => void;
  readonly onChooseData: () => void;
}

/** One thing that could be done: what, where, what it saves, and, when opened, how, with what error, and from whom. */
export function SuggestionItem(props: SuggestionItemProps): JSX.Element {
  const { suggestion, edit, isOneOfMany, isOpen, isChosen, isMarked, conflict, before, hardware } = props;
  const { onOpen, onChoose } = props;
  const { why, guarantee, after, saves, measured } = suggestion;
  const title = l10n.t(suggestion.title);
  const target = edit.target === "" ? l10n.t("the whole model") : edit.target;
  const item = useRef<HTMLLIElement>(null);
  // The one that was open before folds in, which moves all below it.
  useLayoutEffect(() => {
    if (isOpen) item.current?.scrollIntoView({ block: "nearest" });
  }, [isOpen]);
  const classes = ["suggestion", isOpen && "open", isMarked && "marked"].filter(Boolean).join(" ");
  return (
    <li
      ref={item}
      class={classes}
      data-testid="suggestion"
      data-restructuring={edit.restructuring}
      data-target={edit.target}
    >
      <div class="suggestion-head">
        <span class="suggestion-choice">
          <Checkbox
            label={l10n.t("Choose {0}, {1}", title, target)}
            isLabelHidden
            isChecked={isChosen}
            onChange={onChoose}
          />
        </span>
        <button type="button" class="suggestion-title" aria-expanded={isOpen} onClick={onOpen}>
          <Icon name={isOpen ? "chevron-down" : "chevron-right"} />
          <span class={isOneOfMany ? "visually-hidden" : "suggestion-what"}>{title}</span>{" "}
          <span class={isOneOfMany ? "suggestion-what" : "suggestion-where"} data-tip={target} data-tip-when="cut">
            <Breakable text={target} />
          </span>
        </button>
      </div>
      <p class="suggestion-why suggestion-reason">
        <GuaranteeBadge guarantee={guarantee} /> <Breakable text={why} />
      </p>
      {measured && (
        <p class="suggestion-why" role="note" data-testid="measured">
          <Icon name="beaker" /> {measuredText(measured)}
        </p>
      )}
      {savesNoTime(suggestion) && (
        <p class="suggestion-why" role="note">
          <Icon name="watch" /> {l10n.t("Cuts MACs, but saves no time on this hardware.")}
        </p>
      )}
      {isSlower(suggestion) && !savesNoTime(suggestion) && (
        <p class="suggestion-why" role="note">
          <Icon name="watch" /> {l10n.t("Predicted to be slower on this hardware than the model as it is.")}
        </p>
      )}
      <OnChipNote before={before} after={after} hardware={hardware} />
      {suggestion.wantsSamples && isOpen && (
        <p class="suggestion-why" role="note">
          <Icon name="database" />{" "}
          {l10n.t(
            "Its weights are fitted to calibration data: without it, no layer is fitted to what is left, and the model may lose most of its accuracy.",
          )}
        </p>
      )}
      {conflict && (
        <p class="conflict" role="note">
          <Icon name="warning" />
          {l10n.t(
            "Changes a layer that “{0}” changes too: the one that is applied later may not fit any more.",
            [l10n.t(conflict.title), conflict.edit.target].filter(Boolean).join(" "),
          )}
        </p>
      )}
      {isOpen ? <OpenSuggestion {...props} /> : <SavingsGrid before={before} after={after} saves={saves} />}
    </li>
  );
}

function measuredText({ error, accuracy, agreement }: NonNullable<ListedSuggestion["measured"]>): string {
  const off = formatShare(Math.sqrt(inOrder(error)));
  if (accuracy !== null) return l10n.t("Measured: answers off by {0} (RMS), accuracy {1}.", off, formatShare(accuracy));
  if (agreement !== null)
    return l10n.t("Measured: answers off by {0} (RMS), same class for {1}.", off, formatShare(agreement));
  return l10n.t("Measured: answers off by {0} (RMS).", off);
}

interface OnChipNoteProps {
  readonly before: Totals;
  readonly after: Totals;
  readonly hardware: HardwareProfile;
}

/** Where most of the energy saved comes from a memory that the model fits into all at once. */
function OnChipNote({ before, after, hardware }: OnChipNoteProps): JSX.Element | null {
  const moved = movedOnChip(before, after, hardware);
  if (moved.length === 0) return null;
  const size = formatBytes(hardware.onChipBytes);
  const text =
    moved.length > 1
      ? l10n.t("Weights and activations fit into the on-chip memory of {0} then: that saves most of the energy.", size)
      : moved[0] === "weights"
        ? l10n.t("The weights fit into the on-chip memory of {0} then: that saves most of their energy.", size)
        : l10n.t("The activations fit into the on-chip memory of {0} then: that saves most of their energy.", size);
  return (
    <p class="suggestion-why" role="note" data-testid="on-chip">
      <Icon name="chip" /> {text}
    </p>
  );
}

function OpenSuggestion(props: SuggestionItemProps): JSX.Element {
  const { client, revision, before, suggestion, edit, isBusy, onChange, onApply, onChooseData } = props;
  const { summary, literature, options, after, saves } = suggestion;
  const isAsSuggested = edit === suggestion.edit;
  const prediction = useAsked(
    `${revision} ${JSON.stringify(edit)}`,
    isAsSuggested ? undefined : (signal) => client.predict(revision, edit, signal),
    PREDICTION_DELAY,
  );
  const trial = useTask<Trial>();
  const progress = useStore(client.progress);
  // Until the first prediction comes, what was suggested stays in its place: buttons do not move away under the pointer.
  const isFirst = prediction.isWaiting && prediction.value === null;
  const shown = trial.result ?? (isAsSuggested || isFirst ? { after, saves } : prediction.value);
  const isUnpredictable = !isAsSuggested && !prediction.isWaiting && !prediction.failure && prediction.value === null;

  const buttons = useRef<HTMLDivElement>(null);
  // What was measured pushes down what follows from it: to apply it.
  useLayoutEffect(() => {
    if (trial.result) buttons.current?.scrollIntoView({ block: "nearest" });
  }, [trial.result]);

  const change = (changed: Edit): void => {
    trial.clear();
    onChange(changed);
  };

  return (
    <div class="suggestion-body">
      <p>{summary}</p>
      <OptionFields edit={edit} options={options} onChange={change} />
      <div class={prediction.isWaiting ? "prediction waiting" : "prediction"} aria-live="polite">
        {prediction.failure && !isAsSuggested && <FailureNote failure={prediction.failure} />}
        {shown && <SavingsGrid before={before} after={shown.after} saves={shown.saves} />}
        {isUnpredictable && !trial.result && (
          <p class="remark">
            {l10n.t("What this saves depends on the numbers of the weights: try it to compute them.")}
          </p>
        )}
      </div>
      {trial.isRunning && (
        <TaskProgress
          done={progress?.task === "try" ? progress.done : 0}
          what={progress?.task === "try" ? progress.what : l10n.t("Computing the edit…")}
          onCancel={trial.cancel}
        />
      )}
      {trial.failure && <FailureNote failure={trial.failure} />}
      {trial.result && (
        <CheckResult check={trial.result.check} isUnfitted={trial.result.isUnfitted} onChooseData={onChooseData} />
      )}
      <div class="suggestion-buttons" ref={buttons}>
        <Button
          appearance="secondary"
          icon="beaker"
          isDisabled={trial.isRunning || isBusy}
          onClick={() => trial.start((signal) => client.tryEdits(revision, [edit], signal))}
        >
          {l10n.t("Try")}
        </Button>
        {suggestion.guarantee === "needs training" && (
          <Button appearance="secondary" isDisabled={isBusy} onClick={() => onApply([edit, RECOVER_EDIT])}>
            {l10n.t("Apply and recover")}
          </Button>
        )}
        <Button icon="check" isDisabled={isBusy} onClick={() => onApply([edit])}>
          {l10n.t("Apply")}
        </Button>
      </div>
      {literature.length > 0 && (
        <details class="literature">
          <summary>{l10n.t("Literature")}</summary>
          <ul>
            {literature.map((reference) => (
              <li key={reference}>{reference}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
