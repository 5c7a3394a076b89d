import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "../controls/controls.tsx";
import type { Preferences } from "../state/preferences.ts";
import { layerCount } from "../table/line-text.ts";
import { useStore, type Store } from "../state/store.ts";
import type { ViewState } from "../state/view-state.ts";
import type { ColumnChoice } from "../table/column-layout.ts";
import { ColumnsMenu } from "../table/ColumnsMenu.tsx";
import { FilterField } from "./FilterField.tsx";

interface ToolbarProps {
  readonly view: Store<ViewState>;
  readonly preferences: Store<Preferences>;
  readonly choice: ColumnChoice;
  readonly onChoose: (choice: ColumnChoice) => void;
  /** What is wrong with the filter; null while nothing is. */
  readonly filterError: string | null;
  readonly shown: number;
  /** Rows that the filter chose from. */
  readonly total: number;
  /** Without modules there is no choice between tree and list. */
  readonly hasModules: boolean;
}

/** What stands above the table: the filter, how many rows it leaves, tree or list, columns, details. */
export function Toolbar(props: ToolbarProps): JSX.Element {
  const { view, preferences, choice, onChoose, filterError, shown, total, hasModules } = props;
  const { filter, layout } = useStore(view);
  const { details } = useStore(preferences);
  const [menu, setMenu] = useState<DOMRect | null>(null);
  const isTree = layout !== "flat";
  return (
    <div class="toolbar" role="toolbar" aria-label={l10n.t("Layers")}>
      <FilterField
        text={filter}
        error={filterError}
        onChange={(text) => view.update({ filter: text, filteredExpansion: {} })}
      />
      <span class="shown-count" role="status" data-testid="shown-count">
        {shown === total
          ? layerCount(total)
          : l10n.t("{0} of {1} layers", shown.toLocaleString(), total.toLocaleString())}
      </span>
      <span class="toolbar-buttons">
        {hasModules && (
          <ToolButton
            icon="list-tree"
            label={l10n.t("Group layers by module")}
            isPressed={isTree}
            onClick={() => view.update({ layout: isTree ? "flat" : "tree" })}
          />
        )}
        <ToolButton
          icon="layout-sidebar-right"
          label={l10n.t("Details of the selected layer")}
          isPressed={details.isOpen}
          onClick={() => preferences.update({ details: { ...details, isOpen: !details.isOpen } })}
        />
        <button
          type="button"
          class="icon-button"
          aria-label={l10n.t("Choose columns")}
          aria-haspopup="menu"
          aria-expanded={menu !== null}
          data-tip={l10n.t("Choose columns")}
          onClick={({ currentTarget }) => setMenu(currentTarget.getBoundingClientRect())}
        >
          <Icon name="settings" />
        </button>
      </span>
      {menu && <ColumnsMenu anchor={menu} choice={choice} onChange={onChoose} onClose={() => setMenu(null)} />}
    </div>
  );
}

interface ToolButtonProps {
  readonly icon: string;
  readonly label: string;
  readonly isPressed: boolean;
  readonly onClick: () => void;
}

function ToolButton({ icon, label, isPressed, onClick }: ToolButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      aria-pressed={isPressed}
      data-tip={label}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
