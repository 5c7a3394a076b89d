import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { IconButton } from "../controls/controls.tsx";
import { TabList, TabPanel, type Tab } from "../controls/Tabs.tsx";
import type { EditingPart, Suggestions } from "../protocol/editing.ts";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import { useStore } from "../state/store.ts";
import type { Differences } from "./differences.ts";
import { CalibrationPane } from "./CalibrationPane.tsx";
import { EDITING_BUTTON } from "./EditingButtons.tsx";
import { FitPane } from "./FitPane.tsx";
import { RECOVER_EDIT } from "./recover-edit.ts";
import { HistoryPane } from "./HistoryPane.tsx";
import { FailureNote, TaskProgress } from "./notes.tsx";
import { SuggestionsPane } from "./SuggestionsPane.tsx";
import type { Asked } from "./use-asked.ts";
import { useTask } from "./use-task.ts";

export interface EditingPanelProps {
  readonly client: ModelClient;
  readonly profile: ShownProfile;
  readonly part: EditingPart;
  readonly asked: Asked<Suggestions>;
  readonly onLook: (isWanted: boolean) => void;
  readonly selectedRows: ReadonlySet<number>;
  /** From the file without edits; null until they are known. */
  readonly differences: Differences | null;
  readonly onPart: (part: EditingPart | null) => void;
  readonly onHighlight: (rows: readonly number[]) => void;
}

/** All that changes the model, beside the model. */
export function EditingPanel(props: EditingPanelProps): JSX.Element {
  const { client, profile, part, asked, onLook, selectedRows, differences, onPart, onHighlight } = props;
  const { editing } = client;
  const document = useStore(editing.document);
  const calibration = useStore(editing.calibration);
  const fit = useStore(editing.fit);
  const sensitivity = useStore(editing.sensitivity);
  const budget = useStore(editing.budget);
  const { devices } = useStore(client.running.state);
  const change = useTask<unknown>();
  const exact = useTask<number>();
  const shownPart = useStore(editing.shownPart);
  const askedFit = useStore(editing.askedFit);
  const panel = useRef<HTMLElement>(null);
  const isBusy = document.computing !== null || exact.isRunning;
  const failure = change.failure ?? exact.failure;
  const { totals } = profile.header;
  const chooseData = (): void => client.run("choose-calibration");

  // A command has asked for it: the keyboard goes there too.
  useEffect(() => {
    if (!shownPart) return;
    panel.current?.querySelector<HTMLElement>("[role=tab][aria-selected=true]")?.focus();
    editing.shownPart.set(null);
  }, [shownPart]);
  const close = (): void => {
    onPart(null);
    window.document.getElementById(EDITING_BUTTON)?.focus();
  };

  return (
    <section ref={panel} class="editing" aria-label={l10n.t("Compress")} data-testid="editing">
      <div class="editing-head">
        <TabList label={l10n.t("Compress")} tabs={tabsOf()} selected={part} onSelect={onPart} />
        <IconButton icon="close" label={l10n.t("Close")} onClick={close} />
      </div>
      <TabPanel id={part}>
        {document.refusal === null ? content() : <p class="panel-state">{document.refusal}</p>}
      </TabPanel>
    </section>
  );

  function content(): JSX.Element {
    return (
      <>
        {failure && document.failure === null && <FailureNote failure={failure} />}
        {exact.isRunning && document.computing === null && (
          <div class="suggestion-tools">
            <TaskProgress done={0} what={l10n.t("Looking for exact edits…")} onCancel={exact.cancel} />
          </div>
        )}
        {part === "suggestions" && (
          <SuggestionsPane
            client={editing}
            asked={asked}
            onLook={onLook}
            selectedRows={selectedRows}
            hardware={profile.header.hardwareProfile}
            isBusy={isBusy}
            onHighlight={onHighlight}
            onApply={(edits) => change.start(() => editing.applyEdits(edits))}
            onApplyAllExact={() => exact.start((signal) => editing.applyAllExact(signal))}
            onChooseData={chooseData}
          />
        )}
        {part === "fit" && (
          <FitPane
            fit={fit}
            sensitivity={sensitivity}
            asked={askedFit}
            texts={budget}
            now={totals}
            calibration={calibration}
            isBusy={isBusy}
            devices={devices}
            onLookForDevices={() => void client.running.watchDevices()}
            onTexts={(texts) => editing.budget.set(texts)}
            onStart={(wanted) => change.start(() => editing.startFit(wanted))}
            onCancel={() => void editing.cancelFit()}
            onMeasure={() => change.start(() => editing.startSensitivity())}
            onCancelMeasuring={() => void editing.cancelSensitivity()}
            onApply={(edits) => change.start(() => editing.applyEdits(edits))}
          />
        )}
        {part === "calibration" && <CalibrationPane client={editing} calibration={calibration} onChoose={chooseData} />}
        {part === "history" && (
          <HistoryPane
            document={document}
            differences={differences}
            now={totals}
            onChange={(edits) => change.start(() => editing.changeEdits(edits))}
            onRun={(command) => client.run(command)}
            onRecover={() => change.start(() => editing.applyEdits([RECOVER_EDIT]))}
          />
        )}
      </>
    );
  }
}

function tabsOf(): readonly Tab<EditingPart>[] {
  return [
    { id: "suggestions", title: l10n.t("Suggestions") },
    { id: "fit", title: l10n.t("Fit to budget") },
    { id: "calibration", title: l10n.t("Calibration data") },
    { id: "history", title: l10n.t("Edits") },
  ];
}
