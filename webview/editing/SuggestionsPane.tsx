import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Edit } from "../../profiler/editing/edit.ts";
import { Button, Checkbox } from "../controls/controls.tsx";
import { Select } from "../controls/Select.tsx";
import { totalOf } from "../definitions.ts";
import type { ListedSuggestion, Suggestions, Trial } from "../protocol/editing.ts";
import type { EditingClient } from "../state/editing-client.ts";
import { useStore } from "../state/store.ts";
import { CheckResult } from "./CheckResult.tsx";
import { FailureNote, TaskProgress } from "./notes.tsx";
import { meaningOf } from "./GuaranteeBadge.tsx";
import { SavingsGrid } from "./SavingsGrid.tsx";
import { SuggestionItem } from "./SuggestionItem.tsx";
import {
  conflictingWith,
  editKey,
  INITIAL_SUGGESTION_VIEW,
  ORDERS,
  shownSuggestions,
  type PlacedSuggestion,
  type SuggestionOrder,
} from "./suggestion-list.ts";
import type { Asked } from "./use-asked.ts";
import { useTask } from "./use-task.ts";

/** Elements of the page that a long list may have at first. */
const SHOWN_AT_ONCE = 60;

interface SuggestionsPaneProps {
  readonly client: EditingClient;
  readonly asked: Asked<Suggestions>;
  /** Looks for suggestions, or gives up looking for them. */
  readonly onLook: (isWanted: boolean) => void;
  readonly selectedRows: ReadonlySet<number>;
  readonly isBusy: boolean;
  readonly onHighlight: (rows: readonly number[]) => void;
  readonly onApply: (edits: readonly Edit[]) => void;
  readonly onApplyAllExact: () => void;
  readonly onChooseData: () => void;
}

/** The ranked list of what could be done to the model. */
export function SuggestionsPane(props: SuggestionsPaneProps): JSX.Element {
  const { asked, client, isBusy, onLook } = props;
  const progress = useStore(client.progress);
  const { value: suggestions, isWaiting, failure } = asked;
  if (failure) return <FailureNote failure={failure} />;
  if (suggestions === null && isWaiting) {
    const told =
      progress?.task === "suggest" ? progress : { done: 0, what: l10n.t("Looking for what can be restructured…") };
    return (
      <div class="suggestion-tools" role="status">
        <TaskProgress {...told} onCancel={() => onLook(false)} />
      </div>
    );
  }
  if (suggestions === null) {
    return (
      <div class="suggestion-tools">
        <Button icon="lightbulb" isDisabled={isBusy} onClick={() => onLook(true)}>
          {l10n.t("Look for suggestions")}
        </Button>
      </div>
    );
  }
  if (suggestions.list.length === 0) {
    return (
      <p class="panel-state" role="status">
        {l10n.t(
          "Nothing in this model can be restructured by what Edgewise knows: its layers are lean, quantized or unknown. Of a quantized model, open the float one that it was made from.",
        )}
      </p>
    );
  }
  return <SuggestionList {...props} suggestions={suggestions} />;
}

function SuggestionList(props: SuggestionsPaneProps & { readonly suggestions: Suggestions }): JSX.Element {
  const { client, suggestions, selectedRows, isBusy, onHighlight, onApply, onApplyAllExact, onChooseData } = props;
  const { list, before, revision } = suggestions;
  const [view, setView] = useState(INITIAL_SUGGESTION_VIEW);
  const [opened, setOpened] = useState<string | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [changed, setChanged] = useState<ReadonlyMap<string, Edit>>(new Map());
  const [limit, setLimit] = useState(SHOWN_AT_ONCE);
  const shown = shownSuggestions(list, view, selectedRows);
  const conflicts = conflictingWith(chosen, list);
  const editOf = ({ edit }: ListedSuggestion): Edit => changed.get(editKey(edit)) ?? edit;
  const exact = list.filter(({ guarantee }) => guarantee === "exact").length;

  const open = ({ suggestion }: PlacedSuggestion): void => {
    const key = editKey(suggestion.edit);
    setOpened(opened === key ? null : key);
    if (opened !== key) onHighlight(suggestion.rows);
  };
  const choose = (position: number, isChosen: boolean): void => {
    const others = [...chosen].filter((other) => other !== position);
    setChosen(new Set(isChosen ? [...others, position] : others));
  };

  return (
    <>
      <div class="suggestion-tools" role="toolbar" aria-label={l10n.t("Suggestions")}>
        <Select
          label={l10n.t("Promise")}
          value={view.guarantee}
          choices={(["any", "exact", "approximate", "needs training"] as const).map((value) => ({
            value,
            text: value === "any" ? l10n.t("any guarantee") : meaningOf(value).text,
          }))}
          onChange={(guarantee) => setView({ ...view, guarantee })}
        />
        <Select
          label={l10n.t("Order")}
          value={view.order}
          choices={ORDERS.map((value) => ({ value, text: orderText(value) }))}
          onChange={(order) => setView({ ...view, order })}
        />
        <Checkbox
          label={l10n.t("for the selection")}
          isChecked={view.isForSelection}
          onChange={(isForSelection) => setView({ ...view, isForSelection })}
        />
        <span class="suggestion-count" role="status">
          {shown.length === list.length
            ? countText(list.length)
            : l10n.t("{0} of {1} suggestions", shown.length, list.length)}
        </span>
        {exact > 0 && (
          <Button appearance="secondary" icon="check-all" isDisabled={isBusy} onClick={onApplyAllExact}>
            {l10n.t("Apply all exact")}
          </Button>
        )}
      </div>
      <ul class="suggestions" aria-label={l10n.t("Suggestions")} onKeyDown={moveFocus}>
        {shown.slice(0, limit).map((placed) => {
          const { suggestion, position } = placed;
          const key = editKey(suggestion.edit);
          return (
            <SuggestionItem
              key={key}
              client={client}
              revision={revision}
              before={before}
              suggestion={suggestion}
              edit={editOf(suggestion)}
              isOpen={opened === key}
              isChosen={chosen.has(position)}
              isMarked={suggestion.rows.some((row) => selectedRows.has(row))}
              conflict={conflicts.get(position)}
              isBusy={isBusy}
              onOpen={() => open(placed)}
              onChoose={(isChosen) => choose(position, isChosen)}
              onChange={(edit) => setChanged(new Map([...changed, [key, edit]]))}
              onApply={onApply}
              onChooseData={onChooseData}
            />
          );
        })}
      </ul>
      {shown.length > limit && (
        <button type="button" class="link show-more" onClick={() => setLimit(limit + SHOWN_AT_ONCE)}>
          {l10n.t("Show {0} more", Math.min(SHOWN_AT_ONCE, shown.length - limit))}
        </button>
      )}
      {shown.length === 0 && <p class="panel-state">{l10n.t("No suggestion is left by these choices.")}</p>}
      {chosen.size > 0 && (
        <ChosenBar
          client={client}
          suggestions={suggestions}
          edits={[...chosen]
            .sort((a, b) => a - b)
            .flatMap((position) => list[position] ?? [])
            .map(editOf)}
          hasConflicts={[...chosen].some((position) => conflicts.has(position))}
          isBusy={isBusy}
          onApply={onApply}
          onClear={() => setChosen(new Set())}
          onChooseData={onChooseData}
        />
      )}
    </>
  );
}

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
function ChosenBar(props: ChosenBarProps): JSX.Element {
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
      {hasConflicts && <p class="remark">{l10n.t("Some of them touch the same layer.")}</p>}
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

function countText(suggestions: number): string {
  return suggestions === 1 ? l10n.t("1 suggestion") : l10n.t("{0} suggestions", suggestions);
}

function orderText(order: SuggestionOrder): string {
  if (order === "score") return l10n.t("most worthwhile first");
  return l10n.t("by {0} saved", totalOf(order)?.title ?? order);
}

/** Arrow keys go from suggestion to suggestion, as in VS Code's lists. */
function moveFocus(event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const { currentTarget, target } = event;
  if (step === 0 || !(currentTarget instanceof HTMLElement) || !(target instanceof HTMLElement)) return;
  if (!target.matches(".suggestion-title")) return;
  const titles = [...currentTarget.querySelectorAll<HTMLElement>(".suggestion-title")];
  const next = titles[titles.indexOf(target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
