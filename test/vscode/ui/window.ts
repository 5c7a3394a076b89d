import { randomUUID } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, FrameLocator, Locator, Page } from "playwright-core";
import { ROOT } from "../../../install.mjs";
import { MARK } from "../../unit/runtime/marked-processes.ts";
import { startBrowser } from "../run/browser.ts";
import { VscodeServer } from "../run/server.ts";
import type { Settings } from "../run/settings.ts";

export const SAMPLES = join(ROOT, "media/samples");
/** Not kept by git. A failing test leaves its last picture here too. */
const SCREENSHOTS = join(ROOT, "screenshots");

/** A picture takes a theme's switch and the whole window drawn, and proves nothing unless someone looks at it. */
const WANTS_SCREENSHOTS = Boolean(process.env.EDGEWISE_SCREENSHOTS);

/**
 * VS Code's newer look has panels with round corners, which a browser without a graphics card cuts out of each frame: a fifth of what a test
 * with a text editor takes. Pictures have it, as users do.
 */
const LOOK: Settings = { "workbench.experimental.modernUI": WANTS_SCREENSHOTS };

/** VS Code's themes of our screenshots. */
export const THEMES = {
  light: "Default Light Modern",
  dark: "Default Dark Modern",
  "high-contrast": "Default High Contrast",
  "high-contrast-light": "Default High Contrast Light",
} as const;
export type Theme = keyof typeof THEMES;

/** The class that VS Code gives the body of a webview under each theme. */
const THEME_CLASSES: Readonly<Record<Theme, string>> = {
  light: "vscode-light",
  dark: "vscode-dark",
  "high-contrast": "vscode-high-contrast",
  "high-contrast-light": "vscode-high-contrast-light",
};

/** What has not come by then does not come, however busy the machine is: a guard, which no test waits for. */
const PATIENCE_MILLISECONDS = 90_000;

interface Size {
  readonly width: number;
  readonly height: number;
}

export interface WindowOptions {
  /** Files that a copy of is put into the window's folder. */
  readonly files?: readonly string[];
  readonly settings?: Settings;
  /** Built-in extensions of VS Code that this test needs beside the usual ones. */
  readonly builtIn?: readonly string[];
  /** Puts more into the window's folder before the window opens. */
  readonly prepare?: (folder: string) => void;
  readonly size?: Size;
  /** Tests go on in the editors that those before them have opened. */
  readonly keepsOpen?: boolean;
  /** Of the server and its extension host. */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder of another build of the extension. */
  readonly extension?: string;
  /** Not the window of the tests before. */
  readonly isAlone?: boolean;
}

const USUAL_SIZE: Size = { width: 1280, height: 800 };

/** A VS Code window with the built extension, on a folder of its own that a test may change. */
export class VscodeWindow {
  server: VscodeServer;
  readonly page: Page;
  /** What the processes that it starts have inherited. */
  readonly mark: string;
  /** Files are put here: the folder that is open, or one in it. */
  folder: string;
  readonly #opened: string;
  readonly #browser: Browser;
  #size: Size;
  #renewals = 0;

  private constructor(server: VscodeServer, browser: Browser, page: Page, folder: string, size: Size, mark: string) {
    this.server = server;
    this.#browser = browser;
    this.page = page;
    this.folder = folder;
    this.#opened = folder;
    this.#size = size;
    this.mark = mark;
  }

  static async open(options: WindowOptions = {}): Promise<VscodeWindow> {
    const { settings = {}, builtIn = [], size = USUAL_SIZE, extension = ROOT } = options;
    const folder = mkdtempSync(join(tmpdir(), "edgewise-folder-"));
    fill(folder, options);
    const mark = randomUUID();
    const env = { [MARK]: mark, ...options.env };
    const server = await VscodeServer.start({ extensions: [extension], settings, builtIn, env });
    const browser = await startBrowser();
    const page = await browser.newPage({ viewport: size, reducedMotion: "reduce" });
    page.setDefaultTimeout(PATIENCE_MILLISECONDS);
    const window = new VscodeWindow(server, browser, page, folder, size, mark);
    await page.goto(server.url(folder));
    await page.locator(".monaco-workbench").waitFor();
    return window;
  }

  /**
   * Makes it as good as new, at a tenth of what a new one costs: nothing is open, nothing remembered, and files are in a folder that no
   * test has used.
   */
  async renew(options: WindowOptions): Promise<void> {
    const { settings = {}, size = USUAL_SIZE } = options;
    this.#size = size;
    await this.clear(false);
    await this.page.emulateMedia({ reducedMotion: "reduce" });
    if (this.folder !== this.#opened) rmSync(this.folder, { recursive: true, force: true });
    this.folder = join(this.#opened, `tests-${++this.#renewals}`);
    mkdirSync(this.folder);
    fill(this.folder, options);
    await this.server.useSettings(settings);
    await this.server.run(async (vscode) => {
      await vscode.commands.executeCommand("edgewise-tests.forget");
      await vscode.commands.executeCommand("workbench.view.explorer");
      if (vscode.window.tabGroups.all.some(({ tabs }) => tabs.length > 0)) throw new Error("A tab does not close");
    });
  }

  /** VS Code dies with everything in it, and is opened again where it was. */
  async crash(): Promise<void> {
    this.server = await VscodeServer.start(await this.server.kill());
    await this.page.goto(this.server.url(this.#opened));
    await this.page.locator(".monaco-workbench").waitFor();
  }

  /**
   * The window is loaded anew, as "Developer: Reload Window" does it, and ends what ran in it first: a browser's page does not wait for the
   * extension host of the one before, which then holds the workspace's storage.
   */
  async reload(): Promise<void> {
    const host = await this.server.run(() => process.pid);
    this.server.forgetWindow();
    await this.page.goto("about:blank");
    await ended(host);
    await this.page.goto(this.server.url(this.#opened));
    await this.page.locator(".monaco-workbench").waitFor();
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.server.stop();
    rmSync(this.#opened, { recursive: true, force: true });
  }

  /** The path of a file in the window's folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /**
   * Opens a file of the window's folder in the editor that VS Code chooses for it. A window that has just started may not know our editor
   * yet and show the file as text: then it is closed and opened again.
   */
  async openFile(name: string): Promise<void> {
    await this.server.run(async (vscode, path) => {
      const { tabGroups } = vscode.window;
      for (let attempt = 0; attempt < 20; attempt++) {
        await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(path), { preview: false });
        const tab = tabGroups.activeTabGroup.activeTab;
        if (!tab || tab.input instanceof vscode.TabInputCustom) return;
        await tabGroups.close(tab);
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }, this.path(name));
  }

  /** The page of our editor. */
  webview(): FrameLocator {
    return this.page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
  }

  /** The table's rows; the heading's row is one of them. */
  rows(): Locator {
    return this.webview().getByTestId("layers").getByRole("row");
  }

  /** Chooses a command by its title in the command palette, as a user does. */
  async runCommand(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    const palette = this.page.locator(".quick-input-widget");
    const input = palette.locator("input");
    await input.fill(`>${title}`);
    // Enter takes the row that is marked: a busy palette shows this one among those used last before it marks it.
    await palette.locator(".monaco-list-row.focused").filter({ hasText: title }).waitFor();
    await input.press("Enter");
    await palette.waitFor({ state: "hidden" });
  }

  /** Chooses from the menu that is open. By the keyboard: a menu that has just opened takes no click. */
  async chooseFromMenu(title: string): Promise<void> {
    const item = this.page.locator(".monaco-menu").getByText(title);
    await item.hover();
    await this.page.keyboard.press("Enter");
    await item.waitFor({ state: "detached" });
  }

  /**
   * Takes away what a test that failed has left, so that its next try starts as the first one did.
   * @param keepsOpen its editors stay
   */
  async clear(keepsOpen: boolean): Promise<void> {
    // Out of questions, menus, lists.
    for (let open = 0; open < 3; open++) await this.page.keyboard.press("Escape");
    await this.server.run(
      async (vscode, keeps, theme) => {
        const { tabGroups } = vscode.window;
        const isOpen = (): boolean => tabGroups.all.some(({ tabs }) => tabs.length > 0);
        await vscode.commands.executeCommand("notifications.clearAll");
        await vscode.commands.executeCommand("workbench.action.closePanel");
        // Unsaved changes go too.
        for (let tab = 0; !keeps && tab < 20 && isOpen(); tab++)
          await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
        const settings = vscode.workspace.getConfiguration("workbench");
        await settings.update("colorTheme", theme, vscode.ConfigurationTarget.Global);
      },
      keepsOpen,
      THEMES.dark,
    );
    await this.page.setViewportSize(this.#size);
  }

  /** Switches the theme, and waits until an open page of ours shows it. */
  async useTheme(theme: Theme): Promise<void> {
    await this.server.run(async (vscode, name) => {
      const settings = vscode.workspace.getConfiguration("workbench");
      await settings.update("colorTheme", name, vscode.ConfigurationTarget.Global);
    }, THEMES[theme]);
    if ((await this.page.locator("iframe.webview.ready").count()) === 0) return;
    await this.webview().locator(`body.${THEME_CLASSES[theme]}`).waitFor();
  }

  /** Writes screenshots/NAME.png where EDGEWISE_SCREENSHOTS asks for it. */
  async screenshot(name: string): Promise<void> {
    if (WANTS_SCREENSHOTS) await this.keepPicture(name);
  }

  /** Writes screenshots/NAME.png. */
  async keepPicture(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }

  /** Writes screenshots/NAME-THEME.png for each theme where EDGEWISE_SCREENSHOTS asks for it, and ends in dark. */
  async screenshotInThemes(name: string): Promise<void> {
    if (!WANTS_SCREENSHOTS) return;
    for (const theme of ["light", "high-contrast", "dark"] as const) {
      await this.useTheme(theme);
      await this.screenshot(`${name}-${theme}`);
    }
  }
}

/**
 * One window for all tests of the enclosing `describe`; a failing test leaves a screenshot under its title.
 * @returns the window, once the tests run
 */
export function useWindow(options: WindowOptions = {}): () => VscodeWindow {
  let window: VscodeWindow | undefined;
  const current = (): VscodeWindow => {
    if (window === undefined) throw new Error("The window opens before the first test, not earlier");
    return window;
  };
  let hasFailed = false;
  before("open VS Code", async () => {
    window = await windowFor(options);
  });
  afterEach("keep a picture of a failure", async function () {
    const { currentTest: test } = this;
    // One that is tried again has no state yet.
    if (test === undefined || test.state === "passed" || test.isPending()) return;
    hasFailed = true;
    const title = test.fullTitle().replaceAll(/[^a-z0-9]+/gi, "-");
    await window?.keepPicture(`failed-${title}`);
    // What cannot be cleared lets the next try fail, not all tests behind it.
    await window?.clear(options.keepsOpen === true).catch(() => undefined);
  });
  after("close VS Code", async function () {
    if (window === undefined) return;
    const isAsGoodAsNew = !hasFailed && this.test?.parent !== undefined && hasPassed(this.test.parent);
    if (isShared(options) && isAsGoodAsNew) kept = window;
    else await window.close();
  });
  return current;
}

/** Whether a hook has let none of its tests be left out. */
function hasPassed(suite: Mocha.Suite): boolean {
  return suite.tests.every((test) => test.isPassed() || test.isPending()) && suite.suites.every(hasPassed);
}

/** Goes from one file of tests to the next, unless a test has failed in it. */
let kept: VscodeWindow | undefined;

/** Whoever runs mocha closes what is left. */
export const mochaHooks = {
  async afterAll(): Promise<void> {
    await kept?.close();
  },
};

async function windowFor(asked: WindowOptions): Promise<VscodeWindow> {
  const options = { ...asked, settings: { ...LOOK, ...asked.settings } };
  if (!isShared(options)) return VscodeWindow.open(options);
  const used = kept;
  kept = undefined;
  try {
    if (used !== undefined) {
      await Promise.race([used.renew(options), tooLong()]);
      return used;
    }
  } catch (error) {
    console.warn(`A window could not be used again: ${String(error)}`);
    await used?.close();
  }
  // What a test sees is the same in a new window and in one that was used.
  const window = await VscodeWindow.open({ settings: LOOK });
  await window.renew(options);
  return window;
}

/** What hangs in a window that was used must not fail the tests behind it. */
async function tooLong(): Promise<never> {
  await sleep(PATIENCE_MILLISECONDS, undefined, { ref: false });
  throw new Error("it hangs");
}

/** Whether a window that is as it always is will do. */
function isShared({ builtIn, env, extension, isAlone = false }: WindowOptions): boolean {
  return !isAlone && builtIn === undefined && env === undefined && extension === undefined;
}

function fill(folder: string, { files = [], prepare }: WindowOptions): void {
  for (const file of files) copyFileSync(file, join(folder, basename(file)));
  prepare?.(folder);
}

/** Ends a process that may be ending already, and waits for that. */
async function ended(id: number): Promise<void> {
  try {
    process.kill(id, "SIGTERM");
    for (;;) {
      process.kill(id, 0);
      await sleep(50);
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Waits until `probe` gives what `isGood` accepts. */
export async function eventually<T>(
  window: VscodeWindow,
  probe: () => Promise<T>,
  isGood: (value: T) => boolean,
): Promise<T> {
  for (const end = Date.now() + PATIENCE_MILLISECONDS; Date.now() < end;) {
    const value = await probe();
    if (isGood(value)) return value;
    await window.page.waitForTimeout(100);
  }
  throw new Error(`Still ${JSON.stringify(await probe())}`);
}
