import type { FrameLocator, Locator } from "playwright-core";
import type { VscodeWindow } from "./window.ts";

/** The page of an open model, as its tests speak of it. */
export class PageDriver {
  readonly #window: () => VscodeWindow;

  constructor(window: () => VscodeWindow) {
    this.#window = window;
  }

  get page(): FrameLocator {
    return this.#window().webview();
  }

  get grid(): Locator {
    return this.page.getByTestId("layers");
  }

  /** Lines of the table: layers, modules, folded runs. */
  get lines(): Locator {
    return this.page.locator("[role=row][id]");
  }

  get layers(): Locator {
    return this.page.locator("[role=row][id^=layer-]");
  }

  get details(): Locator {
    return this.page.getByTestId("details");
  }

  line(text: string | RegExp): Locator {
    return this.lines.filter({ has: this.page.locator(".column-name", { hasText: text }) }).first();
  }

  column(id: string): Locator {
    return this.page.locator(`[data-column=${id}]`);
  }

  cells(id: string): Promise<string[]> {
    return this.lines.locator(`.column-${id}`).allInnerTexts();
  }

  async columns(): Promise<readonly (string | null)[]> {
    const heads = await this.page.locator("[data-column]").all();
    return Promise.all(heads.map((head) => head.getAttribute("data-column")));
  }

  /** Opens a file that may not be a model. */
  show(name: string): Promise<void> {
    return this.#window().openFile(name);
  }

  /** Opens a model, or goes to it, and shows its table. */
  async open(name: string): Promise<void> {
    await this.show(name);
    await this.page.getByRole("heading", { name }).waitFor();
    const layers = this.page.getByRole("tab", { name: "Layers" });
    if ((await layers.getAttribute("aria-selected")) !== "true") await layers.click();
    await this.lines.first().waitFor();
  }

  async close(): Promise<void> {
    await this.#window().server.run((api) => api.commands.executeCommand("workbench.action.closeAllEditors"));
  }

  press(keys: string): Promise<void> {
    return this.#window().page.keyboard.press(keys);
  }

  filter(text: string): Promise<void> {
    return this.page.getByRole("textbox", { name: "Filter layers" }).fill(text);
  }

  shows(locator: Locator, text: string | RegExp): Promise<void> {
    return locator.filter({ hasText: text }).first().waitFor();
  }
}
