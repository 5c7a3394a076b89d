import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { Checkbox, TextField } from "../controls/controls.tsx";
import { useStore, type Store } from "../state/store.ts";
import type { CompareView } from "./compare-view.ts";
import { chosenLayers, measureOf, type ComparedLayer } from "./compared-layers.ts";
import { ComparedTensors } from "./ComparedTensors.tsx";
import { CompareTable } from "./CompareTable.tsx";
import { MeasureSelect } from "./MeasureSelect.tsx";

interface CompareLayersProps {
  readonly layers: readonly ComparedLayer[];
  readonly view: Store<CompareView>;
}

/** The rows of both models as a table, and what chooses among them. */
export function CompareLayers({ layers, view }: CompareLayersProps): JSX.Element {
  const choice = useStore(view);
  const rows = useMemo(() => chosenLayers(layers, choice), [layers, choice]);
  const folded = useMemo(() => layers.filter(({ isFolded }) => isFolded).length, [layers]);
  const listed = useMemo(
    () => (choice.showsFolded ? layers : layers.filter(({ isFolded }) => !isFolded)),
    [layers, choice.showsFolded],
  );
  const different = useMemo(() => listed.filter(({ change }) => change !== "same").length, [listed]);
  const selected = rows.find(({ position }) => position === choice.selected);
  return (
    <>
      <div class="toolbar" role="toolbar" aria-label={l10n.t("Layers")}>
        <MeasureSelect view={view} />
        <TextField
          label={l10n.t("Filter layers")}
          placeholder={l10n.t("Filter by name, operator or shape")}
          icon="filter"
          class="filter"
          value={choice.filter}
          onInput={(filter) => view.update({ filter })}
          onEscape={() => view.update({ filter: "" })}
        />
        <Checkbox
          label={l10n.t("Only differences")}
          isChecked={choice.onlyDifferences}
          onChange={(onlyDifferences) => view.update({ onlyDifferences })}
        />
        {folded > 0 && (
          <Checkbox
            label={l10n.t("Constants, shapes ({0})", folded.toLocaleString())}
            isChecked={choice.showsFolded}
            onChange={(showsFolded) => view.update({ showsFolded })}
          />
        )}
        <span class="shown-count" role="status" data-testid="shown-count">
          {different === 0
            ? l10n.t("{0} rows, all the same", listed.length.toLocaleString())
            : l10n.t(
                "{0} of {1} rows, {2} differ",
                rows.length.toLocaleString(),
                listed.length.toLocaleString(),
                different.toLocaleString(),
              )}
        </span>
      </div>
      <CompareTable rows={rows} measure={measureOf(choice)} view={view} />
      {selected && <ComparedTensors row={selected} onClose={() => view.update({ selected: null })} />}
    </>
  );
}
