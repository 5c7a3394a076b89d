import { ownEntry } from "../../profiler/own-entry.ts";
import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { Button, Icon } from "../controls/controls.tsx";
import type { Activity, PageCommand } from "../protocol/page.ts";
import type { Failure } from "../protocol/rpc.ts";

/** What the page says instead of a table. */

interface LoadingProps {
  readonly file: string;
  readonly activity: Activity;
  readonly onCommand: (command: PageCommand) => void;
}

export function Loading({ file, activity, onCommand }: LoadingProps): JSX.Element {
  return (
    <div class="state loading" data-testid="loading">
      <p role="status" class="state-title">
        {l10n.t("Profiling {0}", file)}
      </p>
      <div class="progress" role="progressbar" aria-label={l10n.t("Profiling {0}", file)} />
      <p class="state-detail">{activityText(activity)}</p>
      <Button appearance="secondary" onClick={() => onCommand("cancel")}>
        {l10n.t("Cancel")}
      </Button>
    </div>
  );
}

export function activityText(activity: Activity): string {
  switch (activity) {
    case "idle":
      return "";
    case "starting":
      return l10n.t("Starting the profiler…");
    case "reading":
      return l10n.t("Reading the graph…");
    case "inferring":
      return l10n.t("Computing shapes…");
    case "costing":
      return l10n.t("Counting costs…");
  }
}

interface FailedProps {
  readonly file: string;
  readonly failure: Failure;
  readonly onCommand: (command: PageCommand) => void;
}

export function Failed({ file, failure, onCommand }: FailedProps): JSX.Element {
  const { code, message, hint } = failure;
  const isCancelled = code === "cancelled";
  return (
    <div class="state" data-testid="failed">
      <Icon name={ownEntry(ICONS, code) ?? "error"} />
      <h1 class="state-title">{titleOf(code, file)}</h1>
      {message !== "" && (
        <p class="state-message" role="alert">
          {message}
        </p>
      )}
      {hint !== undefined && <p class="state-detail">{hint}</p>}
      <div class="state-actions">
        <Button icon={isCancelled ? "play" : "refresh"} onClick={() => onCommand("retry")}>
          {isCancelled ? l10n.t("Profile") : l10n.t("Try Again")}
        </Button>
        {!isCancelled && code !== "missing" && code !== "lfs" && (
          <Button appearance="secondary" onClick={() => onCommand("reopen-with")}>
            {l10n.t("Reopen as Text or Hex…")}
          </Button>
        )}
        {!isCancelled && (
          <Button appearance="secondary" onClick={() => onCommand("show-log")}>
            {l10n.t("Show Log")}
          </Button>
        )}
      </div>
    </div>
  );
}

const ICONS: Readonly<Record<string, string>> = { cancelled: "circle-slash", missing: "trash", limit: "warning" };

function titleOf(code: string, file: string): string {
  switch (code) {
    case "cancelled":
      return l10n.t("Profiling {0} was cancelled", file);
    case "missing":
      return l10n.t("{0} is gone", file);
    case "lfs":
      return l10n.t("{0} is not on this machine", file);
    case "external-data":
      return l10n.t("The data of {0} cannot be read", file);
    case "format":
      return l10n.t("{0} is damaged, or no model that Edgewise can read", file);
    default:
      return l10n.t("{0} cannot be profiled", file);
  }
}
