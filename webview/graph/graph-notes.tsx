import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { Icon } from "../controls/controls.tsx";
import type { LayoutState } from "./use-layout.ts";

/** Why a picture was not changed as asked. */
export function RefusedNote({ reason }: { readonly reason: string | null }): JSX.Element | null {
  if (reason === null) return null;
  return (
    <p class="graph-refused" role="alert">
      <Icon name="info" />
      {reason}
    </p>
  );
}

/** What stands in the place of a picture that is not there. */
export function NoPicture({ state }: { readonly state: LayoutState }): JSX.Element {
  return (
    <p class="panel-state" role="status">
      {state.kind === "failed"
        ? l10n.t("The picture cannot be drawn: {0}", state.message)
        : state.kind === "done"
          ? l10n.t("There is no layer to draw.")
          : l10n.t("Laying out the graph…")}
    </p>
  );
}
