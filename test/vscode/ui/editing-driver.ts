import { NetworkBuilder } from "../../zoo/network-builder.ts";
import { toBytes } from "../../zoo/file-segments.ts";
import { toTflite } from "../../zoo/to-tflite.ts";
import { stagedNetwork } from "./models.ts";
import { PageDriver } from "./page-driver.ts";
import type { VscodeWindow } from "./window.ts";

/** A model of each format with an edit that takes parameters away, and what is left of them before and after. */
export const EDITABLE = {
  onnx: {
    file: "model.onnx",
    bytes: (): Uint8Array => stagedNetwork(),
    edit: "split-channels:/stage.0/block.1/conv/Conv:rank=4",
    before: "3.20 k",
    after: "2.40 k",
  },
  tflite: {
    file: "model.tflite",
    bytes: (): Uint8Array => denseTflite(),
    edit: "dense-low-rank:output:rank=4",
    before: "73.8 k",
    after: "9.38 k",
  },
} as const;

/** A fully connected layer behind a map of 16×16×9. */
export function denseTflite(outputs = 32): Uint8Array {
  const net = new NetworkBuilder();
  return toBytes(toTflite(net.finish("dense", net.dense(net.flatten(net.image(9, 16)), "head", outputs))));
}

/** An open model as tests of editing speak of it. */
export class EditingDriver extends PageDriver {
  readonly #vscode: () => VscodeWindow;

  constructor(window: () => VscodeWindow) {
    super(window);
    this.#vscode = window;
  }

  run(command: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.#vscode().server.run((api, name, given) => api.commands.executeCommand(name, ...given), command, args);
  }

  /** Applies edits given as texts, and waits until they are computed. */
  async apply(...edits: readonly string[]): Promise<void> {
    await this.run("edgewise.applyEdits", edits);
  }

  /** Waits until the page shows so many parameters, whatever stands behind them of their change. */
  async showsParameters(text: string): Promise<void> {
    const [number = "", unit = ""] = text.split(" ");
    const value = new RegExp(`^${number.replace(".", "\\.")}\\s*${unit}`);
    await this.page.locator("[data-total=parameters] dd").filter({ hasText: value }).first().waitFor();
  }

  /** Waits until VS Code marks a file as changed, or not. */
  async isMarked(file: string, isDirty: boolean): Promise<void> {
    const tab = this.#vscode().page.locator(`.tab${isDirty ? ".dirty" : ":not(.dirty)"}`, { hasText: file });
    await tab.first().waitFor();
  }

  /** Presses a button of VS Code's question. */
  async answer(button: string): Promise<void> {
    const box = this.#vscode().page.locator(".monaco-dialog-box");
    await box.getByRole("button", { name: button, exact: true }).click();
    await box.waitFor({ state: "hidden" });
  }

  /** Asks VS Code to save, which may ask back: not waited for. */
  async startSaving(): Promise<void> {
    await this.#vscode().server.run((api) => {
      void api.commands.executeCommand("workbench.action.files.save");
    });
  }

  /** Saves over a file that was not written by an edit before, which is asked about once. */
  async overwrite(file: string): Promise<void> {
    await this.startSaving();
    await this.answer("Overwrite");
    await this.isMarked(file, false);
  }
}
