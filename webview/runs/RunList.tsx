import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { isMeasured } from "../../profiler/device/run-result.ts";
import { formatBytes, formatTime } from "../../profiler/format-numbers.ts";
import { Icon, IconButton } from "../controls/controls.tsx";
import type { KeptRun } from "../protocol/running.ts";
import { medianText, modelText, outputVerdict, startTexts, threadsText } from "./run-text.ts";

interface RunListProps {
  readonly runs: readonly KeptRun[];
  /** The run whose times stand in the table. */
  readonly shown: string | null;
  readonly onShow: (run: string | null) => void;
  readonly onDelete: (run: string) => void;
}

/** The kept runs of the model, the newest first; choosing one puts its times into the table. */
export function RunList({ runs, shown, onShow, onDelete }: RunListProps): JSX.Element {
  const starts = startTexts(runs);
  return (
    <div class="run-list-frame" tabIndex={0} role="group" aria-label={l10n.t("Measured runs")}>
      <table class="run-list" aria-label={l10n.t("Measured runs")} data-testid="run-list">
        <thead>
          <tr>
            <th data-tip={l10n.t("Whose times stand beside the estimates in the tab Layers")}>{l10n.t("In table")}</th>
            <th>{l10n.t("When")}</th>
            <th class="device">{l10n.t("Device")}</th>
            <th>{l10n.t("Model")}</th>
            <th class="number">{l10n.t("Median")}</th>
            <th class="number spare">p90</th>
            <th class="number spare">{l10n.t("Estimate")}</th>
            <th class="number spare">{l10n.t("Peak memory")}</th>
            <th>{l10n.t("Outputs")}</th>
            <th>
              <span class="visually-hidden">{l10n.t("Forget")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow
              key={run.id}
              run={run}
              start={starts.get(run.id) ?? ""}
              isShown={run.id === shown}
              onShow={onShow}
              onDelete={onDelete}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RunRowProps extends Pick<RunListProps, "onShow" | "onDelete"> {
  readonly run: KeptRun;
  /** When it began, told apart from the others. */
  readonly start: string;
  readonly isShown: boolean;
}

function RunRow({ run, start, isShown, onShow, onDelete }: RunRowProps): JSX.Element {
  const { id, result, edits, estimate } = run;
  const { device, latency, memory, outputs, runtime, settings } = result;
  const verdict = outputVerdict(outputs);
  const model = modelText(run);
  return (
    <tr class={isShown ? "shown" : undefined} data-run={id}>
      <td>
        <input
          type="checkbox"
          aria-label={l10n.t("Show the times of {0} in the table", start)}
          checked={isShown}
          onChange={() => onShow(isShown ? null : id)}
        />
      </td>
      <td>
        <button type="button" class="link" onClick={() => onShow(id)}>
          {start}
        </button>
      </td>
      <td class="device" data-tip={`${runtime.name} ${runtime.version ?? ""}, ${runtime.description}`}>
        {device.name}, <span class="run-threads">{threadsText(settings)}</span>
      </td>
      <td class="run-model" data-tip={edits.join("\n") || model}>
        {model}
      </td>
      <td class="number">{medianText(latency)}</td>
      <td class="number spare">{latency.statistics.p90 === null ? "" : formatTime(latency.statistics.p90)}</td>
      <td class="number spare">{estimate === null ? "" : formatTime(estimate)}</td>
      <td class="number spare">{isMeasured(memory) ? formatBytes(memory.peakBytes) : ""}</td>
      <td data-tip={verdict.text}>
        <span class={`run-verdict ${verdict.icon}`}>
          <Icon name={verdict.icon} />
          <span class="verdict-word">{verdictWord(outputs.verdict)}</span>
        </span>
      </td>
      <td>
        <IconButton icon="trash" label={l10n.t("Forget the run of {0}", start)} onClick={() => onDelete(id)} />
      </td>
    </tr>
  );
}

function verdictWord(verdict: KeptRun["result"]["outputs"]["verdict"]): string {
  switch (verdict) {
    case "equal":
      return l10n.t("equal");
    case "differs":
      return l10n.t("differ");
    case "not-compared":
      return l10n.t("not compared");
  }
}
