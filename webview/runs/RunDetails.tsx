import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { isMeasured, type Conditions, type LayerTimes, type RunResult } from "../../profiler/device/run-result.ts";
import { formatEnergy, formatShare, formatTime } from "../../profiler/format-numbers.ts";
import { Icon } from "../controls/controls.tsx";
import type { KeptRun } from "../protocol/running.ts";
import type { ShownRow } from "./shown-rows.ts";
import {
  deviceText,
  estimateFigure,
  latencyFigures,
  memoryFigure,
  outputVerdict,
  runTitle,
  threadsText,
} from "./run-text.ts";

interface RunDetailsProps {
  readonly run: KeptRun;
  readonly rowOf: ShownRow;
  readonly onSelectLayer: (index: number) => void;
  readonly onLearn: () => void;
}

/** Layers in the list of the slowest. */
const SLOWEST = 8;

/** All that one run measured, with what it was measured with. */
export function RunDetails({ run: { result, estimate }, rowOf, onSelectLayer, onLearn }: RunDetailsProps): JSX.Element {
  const { latency, outputs, throttling, notes, device, runtime, settings, layers: times, energy, memory } = result;
  const verdict = outputVerdict(outputs);
  const figures = [
    ...latencyFigures(latency),
    ...(estimate === null ? [] : [estimateFigure(estimate, latency.statistics, result.device)]),
    ...(isMeasured(memory) ? [memoryFigure(memory)] : []),
  ];
  return (
    <section class="run-details" aria-label={runTitle(result)} data-testid="run-details">
      <h2>{l10n.t("Latency, all optimizations")}</h2>
      <dl class="facts">
        {figures.map(({ id, title, value, tip }) => (
          <div key={id} data-figure={id} data-tip={tip}>
            <dt>{title}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class={`run-verdict ${verdict.icon}`}>
        <Icon name={verdict.icon} />
        {verdict.text}
      </p>
      {throttling.map((line) => (
        <p class="throttling" key={line} role="note">
          <Icon name="flame" />
          {line}
        </p>
      ))}
      <h2>{isMeasured(times) ? l10n.t("Layers, profiled ({0})", times.optimization) : l10n.t("Layers")}</h2>
      {isMeasured(times) ? (
        <SlowestLayers times={times} rowOf={rowOf} onSelectLayer={onSelectLayer} />
      ) : (
        <p class="remark">{times.reason}</p>
      )}
      {outputs.verdict !== "differs" && (
        <p>
          <button
            type="button"
            class="link"
            data-tip={l10n.t(
              "Learns from all runs on this device how fast it computes layers of each kind, and estimates latency for this device from now on.",
            )}
            onClick={onLearn}
          >
            {l10n.t("Learn the latency of this device from its runs")}
          </button>
        </p>
      )}
      <h2>{l10n.t("Energy")}</h2>
      <p>
        {isMeasured(energy)
          ? l10n.t(
              "{0} an inference above idle, from the rails {1}.",
              formatEnergy(energy.joulesPerInference * 1e12),
              energy.rails.map(({ name }) => name).join(", "),
            )
          : energy.reason}
      </p>
      <h2>{l10n.t("How it was measured")}</h2>
      <ul class="run-facts">
        <li>{deviceText(device)}</li>
        <li>{[runtime.name, runtime.version, runtime.description].filter(Boolean).join(", ")}</li>
        <li>{settingsText(result)}</li>
        <li>{l10n.t("Inputs: {0}", settings.inputs)}</li>
        {conditionsText(result.conditions).map((line) => (
          <li key={line}>{line}</li>
        ))}
        {!isMeasured(memory) && <li>{l10n.t("Peak memory: {0}", memory.reason)}</li>}
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </section>
  );
}

interface LayerLinkProps {
  readonly name: string;
  readonly row: number | null;
  readonly onSelectLayer: (index: number) => void;
}

/** A layer of a run, which leads to its row where the shown model still has it. */
function LayerLink({ name, row, onSelectLayer }: LayerLinkProps): JSX.Element {
  if (row === null) return <span>{name}</span>;
  return (
    <button type="button" class="link" onClick={() => onSelectLayer(row)}>
      {name}
    </button>
  );
}

interface SlowestLayersProps {
  readonly times: LayerTimes;
  readonly rowOf: ShownRow;
  readonly onSelectLayer: (index: number) => void;
}

function SlowestLayers({ times, rowOf, onSelectLayer }: SlowestLayersProps): JSX.Element {
  const { totalSeconds, rows, unmapped, runs } = times;
  const slowest = rows.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  const outside = unmapped.reduce((sum, { seconds }) => sum + seconds, 0);
  return (
    <>
      <p class="remark">
        {l10n.t(
          "{0} an inference, the mean of {1} profiled runs. {2} of it is unattributed time, which belongs to no row of the table.",
          formatTime(totalSeconds),
          runs,
          formatShare(totalSeconds > 0 ? outside / totalSeconds : 0),
        )}
      </p>
      <ol class="slowest">
        {slowest.map(({ layer, name, seconds, fused }) => (
          <li key={layer}>
            <span
              class="slowest-bar"
              style={{ transform: `scaleX(${totalSeconds > 0 ? seconds / totalSeconds : 0})` }}
            />
            <LayerLink name={name} row={rowOf(layer)} onSelectLayer={onSelectLayer} />
            {fused.length > 0 && <span class="remark"> {fusedText(fused)}</span>}
            <span class="slowest-time">{`${formatTime(seconds)} · ${formatShare(totalSeconds > 0 ? seconds / totalSeconds : 0)}`}</span>
          </li>
        ))}
      </ol>
      {unmapped.length > 0 && (
        <details>
          <summary>{l10n.t("Unattributed time")}</summary>
          <ul class="run-facts">
            {unmapped.map(({ name, seconds, reason }, position) => (
              <li key={position}>{`${name}: ${formatTime(seconds)}. ${reason}`}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** "with #4 fused into it" */
function fusedText(rows: readonly number[]): string {
  return l10n.t("with {0} fused into it", rows.map((row) => `#${row}`).join(", "));
}

function settingsText({ settings, startedAt }: RunResult): string {
  const { warmUpRuns, runs, dimensions, cores, delegate, fixedPerformance } = settings;
  const parts = [
    new Date(startedAt).toLocaleString(),
    threadsText(settings),
    l10n.t("warm-up runs {0}, timed runs {1}", warmUpRuns, runs),
    ...Object.entries(dimensions).map(([name, value]) => `${name} = ${value}`),
    cores && l10n.t("cores {0}", cores.join(", ")),
    delegate && l10n.t("delegate {0}", delegate),
    fixedPerformance && l10n.t("fixed-performance mode"),
  ];
  return parts.filter(Boolean).join(", ");
}

/** What may have made the device slower: heat, and clocks below what it can do. */
function conditionsText({ before, after }: RunResult["conditions"]): readonly string[] {
  const temperatures = (conditions: Conditions): string =>
    conditions.temperatures.map(({ sensor, celsius }) => `${sensor} ${celsius.toFixed(0)} °C`).join(", ");
  const lines = [
    before.thermalStatus !== null &&
      l10n.t("Thermal status {0} before, {1} after", before.thermalStatus, after.thermalStatus ?? l10n.t("unknown")),
    before.temperatures.length > 0 && l10n.t("Before: {0}. After: {1}", temperatures(before), temperatures(after)),
    [before, after].some(({ cores }) => cores.some(({ hertz, isOnline }) => hertz !== null || !isOnline)) &&
      l10n.t("Clocks before: {0}. After: {1}", clocks(before), clocks(after)),
  ];
  return lines.filter((line) => line !== false);
}

function clocks({ cores }: Conditions): string {
  const counts = new Map<string, number>();
  for (const { hertz, isOnline } of cores) {
    const text = !isOnline ? l10n.t("offline") : hertz === null ? l10n.t("unknown") : `${(hertz / 1e9).toFixed(2)} GHz`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => `${count} × ${text}`).join(", ");
}
