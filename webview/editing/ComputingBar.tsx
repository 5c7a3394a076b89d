import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { announce } from "../controls/Announcements.tsx";
import { Button, IconButton } from "../controls/controls.tsx";
import type { Failure } from "../protocol/rpc.ts";
import type { EditingClient } from "../state/editing-client.ts";
import { useStore } from "../state/store.ts";
import { FailureNote, TaskProgress } from "./notes.tsx";
import { TrainingChart } from "./TrainingChart.tsx";

/** While edits are computed: the table already shows what they will cost, and this says that their weights are on the way. */
export function ComputingBar({ client }: { readonly client: EditingClient }): JSX.Element | null {
  const { computing, failure } = useStore(client.document);
  const [dismissed, setDismissed] = useState<Failure | null>(null);
  const underWay = useRef<string | null>(null);
  useEffect(() => {
    if (computing) underWay.current = computing.label;
    else if (underWay.current !== null) {
      const was = underWay.current;
      underWay.current = null;
      if (failure === null && was !== "") announce(l10n.t("{0}: done", was));
      else if (failure?.code === "cancelled") announce(l10n.t("Cancelled."));
    }
  }, [computing, failure]);
  if (computing) {
    const what = computing.what === "" ? computing.label : `${computing.label}: ${computing.what}`;
    return (
      <div class="computing" data-testid="computing">
        <TaskProgress done={computing.done} what={what} onCancel={() => void client.cancelComputing()} />
        {computing.training === undefined ? (
          <span class="remark">{l10n.t("Costs are predicted until the weights are there.")}</span>
        ) : (
          <>
            <Button appearance="secondary" onClick={() => void client.stopTraining()}>
              {l10n.t("Stop and keep the best")}
            </Button>
            <TrainingChart points={computing.training} />
          </>
        )}
      </div>
    );
  }
  if (!failure || failure === dismissed || failure.code === "cancelled") return null;
  const unchanged = l10n.t("The model is as it was before.");
  return (
    <div class="given-up" data-testid="given-up">
      <FailureNote failure={{ ...failure, hint: [failure.hint, unchanged].filter(Boolean).join(" ") }} />
      <IconButton icon="close" label={l10n.t("Dismiss")} onClick={() => setDismissed(failure)} />
    </div>
  );
}
