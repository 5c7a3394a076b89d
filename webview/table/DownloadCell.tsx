import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useContext } from "preact/hooks";
import type { LayerProfile } from "../../profiler/profile.ts";
import { DownloadContext } from "./use-downloads.ts";

/** Stands for a number that is computed on demand, and asks for all of them. */
export function DownloadOnDemand({ layer }: { readonly layer: LayerProfile }): JSX.Element {
  const { isRunning, onCompute } = useContext(DownloadContext);
  // What has no weights adds nothing, whatever is computed.
  if (layer.weightBytes === 0 || layer.role !== "compute") return <></>;
  if (isRunning || onCompute === null) return <span class="unknown">{isRunning ? "…" : ""}</span>;
  return (
    <button
      type="button"
      class="link unknown"
      // The row is what keys move between.
      tabIndex={-1}
      aria-label={l10n.t("Compute downloads")}
      onClick={onCompute}
    >
      {l10n.t("on demand")}
    </button>
  );
}
