import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { EditingClient } from "../state/editing-client.ts";
import { useStore } from "../state/store.ts";
import { FailureNote, TaskProgress } from "./notes.tsx";

/** While edits are computed: the table already shows what they will cost, and this says that their weights are on the way. */
export function ComputingBar({ client }: { readonly client: EditingClient }): JSX.Element | null {
  const { computing, failure } = useStore(client.document);
  if (computing) {
    const what = computing.what === "" ? computing.label : `${computing.label}: ${computing.what}`;
    return (
      <div class="computing" data-testid="computing">
        <TaskProgress done={computing.done} what={what} onCancel={() => void client.cancelComputing()} />
        <span class="remark">{l10n.t("Costs are predicted until the weights are there.")}</span>
      </div>
    );
  }
  return failure && <FailureNote failure={failure} />;
}
