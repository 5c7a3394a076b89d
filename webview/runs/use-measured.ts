import { useMemo } from "preact/hooks";
import { isOfVersion, withMeasuredTimes } from "../../profiler/views/measured-times.ts";
import type { KeptRun } from "../protocol/running.ts";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import { useStore } from "../state/store.ts";

/** The run that stands beside the shown profile; null without one, and where it ran another version of the model. */
export function useShownRun(client: ModelClient, { isComplete, header }: ShownProfile): KeptRun | null {
  const { runs, shown } = useStore(client.running.state);
  const { edits } = useStore(client.editing.document);
  return useMemo(() => {
    const run = isComplete ? runs.find(({ id }) => id === shown) : undefined;
    const inForce = edits.flatMap(({ isOn, label }) => (isOn ? [label] : []));
    return run && isOfVersion(run, inForce, header) ? run : null;
  }, [isComplete, header, runs, shown, edits]);
}

/** A profile with the times of the run that stands beside it. */
export function useMeasured(profile: ShownProfile, run: KeptRun | null): ShownProfile {
  return useMemo(
    () => (run ? { ...profile, layers: withMeasuredTimes(profile.layers, run.result) } : profile),
    [profile, run],
  );
}
