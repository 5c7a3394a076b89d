import type { Locator } from "playwright-core";
import { PageDriver } from "./page-driver.ts";
import type { VscodeWindow } from "./window.ts";

/** The tab of measured runs, as its tests speak of it. */
export class RunsDriver extends PageDriver {
  readonly #vscode: () => VscodeWindow;

  constructor(window: () => VscodeWindow) {
    super(window);
    this.#vscode = window;
  }

  get list(): Locator {
    return this.page.getByTestId("run-list");
  }

  /** Rows of the list. */
  get runs(): Locator {
    return this.page.locator("[data-run]");
  }

  override get details(): Locator {
    return this.page.getByTestId("run-details");
  }

  get comparison(): Locator {
    return this.page.getByTestId("run-comparison");
  }

  get startButton(): Locator {
    return this.page.getByRole("button", { name: "Run", exact: true });
  }

  figure(id: string): Locator {
    return this.details.locator(`[data-figure=${id}] dd`);
  }

  run(command: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.#vscode().server.run((api, name, given) => api.commands.executeCommand(name, ...given), command, args);
  }

  /** Names the adb that the window uses; its setting belongs to the machine. */
  async useAdb(path: string): Promise<void> {
    await this.#vscode().server.run(async (api, adb) => {
      await api.workspace.getConfiguration("edgewise").update("adbPath", adb, api.ConfigurationTarget.Global);
    }, path);
  }

  async showRuns(): Promise<void> {
    await this.page.getByRole("tab", { name: "Measured" }).click();
    await this.startButton.waitFor();
  }

  async setField(label: string, value: number | string): Promise<void> {
    const field = this.page.getByRole("textbox", { name: label, exact: true });
    await field.fill(String(value));
    await this.press("Enter");
  }

  /** Runs the model, and waits until one more run is in the list. */
  async measure({ runs }: { readonly runs: number }): Promise<void> {
    const before = await this.runs.count();
    await this.setField("Runs", runs);
    await this.startButton.click();
    await this.runs.nth(before).waitFor();
    await this.details.waitFor();
  }
}
