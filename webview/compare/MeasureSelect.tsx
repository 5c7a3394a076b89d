import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { Select } from "../controls/Select.tsx";
import { useStore, type Store } from "../state/store.ts";
import type { CompareView } from "./compare-view.ts";
import { MEASURES } from "./compared-layers.ts";

/** The cost that both models are compared by. */
export function MeasureSelect({ view }: { readonly view: Store<CompareView> }): JSX.Element {
  const { measure } = useStore(view);
  return (
    <Select
      label={l10n.t("Compare rows by")}
      value={measure}
      choices={MEASURES.map(({ id, title }) => ({ value: id, text: title }))}
      onChange={(id) => view.update({ measure: id })}
    />
  );
}
