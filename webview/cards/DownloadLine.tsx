import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { formatCell, formatCellExact } from "../../profiler/columns.ts";
import { Icon, IconButton } from "../controls/controls.tsx";
import type { ShownProfile } from "../state/model-client.ts";
import type { DownloadClient } from "../state/download-client.ts";
import { useStore } from "../state/store.ts";

interface DownloadLineProps {
  readonly client: DownloadClient;
  readonly profile: Pick<ShownProfile, "revision" | "isPrediction">;
}

/** The file's size as it is downloaded: reading all of it takes its time, so that it waits to be asked for. */
export function DownloadLine({ client, profile: { revision, isPrediction } }: DownloadLineProps): JSX.Element | null {
  const { isRunning, done, report, failure, revision: known } = useStore(client.state);
  const definition = l10n.t("All of the file by deflate at its best level, as an APK or app bundle holds it.");
  if (isPrediction) return null;
  if (known === revision && isRunning) {
    const percent = Math.round(100 * done);
    const what = l10n.t("compressing, {0} %", percent);
    return (
      <dd class="download" data-testid="download">
        <span role="progressbar" aria-label={what} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
          {what}
        </span>
        <IconButton icon="close" label={l10n.t("Cancel")} onClick={() => client.cancel()} />
      </dd>
    );
  }
  if (known === revision && report) {
    return (
      <dd
        class="download"
        data-testid="download"
        data-tip={`${formatCellExact("bytes", report.fileBytes)}\n${definition}`}
      >
        <Icon name="cloud-download" />
        <span role="status">{l10n.t("{0} as downloaded", formatCell("bytes", report.fileBytes))}</span>
      </dd>
    );
  }
  const failed = known === revision ? failure : null;
  return (
    <dd class="download" data-testid="download">
      <button
        type="button"
        class="link"
        data-tip={l10n.t("{0} Computed when you choose this: all of the file is read.", definition)}
        onClick={() => void client.start(revision)}
      >
        <Icon name="cloud-download" />
        {l10n.t("as downloaded…")}
      </button>
      {failed && (
        <span class="failure" role="alert">
          {failed.message}
        </span>
      )}
    </dd>
  );
}
