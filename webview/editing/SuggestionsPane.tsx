import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Edit } from "../../profiler/editing/edit.ts";
import type { HardwareProfile } from "../../profiler/hardware/hardware-profile.ts";
import { useAnnounced } from "../controls/Announcements.tsx";
import { Button, Checkbox } from "../controls/controls.tsx";
import { Select } from "../controls/Select.tsx";
import { totalOf } from "../definitions.ts";
import type { ListedSuggestion, Suggestions } from "../protocol/editing.ts";
import type { EditingClient } from "../state/editing-client.ts";
import { useStore } from "../state/store.ts";
import { Absences } from "./Absences.tsx";
import { ChosenBar } from "./ChosenBar.tsx";
import { FailureNote, TaskProgress } from "./notes.tsx";
import { meaningOf } from "./GuaranteeBadge.tsx";
import { SuggestionItem } from "./SuggestionItem.tsx";
import {
  conflictingWith,
  editKey,
  isSmall,
  kindsOf,
  ORDERS,
  positionsOf,
  ranked,
  shownSuggestions,
  type PlacedSuggestion,
  type SuggestionKind,
  type SuggestionOrder,
  type SuggestionView,
} from "./suggestion-list.ts";
import type { Asked } from "./use-asked.ts";

/** Elements of the page that a long list may have at first. */
const SHOWN_AT_ONCE = 60;

/** Of a kind, until all of it is asked for. */
const SHOWN_OF_KIND = 3;

interface SuggestionsPaneProps {
  readonly client: EditingClient;
  readonly asked: Asked<Suggestions>;
  /** Looks for suggestions, or gives up looking for them. */
  readonly onLook: (isWanted: boolean) => void;
  readonly selectedRows: ReadonlySet<number>;
  /** That the savings are estimated for. */
  readonly hardware: HardwareProfile;
  readonly isBusy: boolean;
  readonly onHighlight: (rows: readonly number[]) => void;
  readonly onApply: (edits: readonly Edit[]) => void;
  readonly onApplyAllExact: () => void;
  readonly onChooseData: () => void;
}

/** What could be done to the model, by kind, the most worthwhile first; what is found is listed while the rest is looked for. */
export function SuggestionsPane(props: SuggestionsPaneProps): JSX.Element {
  const { asked, client, isBusy, onLook } = props;
  const progress = useStore(client.progress);
  const found = useStore(client.found);
  const measures = useStore(client.measures);
  // What is found counts up while it is looked for: the end of that is said.
  useAnnounced(asked.value && !asked.isWaiting ? countText(asked.value.list.length) : null);
  const { isForSelection } = useStore(client.suggestionView);
  const soFar = useMemo(() => found && { ...found, list: ranked(found.list) }, [found]);
  const { value, isWaiting, failure } = asked;
  if (failure) {
    return (
      <>
        <FailureNote failure={failure} />
        {/* Samples may not fit a model that can be restructured all the same. */}
        {measures && (
          <div class="suggestion-tools">
            <Button icon="lightbulb" isDisabled={isBusy} onClick={() => client.measures.set(null)}>
              {l10n.t("Look for suggestions")}
            </Button>
          </div>
        )}
      </>
    );
  }
  const suggestions = value ?? (isWaiting ? soFar : null);
  if (suggestions === null && !isWaiting) {
    return (
      <div class="suggestion-tools">
        <Button icon="lightbulb" isDisabled={isBusy} onClick={() => onLook(true)}>
          {l10n.t("Look for suggestions")}
        </Button>
      </div>
    );
  }
  const done = progress?.task === "suggest" ? progress.done : 0;
  const what =
    measures === null ? lookingText(found?.list.length ?? 0) : l10n.t("Making the edits and measuring their errors…");
  const giveUp = (): void => {
    client.measures.set(null);
    onLook(false);
  };
  return (
    <>
      {isWaiting && (
        <div class="suggestion-tools">
          <TaskProgress done={done} what={what} onCancel={giveUp} />
        </div>
      )}
      {suggestions?.list.length === 0 && !isWaiting && (
        <p class="panel-state" role="status">
          {nothingText(suggestions)}
        </p>
      )}
      {suggestions !== null && suggestions.list.length > 0 && <SuggestionList {...props} suggestions={suggestions} />}
      {suggestions?.absences !== undefined && (
        <Absences
          absences={suggestions.absences}
          rows={isForSelection ? props.selectedRows : null}
          isOpen={suggestions.list.length === 0 && !isWaiting}
          onHighlight={props.onHighlight}
        />
      )}
    </>
  );
}

function nothingText({ absences = [] }: Suggestions): string {
  const isAnswered = absences.some(({ title }) => title === null);
  return isAnswered
    ? l10n.t("Edgewise has nothing to suggest for this model, for the reasons below.")
    : l10n.t(
        "Edgewise finds nothing to restructure in this model: its layers are small already, quantized or unknown. If it is quantized, open the float model that it was made from.",
      );
}

function lookingText(found: number): string {
  if (found === 0) return l10n.t("Looking for what can be restructured…");
  return found === 1
    ? l10n.t("Looking for what can be restructured… 1 found")
    : l10n.t("Looking for what can be restructured… {0} found", found);
}

function SuggestionList(props: SuggestionsPaneProps & { readonly suggestions: Suggestions }): JSX.Element {
  const {
    client,
    suggestions,
    selectedRows,
    hardware,
    isBusy,
    onLook,
    onHighlight,
    onApply,
    onApplyAllExact,
    onChooseData,
  } = props;
  const { list, before, revision, measuring } = suggestions;
  const calibration = useStore(client.calibration);
  const view = useStore(client.suggestionView);
  const setView = (changes: Partial<SuggestionView>): void => client.suggestionView.update(changes);
  /** By their keys: the list is ranked anew while more is found, and by measured errors. */
  const [chosenKeys, setChosenKeys] = useState<ReadonlySet<string>>(new Set());
  // What was chosen of one model is not chosen of the next.
  useEffect(() => setChosenKeys(new Set()), [revision]);
  const [changed, setChanged] = useState<ReadonlyMap<string, Edit>>(new Map());
  const { order, guarantee, isForSelection, showsSmall } = view;
  const shown = shownSuggestions(list, { order, guarantee, isForSelection }, selectedRows);
  // What is asked for by its layer, and what is folded out, is no small thing to who asks.
  const isFoldedAway = ({ suggestion }: PlacedSuggestion): boolean =>
    !showsSmall && !isForSelection && isSmall(suggestion) && editKey(suggestion.edit) !== view.opened;
  const kinds = kindsOf(shown.filter((placed) => !isFoldedAway(placed)));
  const small = shown.filter(isFoldedAway).length;
  const chosen = positionsOf(chosenKeys, list);
  const conflicts = conflictingWith(chosen, list);
  const editOf = ({ edit }: ListedSuggestion): Edit => changed.get(editKey(edit)) ?? edit;
  const exact = list.filter(({ guarantee }) => guarantee === "exact").length;

  const open = ({ suggestion }: PlacedSuggestion): void => {
    const key = editKey(suggestion.edit);
    setView({ opened: view.opened === key ? null : key });
    if (view.opened !== key) onHighlight(suggestion.rows);
  };
  const choose = (key: string, isChosen: boolean): void => {
    const others = [...chosenKeys].filter((other) => other !== key);
    setChosenKeys(new Set(isChosen ? [...others, key] : others));
  };

  return (
    <>
      <div class="suggestion-tools" role="toolbar" aria-label={l10n.t("Suggestions")}>
        <Select
          label={l10n.t("Guarantee")}
          value={view.guarantee}
          choices={(["any", "exact", "approximate", "needs training"] as const).map((value) => ({
            value,
            text: value === "any" ? l10n.t("any guarantee") : meaningOf(value).text,
          }))}
          onChange={(guarantee) => setView({ guarantee })}
        />
        <Select
          label={l10n.t("Order")}
          value={view.order}
          choices={ORDERS.map((value) => ({ value, text: orderText(value) }))}
          onChange={(order) => setView({ order })}
        />
        <Checkbox
          label={l10n.t("for the selection")}
          isChecked={view.isForSelection}
          onChange={(isForSelection) => setView({ isForSelection })}
        />
        <span class="suggestion-count" role="status" aria-live={props.asked.isWaiting ? "off" : undefined}>
          {shown.length === list.length
            ? countText(list.length)
            : l10n.t("{0} of {1} suggestions", shown.length, list.length)}
        </span>
        {exact > 0 && (
          <Button appearance="secondary" icon="check-all" isDisabled={isBusy} onClick={onApplyAllExact}>
            {l10n.t("Apply all exact")}
          </Button>
        )}
        {!calibration.isRandom && measuring === undefined && (
          <Button
            appearance="secondary"
            icon="beaker"
            isDisabled={isBusy || props.asked.isWaiting}
            onClick={() => {
              client.measures.set({ revision, calibration });
              onLook(true);
            }}
          >
            {l10n.t("Rank by measured error")}
          </Button>
        )}
      </div>
      {measuring && (
        <p class="remark suggestion-note" role="note" data-testid="measuring">
          {l10n.t(
            "Ranked by measured error: {0} of {1} edits that change answers were made, each alone, and run on {2} samples that nothing was fitted to.",
            measuring.measured,
            measuring.of,
            measuring.samples.measured,
          )}
        </p>
      )}
      {suggestions.notes?.map((note) => (
        <p key={note} class="remark suggestion-note" role="note">
          {note}
        </p>
      ))}
      <div class="suggestion-kinds" role="group" aria-label={l10n.t("Suggestions")} onKeyDown={moveFocus}>
        {kinds.map((kind) => (
          <KindOfSuggestions
            key={kind.restructuring}
            kind={kind}
            isOpen={isForSelection || view.openKinds.has(kind.restructuring)}
            opened={view.opened}
            onOpen={() => setView({ openKinds: new Set([...view.openKinds, kind.restructuring]) })}
          >
            {(placed, isOneOfMany) => {
              const { suggestion, position } = placed;
              const key = editKey(suggestion.edit);
              return (
                <SuggestionItem
                  key={key}
                  client={client}
                  revision={revision}
                  before={before}
                  hardware={hardware}
                  suggestion={suggestion}
                  edit={editOf(suggestion)}
                  isOneOfMany={isOneOfMany}
                  isOpen={view.opened === key}
                  isChosen={chosen.has(position)}
                  isMarked={suggestion.rows.some((row) => selectedRows.has(row))}
                  conflict={conflicts.get(position)}
                  isBusy={isBusy}
                  onOpen={() => open(placed)}
                  onChoose={(isChosen) => choose(key, isChosen)}
                  onChange={(edit) => setChanged(new Map([...changed, [key, edit]]))}
                  onApply={onApply}
                  onChooseData={onChooseData}
                />
              );
            }}
          </KindOfSuggestions>
        ))}
      </div>
      {small > 0 && (
        <button type="button" class="link show-more" onClick={() => setView({ showsSmall: true })}>
          {small === 1 ? l10n.t("Show 1 that saves less than 1 %") : l10n.t("Show {0} that save less than 1 %", small)}
        </button>
      )}
      {shown.length === 0 && <p class="panel-state">{l10n.t("No suggestion is left by these choices.")}</p>}
      {chosen.size > 0 && (
        <ChosenBar
          client={client}
          suggestions={suggestions}
          edits={list.filter((_, position) => chosen.has(position)).map(editOf)}
          hasConflicts={[...chosen].some((position) => conflicts.has(position))}
          isBusy={isBusy}
          onApply={onApply}
          onClear={() => setChosenKeys(new Set())}
          onChooseData={onChooseData}
        />
      )}
    </>
  );
}

interface KindOfSuggestionsProps {
  readonly kind: SuggestionKind;
  /** All of them are shown, and not only the best. */
  readonly isOpen: boolean;
  /** Key of the suggestion that is folded out: it is shown in any case. */
  readonly opened: string | null;
  readonly onOpen: () => void;
  readonly children: (placed: PlacedSuggestion, isOneOfMany: boolean) => JSX.Element;
}

/** Suggestions of one kind under its name: the best of them, and all of them when asked for. */
function KindOfSuggestions({ kind, isOpen, opened, onOpen, children }: KindOfSuggestionsProps): JSX.Element {
  const { restructuring, members } = kind;
  const [limit, setLimit] = useState(SHOWN_AT_ONCE);
  const title = l10n.t(kind.title);
  const isOneOfMany = members.length > 1;
  const shown = members.filter(
    ({ suggestion }, place) => place < (isOpen ? limit : SHOWN_OF_KIND) || editKey(suggestion.edit) === opened,
  );
  const hidden = members.length - shown.length;
  const next = isOpen ? Math.min(SHOWN_AT_ONCE, hidden) : hidden;
  return (
    <section class="suggestion-kind" aria-label={title} data-kind={restructuring}>
      {isOneOfMany && (
        <h3>
          {title} <span class="remark">{members.length}</span>
        </h3>
      )}
      <ul class="suggestions" aria-label={title}>
        {shown.map((placed) => children(placed, isOneOfMany))}
      </ul>
      {hidden > 0 && (
        <button
          type="button"
          class="link show-more"
          aria-label={l10n.t("Show {0} more of {1}", next, title)}
          onClick={isOpen ? () => setLimit(limit + SHOWN_AT_ONCE) : onOpen}
        >
          {l10n.t("Show {0} more", next)}
        </button>
      )}
    </section>
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
