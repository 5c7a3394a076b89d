import { useMemo } from "preact/hooks";
import { withMeasuredTimes } from "../../profiler/views/measured-times.ts";
import type { DocumentEdit } from "../protocol-editing.ts";
import type { KeptRun } from "../protocol-running.ts";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import { useStore } from "../state/store.ts";

/** The shown profile with the times of the run that stands beside it, where that ran this version of the model. */
export function useMeasured(client: ModelClient, profile: ShownProfile): ShownProfile {
  const { runs, shown } = useStore(client.running.state);
  const { edits } = useStore(client.editing.document);
  return useMemo(() => {
    const run = profile.isComplete ? runs.find(({ id }) => id === shown) : undefined;
    if (!run || !isOfVersion(run, edits, profile)) return profile;
    return { ...profile, layers: withMeasuredTimes(profile.layers, run.result) };
  }, [profile, runs, shown, edits]);
}

/** Rows are told by their place: those of another version are others. */
export function isOfVersion(
  { edits, result }: KeptRun,
  current: readonly DocumentEdit[],
  { header }: Pick<ShownProfile, "header">,
): boolean {
  const labels = current.flatMap(({ isOn, label }) => (isOn ? [label] : []));
  if (labels.length !== edits.length || labels.some((label, place) => label !== edits[place])) return false;
  return labels.length > 0 || header.totals.fileBytes === result.model.fileBytes;
}
