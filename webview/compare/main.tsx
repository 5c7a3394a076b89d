import * as l10n from "@vscode/l10n";
import { render } from "preact";
import { registerControls } from "../controls/controls.tsx";
import { keepFocus } from "../controls/keep-focus.ts";
import { Rpc } from "../protocol/rpc.ts";
import { ModelClient } from "../state/model-client.ts";
import { Store } from "../state/store.ts";
import { CompareApp } from "./CompareApp.tsx";
import { INITIAL_COMPARISON, restoreCompareView } from "./compare-view.ts";
import {
  NOT_COMPARED,
  SIDES,
  type KeptComparison,
  type PairHostContract,
  type PairPageContract,
  type SidedMessage,
} from "./protocol.ts";
import "../style/page.css";
import "./compare.css";

interface VsCodeApi {
  postMessage(message: SidedMessage): void;
  getState(): unknown;
  setState(state: KeptComparison): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

async function main(): Promise<void> {
  const vscode = acquireVsCodeApi();
  const kept = (vscode.getState() ?? {}) as Partial<KeptComparison>;
  const view = new Store(restoreCompareView(kept.view));

  const outputs = new Store(NOT_COMPARED);
  const pair = new Rpc<PairPageContract, PairHostContract>(
    (message) => vscode.postMessage({ side: "pair", message }),
    {},
    { outputs: (state) => outputs.set(state) },
  );
  const clients = {
    before: new ModelClient((message) => vscode.postMessage({ side: "before", message })),
    after: new ModelClient((message) => vscode.postMessage({ side: "after", message })),
  };
  addEventListener("message", ({ data }: MessageEvent<Partial<SidedMessage> | null>) => {
    if (data?.side === "pair") pair.receive(data.message);
    else if (data?.side === "before" || data?.side === "after") clients[data.side].receive(data.message);
  });

  const { uris, paths, translations, ...start } = await pair.request("start", null);
  outputs.set(start.outputs);
  if (translations) l10n.config({ contents: { ...translations } });
  // Of other models neither rows nor boxes nor their places are the same.
  if (kept.before !== uris.before || kept.after !== uris.after)
    view.update({ selected: null, graphs: INITIAL_COMPARISON.graphs });
  const save = (): void => vscode.setState({ ...uris, view: view.value });
  save();
  view.subscribe(save);
  registerControls();
  keepFocus();
  for (const side of SIDES) clients[side].show((await clients[side].start()).snapshot);
  render(
    <CompareApp
      clients={clients}
      paths={paths}
      view={view}
      outputs={outputs}
      outputActions={{
        compare: () => void pair.request("compareOutputs", null),
        cancel: () => void pair.request("cancelOutputs", null),
        chooseData: () => void pair.request("chooseData", null),
      }}
      onOpen={(side) => void pair.request("open", { side })}
      onSwap={() => void pair.request("swap", null)}
    />,
    document.body,
  );
}

void main();
