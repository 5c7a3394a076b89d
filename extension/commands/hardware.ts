import * as vscode from "vscode";
import {
  DEFAULT_HARDWARE,
  HARDWARE_PROFILES,
  parseHardwareProfile,
  type HardwareProfile,
} from "../../profiler/presentation.ts";
import { ChoiceList, type Choice } from "../dialogs/choices.ts";
import { ask } from "../dialogs/questions.ts";

const CHOSEN = "hardwareProfile";
const OWN = "hardwareProfiles";

interface HardwareItem extends Choice {
  readonly profile?: HardwareProfile;
}

/** Chooses what energy and latency are estimated for. Each profile can be looked at with the sources of its numbers. */
export async function chooseHardware(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("edgewise");
  const list = new ChoiceList<HardwareItem>({
    title: vscode.l10n.t("Hardware Profile"),
    placeholder: vscode.l10n.t("What energy and latency are estimated for"),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  const current = settings.get<string>(CHOSEN);
  list.fill(hardwareItems(settings), ({ profile }) => profile !== undefined && profile.name === current);
  list.onDidPressButton(({ profile }) => void (profile && showSources(profile)));
  list.onDidAccept(() => {
    const item = list.selected;
    list.hide();
    if (item === undefined) return;
    if (item.profile) void settings.update(CHOSEN, item.profile.name, targetOf(settings, CHOSEN));
    else void addHardware();
  });
  list.onDidHide(() => list.dispose());
  list.show();
  await Promise.resolve();
}

/** Copies a profile under a name of the user's own into the settings, and opens them there. */
export async function addHardware(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("edgewise");
  const [own, unreadable] = ownProfiles(settings);
  const known = new Set([...own, ...HARDWARE_PROFILES].map(({ name }) => name));
  const name = await ask({
    title: vscode.l10n.t("Add Hardware Profile"),
    prompt: vscode.l10n.t("A name for it: letters, digits, dots, dashes and underscores"),
    value: "my-phone",
    fault: (text) => {
      if (!/^[a-z0-9][a-z0-9._-]*$/i.test(text)) return vscode.l10n.t("Letters, digits, dots, dashes and underscores");
      return known.has(text) ? vscode.l10n.t("A profile of this name exists already.") : undefined;
    },
  });
  if (name === undefined) return;
  const current = settings.get<string>(CHOSEN);
  const template = [...own, ...HARDWARE_PROFILES].find((profile) => profile.name === current) ?? DEFAULT_HARDWARE;
  const target = targetOf(settings, OWN);
  await settings.update(OWN, [...own, ...unreadable, { ...template, name }], target);
  const command =
    target === vscode.ConfigurationTarget.Global
      ? "workbench.action.openSettingsJson"
      : "workbench.action.openWorkspaceSettingsFile";
  await vscode.commands.executeCommand(command, { revealSetting: { key: `edgewise.${OWN}` } });
}

/** Puts a profile among the user's own, in place of the one of its name, and estimates for it from now on. */
export async function keepHardware(profile: HardwareProfile): Promise<void> {
  const settings = vscode.workspace.getConfiguration("edgewise");
  const [own, unreadable] = ownProfiles(settings);
  const others = own.filter(({ name }) => name !== profile.name);
  await settings.update(OWN, [...others, ...unreadable, profile], targetOf(settings, OWN));
  await settings.update(CHOSEN, profile.name, targetOf(settings, CHOSEN));
}

function hardwareItems(settings: vscode.WorkspaceConfiguration): readonly HardwareItem[] {
  const [own] = ownProfiles(settings);
  const names = new Set(own.map(({ name }) => name));
  const buttons = [{ iconPath: new vscode.ThemeIcon("info"), tooltip: vscode.l10n.t("Where Its Numbers Come From") }];
  const item = (profile: HardwareProfile): HardwareItem => ({
    label: profile.name,
    detail: profile.description,
    profile,
    buttons,
  });
  const separator = (label: string): HardwareItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  return [
    ...(own.length > 0 ? [separator(vscode.l10n.t("Your own")), ...own.map(item)] : []),
    separator(vscode.l10n.t("Built in")),
    ...HARDWARE_PROFILES.filter(({ name }) => !names.has(name)).map(item),
    separator(""),
    { icon: "add", label: vscode.l10n.t("Add a Profile of Your Own…") },
  ];
}

/** The user's profiles, and what stands between them that is none: it is kept, and the page says what is wrong with it. */
function ownProfiles(settings: vscode.WorkspaceConfiguration): readonly [readonly HardwareProfile[], unknown[]] {
  const [good, bad]: [HardwareProfile[], unknown[]] = [[], []];
  settings.get<readonly unknown[]>(OWN, []).forEach((data, index) => {
    try {
      good.push(parseHardwareProfile(data, `edgewise.${OWN}[${index}]`));
    } catch {
      bad.push(data);
    }
  });
  return [good, bad];
}

/** Every number with its source, as a document beside the model. */
async function showSources(profile: HardwareProfile): Promise<void> {
  const content = `${JSON.stringify(profile, null, 2)}\n`;
  const document = await vscode.workspace.openTextDocument({ language: "json", content });
  await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true });
}

/** Where a setting is set already, else the user's settings. */
function targetOf(settings: vscode.WorkspaceConfiguration, key: string): vscode.ConfigurationTarget {
  return settings.inspect(key)?.workspaceValue === undefined
    ? vscode.ConfigurationTarget.Global
    : vscode.ConfigurationTarget.Workspace;
}
