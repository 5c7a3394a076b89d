import * as l10n from "@vscode/l10n";
import type { FunctionComponent, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { RpcError } from "../../protocol/rpc.ts";
import type { ModelClient, ShownProfile } from "../../state/model-client.ts";
import type { Store } from "../../state/store.ts";
import type { CompareView } from "../compare-view.ts";
import type { ComparedLayer } from "../compared-layers.ts";
import type { Side } from "../protocol.ts";
import type { ComparedGraphsProps, PicturedModel } from "./ComparedGraphs.tsx";

interface LazyGraphsProps {
  readonly clients: Readonly<Record<Side, ModelClient>>;
  readonly before: ShownProfile;
  readonly after: ShownProfile;
  readonly layers: readonly ComparedLayer[];
  readonly paths: Readonly<Record<Side, string>>;
  readonly view: Store<CompareView>;
}

interface Loaded {
  readonly Graphs: FunctionComponent<ComparedGraphsProps>;
  readonly models: Readonly<Record<Side, PicturedModel>>;
  /** Rows of these models. */
  readonly layers: readonly ComparedLayer[];
}

/** Both graphs as soon as their code and the structure of both models are there; those of the models before until then. */
export function LazyGraphs({ clients, before, after, layers, paths, view }: LazyGraphsProps): JSX.Element {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    const pictured = async (client: ModelClient, profile: ShownProfile): Promise<PicturedModel> => ({
      layers: profile.layers,
      totals: profile.header.totals,
      structure: await client.structure(profile.revision),
    });
    Promise.all([
      import("./ComparedGraphs.tsx"),
      pictured(clients.before, before),
      pictured(clients.after, after),
    ]).then(
      ([{ ComparedGraphs: Graphs }, old, now]) => {
        if (!isCurrent) return;
        setFailure(null);
        setLoaded({ Graphs, models: { before: old, after: now }, layers });
      },
      (error: unknown) => {
        const isStale = error instanceof RpcError && error.failure.code === "stale";
        if (isCurrent && !isStale) setFailure(error instanceof Error ? error.message : String(error));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [clients, before, after, layers]);
  if (loaded === null || failure !== null) {
    return (
      <p class="panel-state" role="status">
        {failure === null ? l10n.t("Loading…") : l10n.t("This view cannot be loaded: {0}", failure)}
      </p>
    );
  }
  const { Graphs, models, layers: shown } = loaded;
  return <Graphs models={models} layers={shown} paths={paths} view={view} />;
}
