import type { Locator } from "playwright-core";
import type { EditingPart } from "../../../webview/protocol/editing.ts";
import { EditingDriver } from "./editing-driver.ts";

/** Titles of the panel's parts; the last one may end in the number of edits. */
const PARTS: Readonly<Record<EditingPart, RegExp>> = {
  suggestions: /^Suggestions/,
  fit: /^Fit to budget/,
  calibration: /^Calibration data/,
  history: /^Edits/,
};

/** The panel of editing, as its tests speak of it. */
export class SuggestionsDriver extends EditingDriver {
  get panel(): Locator {
    return this.page.getByTestId("editing");
  }

  get suggestions(): Locator {
    return this.panel.getByTestId("suggestion");
  }

  get edits(): Locator {
    return this.panel.getByTestId("edit");
  }

  get compress(): Locator {
    return this.page.getByRole("button", { name: "Compress", exact: true });
  }

  get check(): Locator {
    return this.panel.getByTestId("check").first();
  }

  /** The first suggestion of a restructuring, or that for one layer. */
  suggestion(restructuring: string, target?: string): Locator {
    const where = target === undefined ? "" : `[data-target="${target}"]`;
    return this.panel.locator(`[data-testid=suggestion][data-restructuring="${restructuring}"]${where}`).first();
  }

  button(name: string | RegExp): Locator {
    return this.panel.getByRole("button", typeof name === "string" ? { name, exact: true } : { name });
  }

  /** A row of the table by the index of its layer. */
  row(layer: number): Locator {
    return this.page.locator(`#layer-${layer}`);
  }

  /** Opens the panel by its button unless it is open, waits for the whole list, and shows all of it. */
  async suggest(): Promise<void> {
    if (await this.panel.isVisible()) await this.part("suggestions");
    else await this.compress.click();
    await this.suggestions.first().waitFor();
    await this.panel.getByTestId("task").waitFor({ state: "detached" });
    await this.showAll();
  }

  /** Shows what is folded away of the suggestions: most of a kind, and those that save little. */
  async showAll(): Promise<void> {
    const more = this.panel.locator(".show-more");
    while ((await more.count()) > 0) await more.first().click();
  }

  async part(part: EditingPart): Promise<void> {
    await this.panel.getByRole("tab", { name: PARTS[part] }).click();
    await this.panel.locator(`#panel-${part}`).waitFor();
  }

  /** Folds a suggestion out that is not yet. */
  async unfold(suggestion: Locator): Promise<void> {
    const title = suggestion.locator(".suggestion-title");
    if ((await title.getAttribute("aria-expanded")) !== "true") await title.click();
    await suggestion.getByRole("button", { name: "Apply" }).waitFor();
  }

  /** Types the value of an option. */
  async setOption(within: Locator, option: string, text: string): Promise<void> {
    const field = within.locator(`[data-option=${option}]`).getByRole("textbox");
    await field.fill(text);
    await field.press("Enter");
  }

  /** Computes the edit of an opened suggestion and waits for its measured error. What is predicted of it first may move the button. */
  async tryIt(suggestion: Locator): Promise<void> {
    await suggestion.locator(".prediction.waiting").waitFor({ state: "detached" });
    await suggestion.getByRole("button", { name: "Try", exact: true }).click();
    await suggestion.getByTestId("check").waitFor();
  }

  /** Applies an opened suggestion, and waits until the document has so many edits. */
  async applyIt(suggestion: Locator, edits: number): Promise<void> {
    await suggestion.getByRole("button", { name: "Apply", exact: true }).click();
    await this.hasEdits(edits);
  }

  async hasEdits(count: number): Promise<void> {
    const button = this.page.getByTestId("edit-count");
    await (count === 0
      ? button.waitFor({ state: "detached" })
      : this.shows(button, count === 1 ? "1 edit" : `${count} edits`));
    await this.page.getByTestId("computing").waitFor({ state: "detached" });
  }

  async choose(select: string, option: string): Promise<void> {
    await this.panel.getByRole("combobox", { name: select }).selectOption({ label: option });
  }
}
