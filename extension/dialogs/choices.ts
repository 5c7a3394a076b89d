import * as vscode from "vscode";
import { plainText } from "./plain-text.ts";

/** An item of a list to choose from. Its texts are shown as they are; an icon has a field of its own. */
export interface Choice extends vscode.QuickPickItem {
  /** The name of one of VS Code's icons, before the label. */
  readonly icon?: string;
}

export interface ChoiceOptions {
  readonly title: string;
  readonly placeholder?: string;
  readonly matchOnDescription?: boolean;
  readonly matchOnDetail?: boolean;
  /** One of several steps: it stays when the focus goes elsewhere, as what was answered before would be lost with it. */
  readonly isStep?: boolean;
}

/** What VS Code shows, with the item that it stands for. */
interface Shown<T> extends vscode.QuickPickItem {
  readonly of: T;
}

/** @returns nothing when the user gives up */
export async function choose<T extends Choice>(items: readonly T[], options: ChoiceOptions): Promise<T | undefined> {
  const { title, placeholder, isStep = false, ...matching } = options;
  const shown = await vscode.window.showQuickPick(items.map(shownAs), {
    ...matching,
    ignoreFocusOut: isStep,
    title: plainText(title),
    ...(placeholder !== undefined && { placeHolder: plainText(placeholder) }),
  });
  return shown?.of;
}

/** A list to choose from that changes while it is open, or whose items have buttons. */
export class ChoiceList<T extends Choice> implements vscode.Disposable {
  readonly #pick = vscode.window.createQuickPick<Shown<T>>();

  constructor({ title, placeholder = "", matchOnDescription = false, matchOnDetail = false }: ChoiceOptions) {
    this.#pick.title = plainText(title);
    this.#pick.placeholder = plainText(placeholder);
    this.#pick.matchOnDescription = matchOnDescription;
    this.#pick.matchOnDetail = matchOnDetail;
    this.#pick.keepScrollPosition = true;
  }

  get active(): T | undefined {
    return this.#pick.activeItems[0]?.of;
  }

  get selected(): T | undefined {
    return this.#pick.selectedItems[0]?.of;
  }

  /** @param isActive which of the items is under the cursor */
  fill(items: readonly T[], isActive: (item: T) => boolean): void {
    const shown = items.map(shownAs);
    this.#pick.items = shown;
    this.#pick.activeItems = shown.filter(({ of }) => isActive(of));
  }

  onDidAccept(listener: () => void): vscode.Disposable {
    return this.#pick.onDidAccept(listener);
  }

  onDidHide(listener: () => void): vscode.Disposable {
    return this.#pick.onDidHide(listener);
  }

  onDidPressButton(listener: (item: T) => void): vscode.Disposable {
    return this.#pick.onDidTriggerItemButton(({ item }) => listener(item.of));
  }

  show(): void {
    this.#pick.show();
  }

  hide(): void {
    this.#pick.hide();
  }

  dispose(): void {
    this.#pick.dispose();
  }
}

function shownAs<T extends Choice>(item: T): Shown<T> {
  const { icon, label, description, detail, kind, buttons, alwaysShow } = item;
  return {
    label: icon === undefined ? plainText(label) : `$(${icon}) ${plainText(label)}`,
    ...(description !== undefined && { description: plainText(description) }),
    ...(detail !== undefined && { detail: plainText(detail) }),
    ...(kind !== undefined && { kind }),
    ...(buttons !== undefined && { buttons }),
    ...(alwaysShow !== undefined && { alwaysShow }),
    of: item,
  };
}
