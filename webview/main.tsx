import * as l10n from "@vscode/l10n";
import { render } from "preact";
import { registerControls } from "./controls/controls.tsx";
import { keepFocus } from "./controls/keep-focus.ts";
import { App } from "./page/App.tsx";
import { RpcError, type Message } from "./protocol/rpc.ts";
import { ModelClient } from "./state/model-client.ts";
import { differsInSizesOnly, restorePreferences, type Preferences } from "./state/preferences.ts";
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
  const keptState = restoreKept(vscode.getState());
  const view = new Store(keptState.view);
  const pictures = new Store(keptState.pictures);
  const scrollTop = new Store(keptState.scrollTop);
  keepState(vscode, { view, pictures, scrollTop });

  const client = new ModelClient((message) => vscode.postMessage(message));
  addEventListener("message", ({ data }: MessageEvent<unknown>) => client.receive(data));
  reportFaults(client);
  const { snapshot, translations, preferences: kept } = await client.start();
  if (translations) l10n.config({ contents: { ...translations } });
  registerControls();
  keepFocus();
  client.show(snapshot);
  const preferences = new Store(restorePreferences(kept));
  rememberSoon(preferences, client);
  render(
    <App client={client} view={view} pictures={pictures} preferences={preferences} scrollTop={scrollTop} />,
    document.body,
  );
}

/** What nothing else catches. What the host has refused it knows, and a browser's remark without an error is none. */
function reportFaults(client: ModelClient): void {
  addEventListener("error", ({ error }: ErrorEvent) => {
    if (error instanceof Error) client.report(error);
  });
  addEventListener("unhandledrejection", ({ reason }) => {
    if (!(reason instanceof RpcError)) client.report(reason);
  });
}

type KeptStores = { readonly [Part in keyof KeptState]: Store<KeptState[Part]> };

/** The first of many changes is told at once, the last of them when they end; a choice of the user's at once, lest it be lost with its tab. */
function keepState(vscode: VsCodeApi, { view, pictures, scrollTop }: KeptStores): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = (): void => {
    clearTimeout(timer);
    timer = undefined;
    vscode.setState({ view: view.value, pictures: pictures.value, scrollTop: scrollTop.value });
  };
  const saveSoon = (): void => {
    if (timer === undefined) save();
    else clearTimeout(timer);
    timer = setTimeout(save, SAVE_DELAY_MILLISECONDS);
  };
  view.subscribe(save);
  pictures.subscribe(saveSoon);
  scrollTop.subscribe(saveSoon);
  addEventListener("pagehide", save);
}

/** A drag changes a size with every frame; anything else is told at once, lest it be lost with a page that is closed the moment after. */
function rememberSoon(preferences: Store<Preferences>, client: ModelClient): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let told = preferences.value;
  const tell = (): void => {
    clearTimeout(timer);
    timer = undefined;
    told = preferences.value;
    client.remember(told);
  };
  // What is adopted from another page is not told again.
  client.rememberedElsewhere.subscribe(() => {
    told = restorePreferences(client.rememberedElsewhere.value);
    preferences.set(told);
  });
  preferences.subscribe(() => {
    if (preferences.value === told) return;
    if (timer === undefined || !differsInSizesOnly(told, preferences.value)) tell();
    else clearTimeout(timer);
    timer = setTimeout(tell, SAVE_DELAY_MILLISECONDS);
  });
}

void main();
