import type { JSX } from "preact";
import { useCallback, useMemo, useRef, useState } from "preact/hooks";
import { layersTsv } from "../../profiler/exports/tsv.ts";
import { parseFilter, type LayerFilter } from "../../profiler/views/filter-expression.ts";
import type { ShownProfile } from "../state/model-client.ts";
import type { Preferences } from "../state/preferences.ts";
import { NOTHING_SELECTED } from "../state/selection.ts";
import { useStore, type Store } from "../state/store.ts";
import type { ViewState } from "../state/view-state.ts";
import { fittingChoice, shownColumns, type ColumnChoice } from "../table/column-layout.ts";
import { columnNeeds } from "../table/fitting-width.ts";
import { LayerTable } from "../table/LayerTable.tsx";
import { tableTree } from "../table/table-tree.ts";
import { SelectionBar } from "./SelectionBar.tsx";
import { Toolbar } from "./Toolbar.tsx";

interface LayersViewProps {
  readonly profile: ShownProfile;
  /** Layers behind the selected lines. */
  readonly selected: ShownProfile["layers"];
  readonly view: Store<ViewState>;
  readonly preferences: Store<Preferences>;
  readonly wanted: Store<string | null>;
  readonly scrollTop: Store<number>;
}

/** The table with its filter above and the sum of the selection below. */
export function LayersView({ profile, selected, view, preferences, wanted, scrollTop }: LayersViewProps): JSX.Element {
  const { header, layers, isComplete } = profile;
  const { filter: text } = useStore(view);
  const { filter, error } = useLayerFilter(text);
  const rows = useMemo(
    () => (filter ? layers.filter((layer) => filter(layer, header.totals)) : layers),
    [layers, filter, header.totals],
  );
  const hasModules = useMemo(() => hasLevels(layers), [layers]);
  const [width, setWidth] = useState(0);
  const { columns, widths } = useStore(preferences);
  const isMeasured = useMemo(() => layers.some(({ measured }) => measured !== undefined), [layers]);
  const needs = useMemo(() => columnNeeds(layers), [layers]);
  const choice = useMemo(
    () => fittingChoice({ columns, widths }, width, isMeasured, needs),
    [columns, widths, width, isMeasured, needs],
  );
  const choose = useCallback(
    (chosen: ColumnChoice): void =>
      // What only the width has chosen is no choice of the user's.
      preferences.update({ ...chosen, columns: chosen.columns === choice.columns ? columns : chosen.columns }),
    [preferences, choice, columns],
  );

  const copy = (): void => {
    void navigator.clipboard.writeText(layersTsv(selected, header.totals, shownColumns(choice)));
  };

  return (
    <>
      <Toolbar
        view={view}
        preferences={preferences}
        choice={choice}
        onChoose={choose}
        filterError={error}
        shown={rows.length}
        total={layers.length}
        hasModules={hasModules}
      />
      <LayerTable
        layers={rows}
        allLayers={layers}
        isComplete={isComplete}
        totals={header.totals}
        hasModules={hasModules}
        view={view}
        preferences={preferences}
        choice={choice}
        needs={needs}
        onChoose={choose}
        width={width}
        onResize={setWidth}
        wanted={wanted}
        scrollTop={scrollTop}
      />
      {selected.length > 1 && (
        <SelectionBar layers={selected} onCopy={copy} onClear={() => view.update({ selection: NOTHING_SELECTED })} />
      )}
    </>
  );
}

interface ParsedText {
  /** null: every row passes. */
  readonly filter: LayerFilter | null;
  readonly error: string | null;
}

/** The filter that a text stands for; while the text makes no sense, the last one that did. */
function useLayerFilter(text: string): ParsedText {
  const last = useRef<LayerFilter | null>(null);
  return useMemo(() => {
    const parsed = parseFilter(text);
    if (parsed.ok) last.current = text.trim() === "" ? null : parsed.filter;
    return { filter: last.current, error: parsed.ok ? null : parsed.message };
  }, [text]);
}

/** Whether grouping by module shows more than a list does. */
function hasLevels(layers: ShownProfile["layers"]): boolean {
  return tableTree(layers, { isTree: true, isSorted: false }).some(({ kind }) => kind === "module");
}
