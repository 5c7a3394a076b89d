import * as l10n from "@vscode/l10n";
import { render } from "preact";
import { registerControls } from "./controls/controls.tsx";
import { App } from "./page/App.tsx";
import type { Message } from "./rpc.ts";
import { ModelClient } from "./state/model-client.ts";
import { Store } from "./state/store.ts";
import { restoreKept, type KeptState } from "./state/view-state.ts";
import "./style/page.css";

interface VsCodeApi {
  postMessage(message: Message): void;
  getState(): unknown;
  setState(state: KeptState): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** A scroll changes the state with every frame; VS Code need not hear of each. */
const SAVE_DELAY_MILLISECONDS = 150;

async function main(): Promise<void> {
  const vscode = acquireVsCodeApi();
  const kept = restoreKept(vscode.getState());
  const view = new Store(kept.view);
  const scrollTop = new Store(kept.scrollTop);
  keepState(vscode, view, scrollTop);

  const client = new ModelClient((message) => vscode.postMessage(message));
  addEventListener("message", ({ data }: MessageEvent<unknown>) => client.receive(data));
  const { snapshot, translations } = await client.start();
  if (translations) l10n.config({ contents: { ...translations } });
  registerControls();
  client.show(snapshot);
  render(<App client={client} view={view} scrollTop={scrollTop} />, document.body);
}

function keepState(vscode: VsCodeApi, view: Store<KeptState["view"]>, scrollTop: Store<number>): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = (): void => {
    clearTimeout(timer);
    vscode.setState({ view: view.value, scrollTop: scrollTop.value });
  };
  const saveSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_DELAY_MILLISECONDS);
  };
  view.subscribe(saveSoon);
  scrollTop.subscribe(saveSoon);
  addEventListener("pagehide", save);
}

void main();
