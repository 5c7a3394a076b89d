import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SuggestionsDriver } from "./suggestions-driver.ts";
import { SAMPLES, eventually, useWindow } from "./window.ts";

const MODEL = "digits_lenet.onnx";
const LOW_RANK = "dense-low-rank:/7/Gemm:cost=0.25";
const SEPARABLE = "separable:/3/Conv";

describe("The list of edits on the page", () => {
  const vscode = useWindow({ files: [join(SAMPLES, MODEL)] });
  const driver = new SuggestionsDriver(vscode);

  const labels = (): Promise<readonly string[]> =>
    driver.edits
      .locator("vscode-checkbox")
      .evaluateAll((boxes) => boxes.map((box) => box.getAttribute("aria-label") ?? ""));
  const parameters = (): Promise<string> => driver.page.locator("[data-total=parameters] dd").first().innerText();
  /** Waits until a change of the list is computed, which another number of parameters shows. */
  const settles = async (change: Promise<void>, before: string): Promise<string> => {
    await change;
    const after = await eventually(vscode(), parameters, (text) => text !== before);
    await driver.page.getByTestId("computing").waitFor({ state: "detached" });
    return after;
  };

  /** As the tests find it, and leave it unless they fail. */
  beforeEach("open a model with two edits, and their list", async () => {
    await driver.open(MODEL);
    if ((await driver.edits.count()) > 0) return driver.hasEdits(2);
    await driver.apply(LOW_RANK, SEPARABLE);
    await driver.hasEdits(2);
    await driver.page.getByTestId("edit-count").click();
    await driver.edits.nth(1).waitFor();
  });
  it("is opened by the count of edits, with what they save in all", async () => {
    assert.match((await labels()).join("; "), /^Low rank.*Gemm.*; Separable.*Conv/);
    assert.match(await driver.panel.locator("[data-saving=macs]").innerText(), /−\d+\.\d %\s+−/);
    await driver.shows(driver.panel.getByRole("status"), "not saved");
  });

  it("switches an edit off and on, and an undo does too", async () => {
    const both = await parameters();
    const first = driver.edits.first();
    const one = await settles(first.getByRole("checkbox").click(), both);
    await driver.panel.locator(".edit.off").waitFor();
    assert.equal(await driver.edits.count(), 2);
    assert.equal(
      await settles(
        driver.run("undo").then(() => undefined),
        one,
      ),
      both,
    );
    await driver.panel.locator(".edit.off").waitFor({ state: "detached" });
  });

  it("undoes and redoes by its own buttons", async () => {
    await driver.button("Undo").click();
    await driver.hasEdits(0);
    await driver.isMarked(MODEL, false);
    await driver.button("Redo").click();
    await driver.hasEdits(2);
  });

  it("is recovered from with calibration data only, which is said by the name of the file", async () => {
    await driver.button("Recover accuracy").press("Enter");
    await driver.page
      .getByTestId("given-up")
      .getByText(/^digits_lenet\.onnx: there are no samples to train on\. Give samples/)
      .waitFor();
    await driver.panel.locator("vscode-button:focus", { hasText: "Recover accuracy" }).waitFor();
  });

  it("changes the options of an edit in place", async () => {
    const before = await parameters();
    const first = driver.edits.first();
    await first.getByRole("button", { name: /^Change the options/ }).click();
    await driver.setOption(first, "cost", "0.1");
    await settles(first.getByRole("button", { name: "Change", exact: true }).click(), before);
    assert.match((await labels()).join("; "), /cost=0\.1/);
    await driver.hasEdits(2);
    await driver.run("undo");
    await eventually(vscode(), parameters, (text) => text === before);
  });

  it("moves an edit, and takes one out", async () => {
    await driver.edits
      .first()
      .getByRole("button", { name: /later$/ })
      .press("Enter");
    await eventually(vscode(), labels, ([first]) => first?.startsWith("Separable") === true);
    // It is the last one now, which switches the button off and leaves it the focus.
    await driver.edits.nth(1).locator("vscode-button[aria-disabled=true]:focus").waitFor();
    await driver.page.getByTestId("computing").waitFor({ state: "detached" });
    // The button goes with the edit: the keyboard goes on at the edit behind it, and not at the start of the page.
    await driver.edits
      .first()
      .getByRole("button", { name: /^Remove/ })
      .press("Enter");
    await driver.hasEdits(1);
    assert.match((await labels()).join("; "), /^Low rank/);
    await driver.edits.first().locator("vscode-checkbox:focus").waitFor();
    await driver.run("undo");
    await driver.hasEdits(2);
    await driver.run("undo");
    await eventually(vscode(), labels, ([first]) => first?.startsWith("Low rank") === true);
  });

  it("is exported, and applied to another model as one step", async () => {
    await driver.button("Export the list of edits…").click();
    const picker = vscode().page.locator(".quick-input-widget");
    // Until the folder is listed the picker takes no answer.
    await picker.locator(".monaco-list-row").first().waitFor();
    assert.match(await picker.locator("input").first().inputValue(), /digits_lenet\.edits\.json$/);
    await picker.getByRole("button", { name: "OK" }).click();
    const list = vscode().path("digits_lenet.edits.json");
    const text = await eventually(
      vscode(),
      () => Promise.resolve(read(list)),
      (found) => found !== "",
    );
    assert.match(text, /dense-low-rank[^]*separable/);

    copyFileSync(join(SAMPLES, MODEL), vscode().path("other.onnx"));
    await driver.run("workbench.action.revertAndCloseActiveEditor");
    await driver.open("other.onnx");
    await vscode().server.run(
      (api, path) => api.commands.executeCommand("edgewise.importEdits", api.Uri.file(path)),
      list,
    );
    await driver.hasEdits(2);
    await driver.run("undo");
    await driver.hasEdits(0);
  });
});

/** The text of a file; empty while there is none. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
