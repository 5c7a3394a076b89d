import * as l10n from "@vscode/l10n";
import type { FunctionComponent, JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { layerOfLine } from "../state/selection.ts";
import type { EditingPanelProps } from "./EditingPanel.tsx";

interface EditingAsideProps extends Omit<EditingPanelProps, "selectedRows"> {
  /** Lines that are selected in the table. */
  readonly selectedLines: readonly string[];
}

/** The panel, whose code is loaded when it is first opened. */
export function EditingAside({ selectedLines, ...props }: EditingAsideProps): JSX.Element {
  const [Panel, setPanel] = useState<FunctionComponent<EditingPanelProps> | null>(null);
  useEffect(() => {
    void import("./EditingPanel.tsx").then(({ EditingPanel }) => setPanel(() => EditingPanel));
  }, []);
  const selectedRows = useMemo(
    () => new Set(selectedLines.flatMap((line) => layerOfLine(line) ?? [])),
    [selectedLines],
  );
  if (Panel) return <Panel {...props} selectedRows={selectedRows} />;
  return (
    <p class="panel-state" role="status">
      {l10n.t("Loading…")}
    </p>
  );
}
