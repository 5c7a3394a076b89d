import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { Checkbox, TextField } from "../controls/controls.tsx";
import type { Store } from "../state/store.ts";
import { useStore } from "../state/store.ts";
import type { ViewState } from "../state/view-state.ts";

interface ToolbarProps {
  readonly view: Store<ViewState>;
  readonly shown: number;
  /** Rows that the filter chose from. */
  readonly total: number;
  /** Rows of shape arithmetic and constants. */
  readonly folded: number;
}

export function Toolbar({ view, shown, total, folded }: ToolbarProps): JSX.Element {
  const { filter, showsFolded } = useStore(view);
  return (
    <div class="toolbar" role="toolbar" aria-label={l10n.t("Layers")}>
      <TextField
        label={l10n.t("Filter layers")}
        placeholder={l10n.t("Filter by name, operator, module or shape")}
        icon="filter"
        class="filter"
        value={filter}
        onInput={(text) => view.update({ filter: text })}
        onEscape={() => view.update({ filter: "" })}
      />
      {folded > 0 && (
        <Checkbox
          label={folded === 1 ? l10n.t("Show 1 folded row") : l10n.t("Show {0} folded rows", folded.toLocaleString())}
          isChecked={showsFolded}
          onChange={(isShown) => view.update({ showsFolded: isShown })}
        />
      )}
      <span class="shown-count" role="status" data-testid="shown-count">
        {shown === total
          ? l10n.t("{0} layers", total.toLocaleString())
          : l10n.t("{0} of {1} layers", shown.toLocaleString(), total.toLocaleString())}
      </span>
    </div>
  );
}
