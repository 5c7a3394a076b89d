import { useMemo } from "preact/hooks";
import { isOfVersion, withMeasuredTimes } from "../../profiler/views/measured-times.ts";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import { useStore } from "../state/store.ts";

/** The shown profile with the times of the run that stands beside it, where that ran this version of the model. */
export function useMeasured(client: ModelClient, profile: ShownProfile): ShownProfile {
  const { runs, shown } = useStore(client.running.state);
  const { edits } = useStore(client.editing.document);
  return useMemo(() => {
    const run = profile.isComplete ? runs.find(({ id }) => id === shown) : undefined;
    const inForce = edits.flatMap(({ isOn, label }) => (isOn ? [label] : []));
    if (!run || !isOfVersion(run, inForce, profile.header.totals.fileBytes)) return profile;
    return { ...profile, layers: withMeasuredTimes(profile.layers, run.result) };
  }, [profile, runs, shown, edits]);
}
