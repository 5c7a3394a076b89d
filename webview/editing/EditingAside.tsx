import * as l10n from "@vscode/l10n";
import type { FunctionComponent, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { EditingPanelProps } from "./EditingPanel.tsx";

/** The panel, whose code is loaded when it is first opened. */
export function EditingAside(props: EditingPanelProps): JSX.Element {
  const [Panel, setPanel] = useState<FunctionComponent<EditingPanelProps> | null>(null);
  useEffect(() => {
    void import("./EditingPanel.tsx").then(({ EditingPanel }) => setPanel(() => EditingPanel));
  }, []);
  if (Panel) return <Panel {...props} />;
  return (
    <p class="panel-state" role="status">
      {l10n.t("Loading…")}
    </p>
  );
}
