import * as l10n from "@vscode/l10n";
import type { FunctionComponent, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { RunsPaneProps } from "./RunsPane.tsx";

/** The runs, whose code is loaded when they are first shown. */
export function LazyRuns(props: RunsPaneProps): JSX.Element {
  const [Pane, setPane] = useState<FunctionComponent<RunsPaneProps> | null>(null);
  useEffect(() => {
    void import("./RunsPane.tsx").then(({ RunsPane }) => setPane(() => RunsPane));
  }, []);
  if (Pane) return <Pane {...props} />;
  return (
    <p class="panel-state" role="status">
      {l10n.t("Loading…")}
    </p>
  );
}
