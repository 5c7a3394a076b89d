import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { IconButton } from "../controls/controls.tsx";
import type { GraphView } from "./graph-view.ts";

interface GraphButtonsProps {
  readonly direction: GraphView["direction"];
  readonly onChange: (changes: Partial<GraphView>) => void;
  readonly onOpenAll: () => void;
  readonly onCloseAll: () => void;
  /** Besides what the view itself changes to. */
  readonly onReset: () => void;
}

/** How a picture lies and what is open in it: of one graph, or of two side by side. */
export function GraphButtons({ direction, onChange, onOpenAll, onCloseAll, onReset }: GraphButtonsProps): JSX.Element {
  return (
    <>
      <IconButton
        icon={direction === "DOWN" ? "arrow-right" : "arrow-down"}
        label={direction === "DOWN" ? l10n.t("Left to right") : l10n.t("Top to bottom")}
        onClick={() => onChange({ direction: direction === "DOWN" ? "RIGHT" : "DOWN", viewport: null })}
      />
      <IconButton icon="expand-all" label={l10n.t("Open all modules")} onClick={onOpenAll} />
      <IconButton icon="collapse-all" label={l10n.t("Close all modules")} onClick={onCloseAll} />
      <IconButton
        icon="discard"
        label={l10n.t("As it was at first")}
        onClick={() => {
          onReset();
          onChange({ open: null, viewport: null });
        }}
      />
    </>
  );
}
