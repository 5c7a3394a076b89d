import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { RunModel } from "../../profiler/device/run-result.ts";
import { useAsked } from "../editing/use-asked.ts";
import type { HardwareProfile } from "../../profiler/hardware/hardware-profile.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import type { RunningClient } from "../state/running-client.ts";
import { useStore } from "../state/store.ts";
import { useAnnounced } from "../controls/Announcements.tsx";
import { CalibrationChart } from "./CalibrationChart.tsx";
import { baselineOf } from "./compare-runs.ts";
import { RunComparisonView } from "./RunComparisonView.tsx";
import { RunDetails } from "./RunDetails.tsx";
import { RunHistory } from "./RunHistory.tsx";
import { RunList } from "./RunList.tsx";
import { RunStarter } from "./RunStarter.tsx";
import { measuredLatency } from "./run-text.ts";
import { shownRows } from "./shown-rows.ts";

export interface RunsPaneProps {
  readonly client: RunningClient;
  readonly format: RunModel["format"];
  /** What the layers are estimated for. */
  readonly hardware: HardwareProfile;
  /** Those that are shown, with the times of the shown run where it ran them. */
  readonly layers: readonly LayerProfile[];
  readonly onSelectLayer: (index: number) => void;
}

/** Measured runs of the model: where to run it, what was measured, and how runs differ. */
export function RunsPane({ client, format, hardware, layers, onSelectLayer }: RunsPaneProps): JSX.Element {
  const state = useStore(client.state);
  const { runs, shown } = state;
  useEffect(() => void client.watchDevices(), [client]);
  const [against, setAgainst] = useState<string | null>(null);
  const selected = runs.find(({ id }) => id === shown) ?? null;
  const others = useAsked(selected?.id ?? "", selected ? () => client.listOthers() : undefined).value ?? [];
  const isOther = others.some(({ id }) => id === against);
  const other = useAsked(against ?? "", isOther && against !== null ? () => client.readOther(against) : undefined);
  const chosen = runs.find(({ id }) => id === against) ?? (other.value?.id === against ? other.value : undefined);
  const baseline = selected && (chosen ?? baselineOf(selected, runs) ?? null);
  const rowOf = useMemo(() => selected && shownRows(selected.result, layers), [selected, layers]);
  useAnnounced(state.running === null && selected ? measuredLatency(selected.result).text : null);
  return (
    <div class="runs" data-testid="runs">
      <RunStarter client={client} state={state} format={format} />
      {runs.length === 0 ? (
        <p class="panel-state">
          {l10n.t(
            "Nothing has been measured yet. A run shows what the model and each of its layers take on a device, beside the estimates.",
          )}
        </p>
      ) : (
        <RunList
          runs={runs}
          shown={shown}
          onShow={(run) => void client.show(run)}
          onDelete={(run) => void client.delete(run)}
        />
      )}
      {runs.length > 1 && <RunHistory runs={runs} shown={shown} onShow={(run) => void client.show(run)} />}
      {selected && rowOf && (
        <RunDetails
          run={selected}
          rowOf={rowOf}
          onSelectLayer={onSelectLayer}
          onLearn={() => void client.learnLatency()}
        />
      )}
      {selected && (
        <CalibrationChart
          layers={layers}
          latency={selected.result.latency.statistics.median}
          hardware={hardware}
          onSelectLayer={onSelectLayer}
        />
      )}
      {selected && rowOf && runs.length + others.length > 1 && (
        <RunComparisonView
          run={selected}
          baseline={baseline}
          runs={runs}
          others={others}
          rowOf={rowOf}
          onChoose={setAgainst}
          onSelectLayer={onSelectLayer}
        />
      )}
    </div>
  );
}
