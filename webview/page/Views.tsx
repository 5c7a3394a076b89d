import * as l10n from "@vscode/l10n";
import type { ComponentChildren, FunctionComponent, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Structure } from "../../profiler/profile.ts";
import type { ChartsPaneProps } from "../charts/ChartsPane.tsx";
import { TabList, TabPanel } from "../controls/Tabs.tsx";
import type { GraphPaneProps } from "../graph/GraphPane.tsx";
import { RpcError } from "../protocol/rpc.ts";
import { LazyRuns } from "../runs/LazyRuns.tsx";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import type { PicturesState } from "../state/pictures.ts";
import type { Selected } from "../state/selection.ts";
import { useStore, type Store } from "../state/store.ts";

interface ViewsProps {
  readonly client: ModelClient;
  readonly profile: ShownProfile;
  readonly pictures: Store<PicturesState>;
  readonly selected: Selected;
  readonly onSelectLayer: (index: number) => void;
  /** The tab Layers. */
  readonly children: ComponentChildren;
}

/** The ways to look at a model. What the pictures need (code, structure) is loaded when one is first shown. */
export function Views({ client, profile, pictures, selected, onSelectLayer, children }: ViewsProps): JSX.Element {
  const { tab, charts, graph } = useStore(pictures);
  const common = { selected, onSelectLayer };
  const order = useStore(client.graphOrder);
  useEffect(() => {
    if (order?.kind === "save") pictures.update({ tab: "graph" });
  }, [order]);
  return (
    <>
      <TabList
        label={l10n.t("Views")}
        tabs={[
          { id: "layers", title: l10n.t("Layers"), icon: "list-tree" },
          { id: "charts", title: l10n.t("Charts"), icon: "graph" },
          { id: "graph", title: l10n.t("Graph"), icon: "type-hierarchy" },
          { id: "runs", title: l10n.t("Measured"), icon: "watch" },
        ]}
        selected={tab}
        onSelect={(id) => pictures.update({ tab: id })}
      />
      <TabPanel id={tab}>
        {tab === "layers" && children}
        {tab === "charts" && (
          <Lazy
            load={loadCharts}
            client={client}
            profile={profile}
            props={{
              ...common,
              view: charts,
              onChange: (changes) => pictures.update({ charts: { ...pictures.value.charts, ...changes } }),
            }}
          />
        )}
        {tab === "runs" && (
          <LazyRuns
            client={client.running}
            format={profile.header.format}
            hardware={profile.header.hardwareProfile}
            layers={profile.layers}
            onSelectLayer={onSelectLayer}
          />
        )}
        {tab === "graph" && (
          <Lazy
            load={loadGraph}
            client={client}
            profile={profile}
            props={{
              ...common,
              view: graph,
              onChange: (changes) => pictures.update({ graph: { ...pictures.value.graph, ...changes } }),
              order,
              onDone: () => client.graphOrder.set(null),
              onSave: (picture) => client.savePicture(picture),
              onExport: () => client.run("export-graph"),
            }}
          />
        )}
      </TabPanel>
    </>
  );
}

const loadCharts = async (): Promise<FunctionComponent<ChartsPaneProps>> =>
  (await import("../charts/ChartsPane.tsx")).ChartsPane;
const loadGraph = async (): Promise<FunctionComponent<GraphPaneProps>> =>
  (await import("../graph/GraphPane.tsx")).GraphPane;

/** What a picture needs of the profile. */
interface Pictured {
  readonly header: ShownProfile["header"];
  readonly layers: ShownProfile["layers"];
  readonly structure: Structure;
}

interface LazyProps<Props extends Pictured> {
  readonly load: () => Promise<FunctionComponent<Props>>;
  readonly client: ModelClient;
  readonly profile: ShownProfile;
  readonly props: Omit<Props, keyof Pictured>;
}

interface Loaded<Props> {
  readonly Pane: FunctionComponent<Props>;
  readonly profile: ShownProfile;
  readonly structure: Structure;
}

/** A pane as soon as its code, all rows and the structure are there; the last profile's until then. */
function Lazy<Props extends Pictured>({ load, client, profile, props }: LazyProps<Props>): JSX.Element {
  const [loaded, setLoaded] = useState<Loaded<Props> | null>(null);
  const [failure, setFailure] = useState<string | null>(null);

  useEffect(() => {
    if (!profile.isComplete) return undefined;
    let isCurrent = true;
    Promise.all([load(), client.structure(profile.revision)]).then(
      ([Pane, structure]) => {
        if (isCurrent) setLoaded({ Pane, profile, structure });
      },
      (error: unknown) => {
        const isStale = error instanceof RpcError && error.failure.code === "stale";
        if (isCurrent && !isStale) setFailure(error instanceof Error ? error.message : String(error));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [load, client, profile]);

  if (loaded === null) {
    return (
      <p class="panel-state" role="status">
        {failure === null ? l10n.t("Loading…") : l10n.t("This view cannot be loaded: {0}", failure)}
      </p>
    );
  }
  const { Pane, profile: shown, structure } = loaded;
  const all = { ...props, header: shown.header, layers: shown.layers, structure } as Props;
  return <Pane {...all} />;
}
