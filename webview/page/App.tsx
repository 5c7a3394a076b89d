import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { AnswerLine } from "../answer/AnswerLine.tsx";
import { useAnswer } from "../answer/use-answer.ts";
import { Announcements } from "../controls/Announcements.tsx";
import { IconButton } from "../controls/controls.tsx";
import { DetailsSplit } from "../details/DetailsSplit.tsx";
import { ComputingBar } from "../editing/ComputingBar.tsx";
import { RowMarksContext } from "../editing/differences.ts";
import { EditingAside } from "../editing/EditingAside.tsx";
import { EditingButtons } from "../editing/EditingButtons.tsx";
import { editKey } from "../editing/suggestion-list.ts";
import { useEditing } from "../editing/use-editing.ts";
import type { EditingPart } from "../protocol/editing.ts";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import type { PicturesState } from "../state/pictures.ts";
import type { Preferences } from "../state/preferences.ts";
import { layerLine, only, selectedLayers, selectedTogether } from "../state/selection.ts";
import { Store, useStore } from "../state/store.ts";
import { useMedia } from "../state/use-media.ts";
import type { ViewState } from "../state/view-state.ts";
import { DownloadContext, useDownloads } from "../table/use-downloads.ts";
import { incompleteTotals } from "../table/page-columns.ts";
import { useFollowedSelection } from "../table/use-followed-selection.ts";
import { useSelectedLayers } from "../table/use-selected-layers.ts";
import { useMeasured, useShownRun } from "../runs/use-measured.ts";
import { measuredLatency } from "../runs/run-text.ts";
import { Dimensions } from "./Dimensions.tsx";
import { FaultBoundary } from "./FaultBoundary.tsx";
import { PartChooser } from "./PartChooser.tsx";
import { Header, ROOM_FOR_TOTALS } from "./Header.tsx";
import { LayersView } from "./LayersView.tsx";
import { MissingDataBanner } from "./MissingData.tsx";
import { activityText, Failed, Loading } from "./States.tsx";
import { Tooltips } from "./Tooltips.tsx";
import { Views } from "./Views.tsx";
import { WarningList, WarningsButton } from "./Warnings.tsx";

interface AppProps {
  readonly client: ModelClient;
  readonly view: Store<ViewState>;
  readonly pictures: Store<PicturesState>;
  readonly preferences: Store<Preferences>;
  readonly scrollTop: Store<number>;
}

export function App(props: AppProps): JSX.Element {
  const { client } = props;
  const { file, phase, activity, profile, failure } = useStore(client.state);
  return (
    <>
      {phase === "loading" && <Loading file={file} activity={activity} onCommand={(command) => client.run(command)} />}
      {phase === "failed" && failure && (
        <Failed file={file} failure={failure} onCommand={(command) => client.run(command)} />
      )}
      {phase === "ready" && profile && (
        <main class="profile" aria-busy={activity !== "idle"}>
          <Busy client={client} />
          <FaultBoundary subject={String(profile.revision)} onFault={(error) => client.report(error)}>
            <ProfileView {...props} file={file} profile={profile} />
          </FaultBoundary>
        </main>
      )}
      <Announcements />
      <Tooltips />
    </>
  );
}

/** While a shown model is profiled again: a line at the top, which moves nothing. */
function Busy({ client }: { readonly client: ModelClient }): JSX.Element | null {
  const { activity } = useStore(client.state);
  if (activity === "idle") return null;
  return (
    <div class="busy" data-testid="busy">
      <div class="progress" role="progressbar" aria-label={activityText(activity)} />
      <IconButton icon="close" label={l10n.t("Cancel")} onClick={() => client.run("cancel")} />
    </div>
  );
}

/** The first stop of Tab, seen only then: the table is one key away, however much stands above it. */
function SkipLink(): JSX.Element {
  return (
    <button
      type="button"
      class="skip-link"
      onClick={() =>
        document.querySelector<HTMLElement>("[data-testid=layers], [role=tabpanel] [tabindex='0']")?.focus()
      }
    >
      {l10n.t("Skip to the layers")}
    </button>
  );
}

/** Ctrl+F (⌘F) finds where there is no other way to find: a field of its own keeps it. */
function useFindKey(onFind: () => void): void {
  useEffect(() => {
    const find = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "f" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey)
        return;
      // VS Code has the browser's own search prevented already: that says nothing of who finds instead.
      if (document.querySelector("#panel-graph") !== null) return;
      event.preventDefault();
      onFind();
    };
    addEventListener("keydown", find);
    return () => removeEventListener("keydown", find);
  }, []);
}

interface ProfileViewProps extends AppProps {
  readonly file: string;
  readonly profile: ShownProfile;
}

function ProfileView(props: ProfileViewProps): JSX.Element {
  const { client, view, pictures, preferences, scrollTop, file } = props;
  const run = useShownRun(client, props.profile);
  const profile = useDownloads(client, useMeasured(props.profile, run));
  const { revision, isPrediction } = profile;
  const download = useStore(client.download.state);
  const isCompressing = download.revision === revision && download.isRunning;
  const downloads = useMemo(
    () => ({ isRunning: isCompressing, onCompute: isPrediction ? null : () => void client.download.start(revision) }),
    [client, revision, isPrediction, isCompressing],
  );
  const { header, layers, isComplete } = profile;
  const { showsWarnings, selection, editing: part, showsDifferences } = useStore(view);
  const warnings = useMemo(() => header.warnings.filter(({ missing }) => !missing), [header.warnings]);
  const asked = useStore(client.revealed);
  const [wanted] = useState(() => new Store<string | null>(null));

  const incomplete = useMemo(
    () => incompleteTotals(isComplete ? layers : [], header.totals),
    [layers, isComplete, header.totals],
  );

  /** Selects a row and brings it into sight, wherever it is hidden. */
  const reveal = (index: number): void => {
    view.update({ selection: only(layerLine(index)) });
    wanted.set(layerLine(index));
  };
  const show = (wantedPart: EditingPart | null): void => view.update({ editing: wantedPart });
  /** Selects rows in all views, the first one in sight. */
  const highlight = (rows: readonly number[]): void => {
    const [first] = rows;
    if (first === undefined) return;
    view.update({ selection: selectedTogether(rows.map(layerLine)) });
    wanted.set(layerLine(first));
  };
  const editing = useEditing(client, profile, part, showsDifferences, {
    onSuggest: (layer) => {
      highlight([layer]);
      client.editing.suggestionView.update({ isForSelection: true, guarantee: "any" });
      show("suggestions");
    },
    onExplain: (layer) => {
      reveal(layer);
      preferences.update({ details: { ...preferences.value.details, isOpen: true } });
      show(null);
    },
  });
  const answer = useAnswer(client, profile, incomplete, editing.suggestions);
  const budgets = useStore(client.budgets);
  const hasRoomForTotals = useMedia(ROOM_FOR_TOTALS);
  const { showsCards } = useStore(pictures);
  useFindKey(() => {
    pictures.update({ tab: "layers" });
    requestAnimationFrame(() => document.querySelector<HTMLElement>("vscode-text-field.filter")?.focus());
  });
  const selected = useMemo(() => selectedLayers(selection), [selection]);
  useFollowedSelection(view, props.profile);
  const selectedRows = useSelectedLayers(client, layers, selection);
  const shownPart = useStore(client.editing.shownPart);
  useEffect(() => {
    if (shownPart) show(shownPart.part);
  }, [shownPart]);
  useEffect(() => {
    if (!asked) return;
    if (asked.where !== "here") pictures.update({ tab: asked.where === "graph" ? "graph" : "layers" });
    reveal(asked.layer);
  }, [asked]);

  return (
    <RowMarksContext.Provider value={editing.marks}>
      <SkipLink />
      <Header
        file={file}
        profile={profile}
        incomplete={incomplete}
        measured={run && measuredLatency(run.result)}
        client={client}
        pictures={pictures}
        isCompact={part !== null}
        onFilter={(filter) => {
          pictures.update({ tab: "layers" });
          view.update({ filter, filteredExpansion: {} });
        }}
        answer={
          answer && (
            <AnswerLine
              answer={answer}
              totals={header.totals}
              budgets={budgets}
              onSelectLayer={(index) => {
                pictures.update({ tab: "layers" });
                reveal(index);
              }}
              onShares={(column) =>
                pictures.update({ tab: "charts", charts: { ...pictures.value.charts, shares: column } })
              }
              onEdit={({ edit }) => {
                client.editing.suggestionView.update({
                  opened: editKey(edit),
                  guarantee: "any",
                  isForSelection: false,
                });
                show("suggestions");
              }}
              onFit={(texts) => {
                client.editing.askFit(texts);
                show("fit");
              }}
            />
          )
        }
      >
        <WarningsButton
          warnings={warnings}
          isOpen={showsWarnings}
          onToggle={(isOpen) => view.update({ showsWarnings: isOpen })}
        />
        <EditingButtons
          client={client.editing}
          part={part}
          showsDifferences={showsDifferences}
          hasDifferences={editing.differences !== null}
          onPart={show}
          onShowDifferences={(isOn) => view.update({ showsDifferences: isOn })}
        />
      </Header>
      <ComputingBar client={client.editing} />
      <MissingDataBanner warnings={header.warnings} onRetry={() => client.run("retry")} />
      {showsWarnings && warnings.length > 0 && <WarningList warnings={warnings} onSelectLayer={reveal} />}
      <div class="shown-part">
        <PartChooser parts={header.parts} onChoose={(chosen) => client.choosePart(chosen)} />
        {(hasRoomForTotals || showsCards === true) && (
          <Dimensions dimensions={header.dimensions} onBind={(bindings) => client.bind(bindings)} />
        )}
      </div>
      <DetailsSplit
        client={client}
        profile={profile}
        view={view}
        preferences={preferences}
        onSelectLayer={reveal}
        aside={
          part && (
            <EditingAside
              client={client}
              profile={profile}
              part={part}
              asked={editing.suggestions}
              onLook={editing.onLook}
              selectedRows={selected.layers}
              differences={editing.differences}
              onPart={show}
              onHighlight={highlight}
            />
          )
        }
      >
        <Views client={client} profile={profile} pictures={pictures} selected={selected} onSelectLayer={reveal}>
          <DownloadContext.Provider value={downloads}>
            <LayersView
              profile={profile}
              selected={selectedRows}
              view={view}
              preferences={preferences}
              wanted={wanted}
              scrollTop={scrollTop}
            />
          </DownloadContext.Provider>
        </Views>
      </DetailsSplit>
    </RowMarksContext.Provider>
  );
}
