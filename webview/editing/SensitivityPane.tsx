import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Edit } from "../../profiler/editing/edit.ts";
import { TECHNIQUES, type TechniqueId } from "../../profiler/editing/sensitivity/sensitivity-points.ts";
import { formatCell } from "../../profiler/columns.ts";
import { Button } from "../controls/controls.tsx";
import type { SensitivityState } from "../protocol/editing.ts";
import { samplesText } from "./check-text.ts";
import { FailureNote, TaskProgress } from "./notes.tsx";
import { SensitivityChart } from "./SensitivityChart.tsx";
import { chartPoints, decibelText } from "./sensitivity-chart-points.ts";

interface SensitivityPaneProps {
  readonly sensitivity: SensitivityState | null;
  readonly isBusy: boolean;
  readonly onStart: () => void;
  readonly onCancel: () => void;
  readonly onApply: (edits: readonly Edit[]) => void;
}

/** What each layer's weights bear, as a chart, and what to do with it: beside the search that compresses weights. */
export function SensitivityPane(props: SensitivityPaneProps): JSX.Element {
  const { sensitivity, isBusy, onStart, onCancel, onApply } = props;
  const isRunning = sensitivity?.isRunning ?? false;
  const hasLayers = sensitivity !== null && sensitivity.layers.length > 0;
  return (
    <div class="sensitivity" data-testid="sensitivity">
      <p class="remark">
        {l10n.t(
          "How much the answers change when the weights of one layer alone get fewer bits, share values or are pruned.",
        )}
      </p>
      {isRunning && sensitivity && <TaskProgress done={sensitivity.done} what={sensitivity.what} onCancel={onCancel} />}
      {sensitivity?.failure && <FailureNote failure={sensitivity.failure} />}
      {hasLayers && <Measured sensitivity={sensitivity} isBusy={isBusy} onApply={onApply} />}
      {!isRunning && (
        <div class="suggestion-buttons">
          <Button
            appearance={hasLayers ? "secondary" : "primary"}
            icon="graph-line"
            isDisabled={isBusy}
            onClick={onStart}
          >
            {hasLayers ? l10n.t("Measure again") : l10n.t("Measure each layer")}
          </Button>
        </div>
      )}
    </div>
  );
}

interface MeasuredProps extends Pick<SensitivityPaneProps, "isBusy" | "onApply"> {
  readonly sensitivity: SensitivityState;
}

function Measured({ sensitivity, isBusy, onApply }: MeasuredProps): JSX.Element {
  const [chosen, setTechnique] = useState<TechniqueId>("quantize");
  const [selected, setSelected] = useState<number | null>(null);
  const techniques = TECHNIQUES.map(({ id }) => id).filter((id) =>
    sensitivity.layers.some(({ points }) => points.some(({ technique }) => technique === id)),
  );
  const technique = techniques.includes(chosen) ? chosen : (techniques[0] ?? chosen);
  const points = useMemo(() => chartPoints(sensitivity.layers, technique), [sensitivity.layers, technique]);
  const point = selected === null ? undefined : points[selected];
  const mixed = sensitivity.mixed.find((each) => each.technique === technique);
  const isIdle = !isBusy && !sensitivity.isRunning;
  return (
    <>
      <SensitivityChart
        layers={sensitivity.layers}
        points={points}
        technique={technique}
        techniques={techniques}
        selected={selected}
        onTechnique={(id) => {
          setTechnique(id);
          setSelected(null);
        }}
        onSelect={setSelected}
      />
      {point && (
        <p class="fit-point" data-testid="sensitivity-point">
          <strong>{point.label}</strong>
          {`: ${decibelText(point)}, ${formatCell("bytes", point.fileBytes)}`}
          {point.accuracy !== null && `, ${l10n.t("accuracy {0}", formatCell("share", point.accuracy))}`}
        </p>
      )}
      {sensitivity.samples && <p class="remark">{samplesText(sensitivity.samples)}</p>}
      <div class="suggestion-buttons">
        <Button icon="check" isDisabled={!isIdle || !point} onClick={() => point && onApply([point.edit])}>
          {l10n.t("Apply to this layer")}
        </Button>
        {mixed && (
          <Button appearance="secondary" icon="checklist" isDisabled={!isIdle} onClick={() => onApply([mixed.edit])}>
            {l10n.t("Each layer to its own limit")}
          </Button>
        )}
      </div>
    </>
  );
}
