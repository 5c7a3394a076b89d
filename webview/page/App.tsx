import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { IconButton } from "../controls/controls.tsx";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import { useStore, type Store } from "../state/store.ts";
import type { ViewState } from "../state/view-state.ts";
import { filterLayers, isFolded } from "../table/filter-layers.ts";
import { incompleteTotals } from "../table/page-columns.ts";
import { LayerTable } from "../table/LayerTable.tsx";
import { Dimensions } from "./Dimensions.tsx";
import { Header } from "./Header.tsx";
import { activityText, Failed, Loading } from "./States.tsx";
import { Toolbar } from "./Toolbar.tsx";
import { Tooltips } from "./Tooltips.tsx";
import { WarningList, WarningsButton } from "./Warnings.tsx";

interface AppProps {
  readonly client: ModelClient;
  readonly view: Store<ViewState>;
  readonly scrollTop: Store<number>;
}

export function App(props: AppProps): JSX.Element {
  const { client } = props;
  const { file, phase, activity, profile, failure } = useStore(client.state);
  return (
    <>
      {phase === "loading" && <Loading file={file} activity={activity} onCommand={(command) => client.run(command)} />}
      {phase === "failed" && failure && (
        <Failed file={file} failure={failure} onCommand={(command) => client.run(command)} />
      )}
      {phase === "ready" && profile && (
        <main class="profile" aria-busy={activity !== "idle"}>
          <Busy client={client} />
          <ProfileView {...props} file={file} profile={profile} />
        </main>
      )}
      <Tooltips />
    </>
  );
}

/** While a shown model is profiled again: a line at the top, which moves nothing. */
function Busy({ client }: { readonly client: ModelClient }): JSX.Element | null {
  const { activity } = useStore(client.state);
  if (activity === "idle") return null;
  return (
    <div class="busy" data-testid="busy">
      <div class="progress" role="progressbar" aria-label={activityText(activity)} />
      <IconButton icon="close" label={l10n.t("Cancel")} onClick={() => client.run("cancel")} />
    </div>
  );
}

interface ProfileViewProps extends AppProps {
  readonly file: string;
  readonly profile: ShownProfile;
}

function ProfileView({ client, view, scrollTop, file, profile }: ProfileViewProps): JSX.Element {
  const { header, layers, isComplete } = profile;
  const { filter, showsFolded, showsWarnings } = useStore(view);
  const unfolded = useMemo(() => layers.filter((layer) => !isFolded(layer)), [layers]);
  const candidates = showsFolded ? layers : unfolded;
  const rows = useMemo(() => filterLayers(candidates, filter), [candidates, filter]);

  const incomplete = useMemo(
    () => incompleteTotals(isComplete ? layers : [], header.totals),
    [layers, isComplete, header.totals],
  );

  /** Brings a row into the table that the filter or the folding may hide. */
  const reveal = (index: number): void => {
    const isHidden = !rows.some((layer) => layer.index === index);
    view.update({ selected: index, ...(isHidden && { filter: "", showsFolded: true }) });
  };

  return (
    <>
      <Header
        file={file}
        header={header}
        incomplete={incomplete}
        onChooseHardware={() => client.run("open-hardware-settings")}
      >
        <WarningsButton
          count={header.warnings.length}
          isOpen={showsWarnings}
          onToggle={(isOpen) => view.update({ showsWarnings: isOpen })}
        />
      </Header>
      {showsWarnings && header.warnings.length > 0 && <WarningList warnings={header.warnings} onSelectLayer={reveal} />}
      <Dimensions dimensions={header.dimensions} onBind={(bindings) => client.bind(bindings)} />
      <Toolbar
        view={view}
        shown={rows.length}
        total={candidates.length}
        folded={isComplete ? layers.length - unfolded.length : 0}
      />
      <LayerTable
        layers={rows}
        allLayers={layers}
        isComplete={isComplete}
        totals={header.totals}
        view={view}
        scrollTop={scrollTop}
      />
    </>
  );
}
