// npm run pictures:walkthrough: takes the pictures of media/walkthrough, the README's among them; that of a phone is walkthrough-phone.ts.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installChromium, installVscodeHost, ROOT } from "../../../install.mjs";
import { startBrowser } from "../run/browser.ts";
import { SAMPLES, VscodeWindow } from "../ui/window.ts";

const MODEL = "digits_resnet.onnx";
const OTHER = "digits_vgg_bn.onnx";
const REPORT = "report.html";
const SIZE = { width: 1280, height: 880 };

const whyNot = installVscodeHost() ?? installChromium();
if (whyNot !== undefined) {
  console.error(whyNot);
  process.exit(1);
}
const window = await VscodeWindow.open({ files: [MODEL, OTHER].map((name) => join(SAMPLES, name)), size: SIZE });
try {
  await takePage();
  await takeEditing();
  await takeComparison();
  await takeReport();
} finally {
  await window.close();
}

function pictureOf(name: string): string {
  return join(ROOT, `media/walkthrough/${name}.png`);
}

function take(name: string): Promise<unknown> {
  return window.page.screenshot({ path: pictureOf(name) });
}

/** Runs a command of VS Code on files of the window's folder. */
function run(command: string, ...names: readonly string[]): Promise<unknown> {
  const paths = names.map((name) => window.path(name));
  return window.server.run(
    (vscode, id, files) => vscode.commands.executeCommand(id, ...files.map((file) => vscode.Uri.file(file))),
    command,
    paths,
  );
}

async function takePage(): Promise<void> {
  await window.openFile(MODEL);
  const page = window.webview();
  await page.locator("[role=row][id]").first().waitFor();
  await take("open");
  await run("workbench.action.closeSidebar");
  await page.locator("[role=row][id^=layer-]", { hasText: "Conv" }).nth(1).click();
  await page.locator("[data-formula=latency]").waitFor();
  await take("read");
  await page.getByRole("button", { name: "flagship-phone" }).click();
  await page.locator(".hardware-numbers").waitFor();
  await take("hardware");
  await run("workbench.action.closeAllEditors");
}

/** Suggestions, samples, and the model as text. */
async function takeEditing(): Promise<void> {
  await window.openFile(MODEL);
  const page = window.webview();
  await page.locator("[role=row][id]").first().waitFor();
  await window.server.run((vscode) => void vscode.commands.executeCommand("edgewise.suggestCompressions"));
  const editing = page.getByTestId("editing");
  await editing.locator(".suggestion").first().waitFor();
  await take("compress");
  await editing.getByRole("tab", { name: "Calibration" }).click();
  await page.getByTestId("preview").first().waitFor();
  await take("calibration");
  await run("edgewise.openListing");
  await window.page.locator('.monaco-editor[data-uri^="edgewise:"] .view-line').first().waitFor();
  await take("listing");
  await run("workbench.action.closeAllEditors");
}

async function takeComparison(): Promise<void> {
  await window.server.run(
    (vscode, paths) => {
      const [before, ...others] = paths.map((path) => vscode.Uri.file(path));
      void vscode.commands.executeCommand("edgewise.compareSelected", before, [before, ...others]);
    },
    [OTHER, MODEL].map((name) => window.path(name)),
  );
  await window.webview().locator("[role=row][id]").first().waitFor();
  await take("compare");
}

async function takeReport(): Promise<void> {
  await run("edgewise.exportHtml", MODEL, REPORT);
  const browser = await startBrowser();
  try {
    const page = await browser.newPage({ viewport: SIZE, colorScheme: "dark" });
    await page.goto(pathToFileURL(window.path(REPORT)).href);
    await page.screenshot({ path: pictureOf("export") });
  } finally {
    await browser.close();
  }
}
