import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { assertAccessible, assertAccessibleInThemes } from "./axe.ts";
import { longChain, unknownOperator } from "./models.ts";
import { SAMPLES, useWindow } from "./window.ts";

const MODEL = "digits_resnet.onnx";

describe("Accessibility of the pages, by axe-core", () => {
  const vscode = useWindow({ files: [join(SAMPLES, MODEL), join(SAMPLES, "digits_lenet.onnx")] });

  const page = () => vscode().webview();

  afterEach(() => vscode().useTheme("dark"));

  const check = (): Promise<void> => assertAccessible(vscode());
  const inThemes = (within?: string): Promise<void> => assertAccessibleInThemes(vscode(), within);
  const open = async (name: string): Promise<void> => {
    await vscode().openFile(name);
    await page().getByRole("heading", { name }).waitFor();
  };

  it("finds nothing serious in the table, in any theme", async () => {
    await open(MODEL);
    await page().locator("[role=row][id]").nth(1).click();
    await inThemes();
  });

  const OPENED = [
    { button: "Choose columns", role: "menu" },
    { button: "How to filter", role: "dialog" },
    { button: "flagship-phone", role: "dialog" },
  ] as const;
  for (const { button, role } of OPENED) {
    it(`finds nothing serious in what “${button}” opens, in any theme`, async () => {
      await open(MODEL);
      await page().getByRole("button", { name: button, exact: true }).click();
      await page().getByRole(role).waitFor();
      await inThemes(`[role=${role}]`);
      await page().getByRole(role).waitFor();
      await vscode().page.keyboard.press("Escape");
      await page().getByRole(role).waitFor({ state: "detached" });
    });
  }

  it("finds nothing serious in the charts, their numbers and an open budget", async () => {
    await open(MODEL);
    await page().getByRole("tab", { name: "Charts" }).click();
    await page().getByTestId("chart-roofline").waitFor();
    await page().getByText("Show as a table").first().click();
    await page().getByRole("button", { name: "Show budgets" }).click();
    await page().locator("[data-budget=download] button").click();
    await inThemes();
  });

  it("finds nothing serious in the graph", async () => {
    await open(MODEL);
    await page().getByRole("tab", { name: "Graph" }).click();
    await page().locator(".box:not(.open)").first().click();
    await inThemes();
  });

  it("finds nothing serious in a wrong dimension and a wrong filter, in any theme", async () => {
    await open(MODEL);
    await page().getByRole("tab", { name: "Layers" }).click();
    await page().getByRole("textbox", { name: "Value of the dimension batch" }).fill("four");
    await vscode().page.keyboard.press("Enter");
    await page().getByTestId("dimensions").getByRole("alert").waitFor();
    await page().getByRole("textbox", { name: "Filter layers" }).fill("macs>");
    await page().locator(".filter-error .codicon-error").waitFor();
    await inThemes();
  });

  it("finds nothing serious with warnings open and values unknown", async () => {
    writeFileSync(vscode().path("unknown.onnx"), unknownOperator());
    await open("unknown.onnx");
    await page()
      .getByRole("button", { name: /warning/ })
      .click();
    await page().getByTestId("warnings").waitFor();
    await inThemes();
  });

  it("finds nothing serious in an error", async () => {
    writeFileSync(vscode().path("broken.onnx"), "no model");
    await vscode().openFile("broken.onnx");
    await page().getByTestId("failed").waitFor();
    await inThemes();
  });

  it("finds nothing serious while a model is being profiled", async () => {
    writeFileSync(vscode().path("long.onnx"), longChain(60_000));
    await vscode().openFile("long.onnx");
    await page().getByTestId("loading").waitFor();
    await check();
  });

  it("finds nothing serious in a comparison, in any theme", async () => {
    await vscode().server.run(
      (api, paths) => {
        const uris = paths.map((path) => api.Uri.file(path));
        void api.commands.executeCommand("edgewise.compareSelected", uris[0], uris);
      },
      [MODEL, "digits_lenet.onnx"].map((name) => vscode().path(name)),
    );
    await page().locator(".compare-path").first().waitFor();
    await page().locator("[role=row][id]").nth(1).click();
    await inThemes();
  });
});
