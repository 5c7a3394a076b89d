import type { ModelDocument } from "../editor/model-document.ts";
import { DocumentRuns } from "./document-runs.ts";
import type { KeptRuns } from "./kept-runs.ts";

/** The runs of an open model: measured by its engine, on the samples that were chosen for it. */
export function runsOf(document: ModelDocument, kept: KeptRuns): DocumentRuns {
  const { uri, engines, devices, events } = document;
  const runs: DocumentRuns = new DocumentRuns({
    measure: (device, options, signal) => {
      const request = document.requestFor(document.editing.content);
      const calibration = document.calibration.chosen;
      const params = {
        request,
        address: devices.addressOf(device),
        options: { ...options, ...(calibration && { calibration }) },
      };
      const onWait = (): void => runs.onProgress({ phase: "queued" });
      return devices.measure(device, signal, onWait, () => engines.compute("measure", params, signal));
    },
    devices: () => devices.list,
    edits: () => document.editing.state.edits.flatMap(({ isOn, label }) => (isOn ? [label] : [])),
    estimate: () => document.session.profile?.header.totals.latencySeconds ?? null,
    load: () => kept.of(uri),
    loadAll: () => kept.all(),
    keep: (runs) => kept.keep(uri, runs),
    onState: (state) => events.runs.fire(state),
    onProgress: (running) => events.running.fire(running),
  });
  return runs;
}
