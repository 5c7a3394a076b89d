import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Edit } from "../../profiler/restructure/edit.ts";
import { formatCell, type Total } from "../../profiler/columns.ts";
import type { Totals } from "../../profiler/profile.ts";
import { Button, TextField } from "../controls/controls.tsx";
import type { Calibration, FitBudget, FitPoint, FitState } from "../protocol-editing.ts";
import { samplesText } from "./check-text.ts";
import { budgetOf, FIT_AXES, FIT_GOALS, goalAmount, qualityText, type FitTexts } from "./fit-points.ts";
import { FitChart } from "./FitChart.tsx";
import { FailureNote, TaskProgress } from "./notes.tsx";

interface FitPaneProps {
  readonly fit: FitState | null;
  readonly now: Totals;
  readonly calibration: Calibration;
  readonly isBusy: boolean;
  readonly onStart: (budget: FitBudget) => void;
  readonly onCancel: () => void;
  readonly onApply: (edits: readonly Edit[]) => void;
}

/** A search for the edits that meet a budget at the least error, with its curve while it runs. */
export function FitPane(props: FitPaneProps): JSX.Element {
  const { fit, now, calibration, isBusy, onStart, onCancel, onApply } = props;
  const [texts, setTexts] = useState<FitTexts>({});
  const budget = budgetOf(texts);
  const isRunning = fit?.isRunning ?? false;
  const found = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isRunning) found.current?.scrollIntoView({ block: "start" });
  }, [isRunning]);
  return (
    <section class="fit" aria-label={l10n.t("Fit to budget")}>
      <p class="remark">
        {l10n.t(
          "Give one budget or several. Edits are chosen one after the other by what they save for the error they make.",
        )}
      </p>
      <div class="goals">
        {FIT_GOALS.map((field) => {
          const { id, total, example } = field;
          const title = total?.title ?? l10n.t("Lowest accuracy");
          const isMissingLabels = total === undefined && !calibration.hasLabels;
          return (
            <label class="goal" key={id} data-goal={id}>
              <span class="goal-title">{title}</span>
              <TextField
                label={title}
                value={texts[id] ?? ""}
                placeholder={example}
                isInvalid={Number.isNaN(goalAmount(field, texts[id]))}
                onInput={(text) => setTexts({ ...texts, [id]: text })}
              />
              <span class="remark">
                {total
                  ? l10n.t("now {0}", formatCell(total.unit, now[total.id]))
                  : isMissingLabels && l10n.t("needs labelled samples")}
              </span>
            </label>
          );
        })}
      </div>
      <div class="suggestion-buttons start">
        <Button
          icon="play"
          isDisabled={budget === null || isRunning || isBusy}
          onClick={() => budget && onStart(budget)}
        >
          {l10n.t("Search")}
        </Button>
      </div>
      <div ref={found}>
        {fit?.isRunning && <TaskProgress done={fit.done} what={fit.what} onCancel={onCancel} />}
        {fit?.failure && fit.failure.code !== "cancelled" && <FailureNote failure={fit.failure} />}
        {fit && fit.points.length > 0 && <FitCurve fit={fit} isBusy={isBusy} onApply={onApply} />}
      </div>
    </section>
  );
}

interface FitCurveProps {
  readonly fit: FitState;
  readonly isBusy: boolean;
  readonly onApply: (edits: readonly Edit[]) => void;
}

function FitCurve({ fit, isBusy, onApply }: FitCurveProps): JSX.Element | null {
  const [axis, setAxis] = useState<Total | null>(null);
  const [selected, setSelected] = useState<number | null>(null);
  const shownAxis = axis ?? axisOf(fit.budget);
  const position = selected ?? fit.best ?? 0;
  const point = fit.points[position];
  if (!shownAxis) return null;
  return (
    <>
      <FitChart fit={fit} axis={shownAxis} selected={position} onAxis={setAxis} onSelect={setSelected} />
      {point && <PointView point={point} axis={shownAxis} isBest={position === fit.best} />}
      {fit.samples && <p class="remark">{samplesText(fit.samples)}</p>}
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
  readonly point: FitPoint;
  readonly axis: Total;
  readonly isBest: boolean;
}

function PointView({ point, axis, isBest }: PointViewProps): JSX.Element {
  const { labels, totals, isWithinBudget, accuracy } = point;
  return (
    <div class="fit-point" data-testid="fit-point">
      <p>
        <strong>{`${axis.title} ${formatCell(axis.unit, totals[axis.id])}`}</strong>
        {", "}
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

/** The first total that the budget bounds, else the first that there is. */
function axisOf(budget: FitBudget): Total | undefined {
  return FIT_GOALS.find(({ id, total }) => total && budget[id] !== undefined)?.total ?? FIT_AXES[0];
}
