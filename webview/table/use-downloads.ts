import { createContext } from "preact";
import { useMemo } from "preact/hooks";
import { withDownloads } from "../../profiler/views/download-column.ts";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import { useStore } from "../state/store.ts";

/** The shown profile with what each row adds to a download, where that was computed. */
export function useDownloads({ download }: ModelClient, profile: ShownProfile): ShownProfile {
  const { revision, report } = useStore(download.state);
  return useMemo(
    () =>
      report && profile.isComplete && revision === profile.revision
        ? { ...profile, layers: withDownloads(profile.layers, report) }
        : profile,
    [profile, revision, report],
  );
}

/** What a cell of the column "Download" does before there are numbers: only the cells themselves know of it. */
export interface DownloadAsking {
  readonly isRunning: boolean;
  /** null: new weights have no numbers yet. */
  readonly onCompute: (() => void) | null;
}

export const DownloadContext = createContext<DownloadAsking>({ isRunning: false, onCompute: null });
