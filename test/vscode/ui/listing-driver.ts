import type { Locator } from "playwright-core";
import type { VscodeWindow } from "./window.ts";

/** A code action as a provider gives it. */
export interface OfferedAction {
  readonly title: string;
  readonly kind: string;
}

/** After this a menu is asked for again. */
const MENU_MILLISECONDS = 10_000;
const MOST_ASKINGS = 9;

/** Drives the listing of one model of a window's folder. */
export class ListingDriver {
  readonly #window: () => VscodeWindow;
  readonly #model: string;

  constructor(window: () => VscodeWindow, model: string) {
    this.#window = window;
    this.#model = model;
  }

  /** Of the listing's file. */
  get #name(): string {
    return `${this.#window().path(this.#model)}.listing`;
  }

  editor(): Locator {
    return this.#window().page.locator('.monaco-editor[data-uri^="edgewise:"]');
  }

  /** Lines in sight that hold a text; hints behind a line are part of it. */
  lineWith(text: string | RegExp): Locator {
    return this.editor().locator(".view-line", { hasText: text });
  }

  /** The whole text. */
  text(): Promise<string> {
    return this.#window().server.run((vscode, name) => {
      const document = vscode.workspace.textDocuments.find(({ uri }) => uri.path.endsWith(name));
      return document?.getText() ?? "";
    }, this.#name);
  }

  cursorLine(): Promise<number> {
    return this.#window().server.run((vscode, name) => {
      const editor = vscode.window.visibleTextEditors.find(({ document }) => document.uri.path.endsWith(name));
      return editor?.selection.active.line ?? -1;
    }, this.#name);
  }

  hasFocus(): Promise<boolean> {
    return this.#window().server.run(
      (vscode, name) => vscode.window.activeTextEditor?.document.uri.path.endsWith(name) === true,
      this.#name,
    );
  }

  isDirty(): Promise<boolean> {
    return this.#window().server.run(
      (vscode, name) => vscode.workspace.textDocuments.some(({ uri, isDirty }) => uri.path.endsWith(name) && isDirty),
      this.#name,
    );
  }

  /** Number of the first line that matches, from 0. */
  async lineNumber(pattern: RegExp): Promise<number> {
    const lines = (await this.text()).split("\n");
    const line = lines.findIndex((text) => pattern.test(text));
    if (line < 0) throw new Error(`No line matches ${String(pattern)}`);
    return line;
  }

  /** Puts the cursor before the first match of a line and gives the editor the focus. */
  async goTo(pattern: RegExp): Promise<void> {
    const line = await this.lineNumber(pattern);
    const text = (await this.text()).split("\n")[line] ?? "";
    const column = text.search(pattern);
    await this.#window().server.run(
      async (vscode, name, at) => {
        const editor = vscode.window.visibleTextEditors.find(({ document }) => document.uri.path.endsWith(name));
        if (!editor) throw new Error("The listing is not in sight");
        const { document, viewColumn } = editor;
        const position = new vscode.Position(at.line, at.column);
        const selection = new vscode.Range(position, position);
        await vscode.window.showTextDocument(document, { ...(viewColumn && { viewColumn }), selection });
      },
      this.#name,
      { line, column },
    );
  }

  /** Runs one of VS Code's `vscode.execute…Provider` commands at a place of the listing. */
  provider(command: string, line: number, column: number): Promise<unknown> {
    return this.#window().server.run(
      async (vscode, name, id, at) => {
        const document = vscode.workspace.textDocuments.find(({ uri }) => uri.path.endsWith(name));
        if (!document) throw new Error("There is no listing");
        const result: unknown = await vscode.commands.executeCommand(
          id,
          document.uri,
          new vscode.Position(at.line, at.column),
        );
        return JSON.parse(JSON.stringify(result ?? null)) as unknown;
      },
      this.#name,
      command,
      { line, column },
    );
  }

  /** What a pointer that rests at a place is told. */
  hover(line: number, column: number): Promise<string> {
    return this.#window().server.run(
      async (vscode, name, at) => {
        const document = vscode.workspace.textDocuments.find(({ uri }) => uri.path.endsWith(name));
        if (!document) throw new Error("There is no listing");
        const hovers = await vscode.commands.executeCommand<readonly { contents: readonly { value: string }[] }[]>(
          "vscode.executeHoverProvider",
          document.uri,
          new vscode.Position(at.line, at.column),
        );
        return hovers.flatMap(({ contents }) => contents.map(({ value }) => value)).join("\n");
      },
      this.#name,
      { line, column },
    );
  }

  /** Names of symbols, each with those around it: "main_graph > 1 > a". */
  symbols(): Promise<readonly string[]> {
    return this.#window().server.run(async (vscode, name) => {
      interface Symbol {
        readonly name: string;
        readonly children: readonly Symbol[];
      }
      const document = vscode.workspace.textDocuments.find(({ uri }) => uri.path.endsWith(name));
      if (!document) throw new Error("There is no listing");
      const id = "vscode.executeDocumentSymbolProvider";
      const roots = await vscode.commands.executeCommand<readonly Symbol[]>(id, document.uri);
      const names = (symbols: readonly Symbol[], around: string): readonly string[] =>
        symbols.flatMap(({ name, children }) => [around + name, ...names(children, `${around}${name} > `)]);
      return names(roots, "");
    }, this.#name);
  }

  /** Code actions on the first line that matches. */
  async actions(pattern: RegExp): Promise<readonly OfferedAction[]> {
    const line = await this.lineNumber(pattern);
    return this.#window().server.run(
      async (vscode, name, at) => {
        const document = vscode.workspace.textDocuments.find(({ uri }) => uri.path.endsWith(name));
        if (!document) throw new Error("There is no listing");
        const actions = await vscode.commands.executeCommand<readonly { title: string; kind?: { value: string } }[]>(
          "vscode.executeCodeActionProvider",
          document.uri,
          document.lineAt(at).range,
        );
        return actions.map(({ title, kind }) => ({ title, kind: kind?.value ?? "" }));
      },
      this.#name,
      line,
    );
  }

  /** Diagnostics on the listing. */
  problems(): Promise<readonly { readonly code: string; readonly line: number; readonly message: string }[]> {
    return this.#window().server.run((vscode, name) => {
      const found = vscode.languages.getDiagnostics().filter(([uri]) => uri.path.endsWith(name));
      return found.flatMap(([, diagnostics]) =>
        diagnostics.map(({ code, range, message }) => ({
          code: typeof code === "object" ? String(code.value) : String(code),
          line: range.start.line,
          message,
        })),
      );
    }, this.#name);
  }

  /**
   * Opens the menu of code actions and takes the first row with this text. VS Code asks for the actions by itself as well, shortly after
   * the cursor has moved or the diagnoses have changed, and then drops a menu whose actions have not come yet: a user asks once more.
   * @param ask opens the menu, else Ctrl+. does
   */
  async choose(title: string | RegExp, ask?: () => Promise<void>): Promise<void> {
    const { page } = this.#window();
    const menu = page.locator(".context-view > .action-widget");
    const row = menu.locator(".monaco-list-row.action", { hasText: title }).first();
    const isThere = (): Promise<boolean> =>
      row.waitFor({ timeout: MENU_MILLISECONDS }).then(
        () => true,
        () => false,
      );
    for (let asked = 0; asked < MOST_ASKINGS; asked++) {
      await (ask ? ask() : page.keyboard.press("Control+."));
      if (await isThere()) break;
      await page.keyboard.press("Escape");
    }
    await row.click();
    await menu.waitFor({ state: "hidden" });
  }
}
