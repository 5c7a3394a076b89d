import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { formatBytes } from "../../profiler/format-numbers.ts";
import type { MissingData } from "../../profiler/errors.ts";
import type { Warning } from "../../profiler/profile.ts";
import { Button, Icon } from "../controls/controls.tsx";

interface MissingDataBannerProps {
  readonly warnings: readonly Warning[];
  /** Where more than one model is shown: whose files they are. */
  readonly model?: string;
  readonly onRetry: () => void;
}

/** Which data files a model is shown without, where they were looked for, and what they are needed for. */
export function MissingDataBanner({ warnings, model, onRetry }: MissingDataBannerProps): JSX.Element | null {
  const files = warnings.flatMap(({ missing }) => (missing ? [missing] : []));
  if (files.length === 0) return null;
  return (
    <div class="missing-data" role="status" data-testid="missing-data">
      <Icon name="warning" />
      <div>
        {files.map((file) => (
          <p key={file.location}>
            <strong>{fault(file, model)}</strong> {l10n.t("Expected at {0}", file.place)}
          </p>
        ))}
        <p>
          {l10n.t(
            "Shapes, costs and the graph need no weights. Running, compressing and editing the model, values and histograms do: they are refused until the file is there. Then this page loads it by itself.",
          )}
        </p>
      </div>
      <Button appearance="secondary" icon="refresh" onClick={onRetry}>
        {l10n.t("Look Again")}
      </Button>
    </div>
  );
}

function fault({ location, bytes }: MissingData, model: string | undefined): string {
  if (bytes !== null)
    return model === undefined
      ? l10n.t("The data file “{0}” is too short: it has {1}.", location, formatBytes(bytes))
      : l10n.t("{0}: the data file “{1}” is too short: it has {2}.", model, location, formatBytes(bytes));
  return model === undefined
    ? l10n.t("The data file “{0}” is missing.", location)
    : l10n.t("{0}: the data file “{1}” is missing.", model, location);
}
