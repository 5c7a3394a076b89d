import * as l10n from "@vscode/l10n";
import type { JSX, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Edit } from "../../profiler/editing/edit.ts";
import { formatCell, type Total } from "../../profiler/columns.ts";
import type { Totals } from "../../profiler/profile.ts";
import { announce } from "../controls/Announcements.tsx";
import { Button, Checkbox, TextField } from "../controls/controls.tsx";
import { Select } from "../controls/Select.tsx";
import type {
  Calibration,
  LabelledFitPoint,
  FitStart,
  FitState,
  SearchWay,
  SensitivityState,
} from "../protocol/editing.ts";
import type { DeviceList } from "../protocol/running.ts";
import { samplesText } from "./check-text.ts";
import {
  budgetOf,
  budgetText,
  FIT_AXES,
  FIT_GOALS,
  goalAmount,
  goalTitle,
  goalsOf,
  pointText,
  qualityText,
  type FitTexts,
} from "./fit-points.ts";
import { FitChart } from "./FitChart.tsx";
import { FailureNote, TaskProgress } from "./notes.tsx";
import { SensitivityPane } from "./SensitivityPane.tsx";

interface FitPaneProps {
  readonly fit: FitState | null;
  readonly sensitivity: SensitivityState | null;
  /** What another part of the page has filled in: the fields are to be seen. */
  readonly asked: FitTexts | null;
  readonly texts: FitTexts;
  readonly now: Totals;
  readonly calibration: Calibration;
  readonly isBusy: boolean;
  readonly onTexts: (texts: FitTexts) => void;
  readonly devices: DeviceList;
  readonly onLookForDevices: () => void;
  readonly onStart: (start: FitStart) => void;
  readonly onCancel: () => void;
  readonly onApply: (edits: readonly Edit[]) => void;
  readonly onMeasure: () => void;
  readonly onCancelMeasuring: () => void;
}

/**
 * A search for the edits that meet a budget at the least error, with its curve while it runs. The fields make room for what was found,
 * and come back when the budget is to be changed.
 */
export function FitPane(props: FitPaneProps): JSX.Element {
  const { fit, asked, isBusy, onStart, onCancel, onApply } = props;
  const [isChanging, setIsChanging] = useState(asked !== null);
  useEffect(() => {
    if (asked) setIsChanging(true);
  }, [asked]);
  const fields = useRef<HTMLDivElement>(null);
  const found = useRef<HTMLDivElement>(null);
  const hasFound = fit !== null && (fit.isRunning || fit.points.length > 0);
  const isAsking = isChanging || !hasFound;
  const wasAsking = useRef(isAsking);
  // The button that was pressed is gone, and the focus with it: the keyboard goes on where the user looks.
  useEffect(() => {
    if (wasAsking.current !== isAsking && hasLostFocus()) {
      if (isAsking) fields.current?.querySelector<HTMLElement>("vscode-text-field")?.focus();
      else found.current?.focus();
    }
    wasAsking.current = isAsking;
  }, [isAsking]);
  useFoundSaid(fit);
  return (
    <section class="fit" aria-label={l10n.t("Fit to budget")}>
      {isAsking && (
        <BudgetFields
          {...props}
          fields={fields}
          isBusy={isBusy || (fit?.isRunning ?? false)}
          onStart={(start) => {
            setIsChanging(false);
            onStart(start);
          }}
        />
      )}
      <div class="fit-result" ref={found} tabIndex={-1} role="group" aria-label={l10n.t("What the search finds")}>
        {fit?.isRunning && (
          <TaskProgress done={fit.done} what={fit.what || l10n.t("Looking for edits…")} onCancel={onCancel} />
        )}
        {fit && hasFound && !fit.isRunning && !isAsking && (
          <p class="fit-budget">
            <span>{budgetText(fit.budget, fit.device !== null)}</span>
            <button type="button" class="link" onClick={() => setIsChanging(true)}>
              {l10n.t("Change the budget")}
            </button>
          </p>
        )}
        {fit?.failure && fit.failure.code !== "cancelled" && <FailureNote failure={fit.failure} />}
        {fit?.isContinued && (
          <p class="fit-budget">
            <span>{l10n.t("It goes on with an earlier search on this device.")}</span>
            <button type="button" class="link" onClick={() => onStart({ ...startOf(fit), isAnew: true })}>
              {l10n.t("Start over")}
            </button>
          </p>
        )}
        {fit && fit.points.length > 0 && <FitCurve fit={fit} isBusy={isBusy} onApply={onApply} />}
      </div>
    </section>
  );
}

/** What a search ends with is said to who does not see its curve. */
function useFoundSaid(fit: FitState | null): void {
  const wasRunning = useRef(false);
  const isRunning = fit?.isRunning ?? false;
  useEffect(() => {
    if (wasRunning.current && !isRunning && fit) announce(foundText(fit));
    wasRunning.current = isRunning;
  }, [isRunning]);
}

function foundText(fit: FitState): string {
  const axis = measuredAxis(axisOf(fit), fit);
  const best = fit.best === null ? undefined : fit.points[fit.best];
  if (!axis || !best) return l10n.t("The search has ended without a point.");
  return l10n.t(
    "The search has ended. The best point found: {0}, {1}.",
    pointText(best, axis),
    best.isWithinBudget ? l10n.t("within the budget") : l10n.t("over the budget"),
  );
}

function startOf({ budget, way, recovers, device }: FitState): Omit<FitStart, "isAnew"> {
  return { budget, way, recovers, device };
}

/** Estimated, or measured on one of the devices that models can be run on. */
function latencyChoices(
  { devices }: DeviceList,
  chosen: string,
): readonly { readonly value: string; readonly text: string }[] {
  const ready = devices.filter(({ id, problem }) => problem === null || id === chosen);
  return [
    { value: "", text: l10n.t("Estimated") },
    ...ready.map(({ id, name }) => ({ value: id, text: l10n.t("Measured on {0}", name) })),
  ];
}

function hasLostFocus(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

interface BudgetFieldsProps extends Pick<
  FitPaneProps,
  | "fit"
  | "texts"
  | "now"
  | "calibration"
  | "isBusy"
  | "devices"
  | "onLookForDevices"
  | "onTexts"
  | "onStart"
  | "sensitivity"
  | "onMeasure"
  | "onCancelMeasuring"
  | "onApply"
> {
  readonly fields: RefObject<HTMLDivElement>;
}

function BudgetFields({
  fields,
  fit,
  texts,
  now,
  calibration,
  isBusy,
  devices,
  onLookForDevices,
  onTexts,
  onStart,
  ...measuring
}: BudgetFieldsProps): JSX.Element {
  const [way, setWay] = useState<SearchWay>(fit?.way ?? "layers");
  const [recovers, setRecovers] = useState(fit?.recovers ?? false);
  const [device, setDevice] = useState(fit?.device ?? "");
  const measuresOn = way === "layers" && device !== "" ? device : null;
  const budget = budgetOf(texts, way);
  const start = (): void => {
    if (budget && !isBusy) onStart({ budget, way, recovers, device: measuresOn, isAnew: false });
  };
  const ways: Readonly<Record<SearchWay, string>> = {
    layers: l10n.t("Restructure layers"),
    weights: l10n.t("Compress weights"),
  };
  return (
    <>
      <p class="remark">
        {way === "layers"
          ? l10n.t(
              "Give one budget or several. Edits are chosen one after the other by what they save for the error they make.",
            )
          : l10n.t(
              "Weights get fewer bits, share values or are pruned, whichever errs least at the size. Without a size: as small as the accuracy allows.",
            )}
      </p>
      <div class="goals" ref={fields} onKeyDown={({ key, target }) => key === "Enter" && isField(target) && start()}>
        <label class="goal choice">
          <span class="goal-title">{l10n.t("Search by")}</span>
          <Select
            label={l10n.t("Search by")}
            value={way}
            choices={(["layers", "weights"] as const).map((value) => ({ value, text: ways[value] }))}
            onChange={setWay}
          />
        </label>
        {way === "layers" && (
          <label class="goal choice" onFocusCapture={onLookForDevices}>
            <span class="goal-title">{l10n.t("Latencies")}</span>
            <Select
              label={l10n.t("Latencies")}
              value={device}
              choices={latencyChoices(devices, device)}
              onChange={setDevice}
            />
            <span class="remark">{measuresOn !== null && l10n.t("the best of each round run there")}</span>
          </label>
        )}
        {goalsOf(way).map((field) => {
          const { id, total, example } = field;
          const isMeasured = measuresOn !== null && id === "latencySeconds";
          const title = goalTitle(field, isMeasured);
          const isMissingLabels = id === "lowestAccuracy" && !calibration.hasLabels;
          return (
            <label class="goal" key={id} data-goal={id}>
              <span class="goal-title">{title}</span>
              <TextField
                label={title}
                value={texts[id] ?? ""}
                placeholder={example}
                isInvalid={Number.isNaN(goalAmount(field, texts[id]))}
                onInput={(text) => onTexts({ ...texts, [id]: text })}
              />
              <span class="remark">
                {total && !isMeasured
                  ? l10n.t("now {0}", formatCell(total.unit, now[total.id]))
                  : isMissingLabels && l10n.t("needs labelled samples")}
              </span>
            </label>
          );
        })}
        <div class="goal choice">
          <Checkbox label={l10n.t("Train what is found")} isChecked={recovers} onChange={setRecovers} />
          <span class="remark">
            {calibration.isRandom
              ? l10n.t("needs samples of your own")
              : l10n.t("to answer as the model does: the curve has it before and after")}
          </span>
        </div>
        <div class="suggestion-buttons start">
          <Button icon="play" isDisabled={budget === null || isBusy} onClick={start}>
            {l10n.t("Search")}
          </Button>
        </div>
      </div>
      {way === "weights" && (
        <SensitivityPane
          sensitivity={measuring.sensitivity}
          isBusy={isBusy}
          onStart={measuring.onMeasure}
          onCancel={measuring.onCancelMeasuring}
          onApply={measuring.onApply}
        />
      )}
    </>
  );
}

function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches("vscode-text-field");
}

interface FitCurveProps {
  readonly fit: FitState;
  readonly isBusy: boolean;
  readonly onApply: (edits: readonly Edit[]) => void;
}

function FitCurve({ fit, isBusy, onApply }: FitCurveProps): JSX.Element | null {
  const [axis, setAxis] = useState<Total | null>(null);
  const [selected, setSelected] = useState<number | null>(null);
  const shownAxis = measuredAxis(axis ?? axisOf(fit), fit);
  const position = selected ?? fit.best ?? 0;
  const point = fit.points[position];
  if (!shownAxis) return null;
  return (
    <>
      <FitChart fit={fit} axis={shownAxis} selected={position} onAxis={setAxis} onSelect={setSelected} />
      {point && <PointView point={point} axis={shownAxis} isBest={position === fit.best} />}
      {fit.measuredOn !== null && <p class="remark">{l10n.t("Latencies are measured on {0}.", fit.measuredOn)}</p>}
      {fit.samples && <p class="remark">{samplesText(fit.samples)}</p>}
      {fit.notRecovered !== null && (
        <p class="remark">{l10n.t("Training left the weights as they were: {0}", fit.notRecovered)}</p>
      )}
      <div class="suggestion-buttons">
        <Button
          icon="check"
          isDisabled={isBusy || fit.isRunning || !point || point.edits.length === 0}
          onClick={() => point && onApply(point.edits)}
        >
          {l10n.t("Apply this point")}
        </Button>
      </div>
    </>
  );
}

interface PointViewProps {
  readonly point: LabelledFitPoint;
  readonly axis: Total;
  readonly isBest: boolean;
}

function PointView({ point, axis, isBest }: PointViewProps): JSX.Element {
  const { labels, totals, downloadBytes, isWithinBudget, accuracy } = point;
  return (
    <div class="fit-point" data-testid="fit-point">
      <p>
        <strong>{`${axis.title} ${formatCell(axis.unit, totals[axis.id])}`}</strong>
        {", "}
        {downloadBytes !== null && `${l10n.t("download {0}", formatCell("bytes", downloadBytes))}, `}
        {accuracy === null
          ? l10n.t("largest error {0}", qualityText(point))
          : l10n.t("accuracy {0}", qualityText(point))}
        <span class="remark">
          {" "}
          {isWithinBudget ? l10n.t("within the budget") : l10n.t("over the budget")}
          {isBest && `, ${l10n.t("the best found")}`}
        </span>
      </p>
      {labels.length > 0 && (
        <ol class="fit-edits">
          {labels.map((label, index) => (
            <li key={index}>{label}</li>
          ))}
        </ol>
      )}
    </div>
  );
}

/** Measured latencies are called that. */
function measuredAxis(axis: Total | undefined, { measuredOn }: FitState): Total | undefined {
  const isMeasured = axis?.id === "latencySeconds" && measuredOn !== null;
  return isMeasured ? { ...axis, title: l10n.t("Measured latency") } : axis;
}

/** What is measured, else the first total that the budget bounds, else the first that there is. */
function axisOf({ budget, measuredOn }: FitState): Total | undefined {
  if (measuredOn !== null) return FIT_AXES.find(({ id }) => id === "latencySeconds");
  return FIT_GOALS.find(({ id, total }) => total && budget[id] !== undefined)?.total ?? FIT_AXES[0];
}
