import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../install.mjs";

/** The parts of the manifest that the harness reads. */
export interface Manifest {
  readonly name: string;
  readonly publisher: string;
  readonly version: string;
  readonly contributes?: {
    readonly commands?: readonly { readonly command: string; readonly title: string }[];
    readonly customEditors?: readonly {
      readonly viewType: string;
      readonly priority?: string | { readonly textEditor: string };
      readonly selector: readonly { readonly filenamePattern: string }[];
    }[];
  };
}

export function readManifest(folder: string = ROOT): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

export type Settings = Readonly<Record<string, unknown>>;

/** A quiet VS Code: nothing is fetched, nothing pops up, nothing moves. */
export const QUIET: Settings = {
  "chat.agentHost.enabled": false,
  "chat.commandCenter.enabled": false,
  "chat.disableAIFeatures": true,
  "editor.accessibilitySupport": "off",
  "editor.cursorBlinking": "solid",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "files.autoSave": "off",
  "files.hotExit": "off",
  "git.enabled": false,
  "json.schemaDownload.enable": false,
  "remote.autoForwardPorts": false,
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "update.showReleaseNotes": false,
  "window.autoDetectColorScheme": false,
  "window.dialogStyle": "custom",
  "window.menuBarVisibility": "classic",
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.enableExperiments": false,
  "workbench.reduceMotion": "on",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.settings.enableNaturalLanguageSearch": false,
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
};

/** Makes an early open wait for our editor to register, where a fresh profile would show its notice about binary files. */
export function editorAssociations(manifest: Manifest): Settings {
  const editors = (manifest.contributes?.customEditors ?? []).filter(({ priority }) => priority !== "option");
  const pairs = editors.flatMap(({ viewType, selector }) =>
    selector.map(({ filenamePattern }) => [filenamePattern, viewType] as const),
  );
  return { "workbench.editorAssociations": Object.fromEntries(pairs) };
}
