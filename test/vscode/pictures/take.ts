// npm run pictures [-- TEXT]: pictures of every view of some models in each theme and width, in screenshots/pages/, for a person to look at;
// with TEXT only those whose names hold it. A sheet for each view shows its pictures side by side.
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installChromium, installVscodeHost, ROOT } from "../../../install.mjs";
import { writeDeep } from "../../bench/models.ts";
import { alexnet } from "../../zoo/networks/alexnet.ts";
import { bert } from "../../zoo/networks/bert.ts";
import { mobilenetV2 } from "../../zoo/networks/mobilenet-v2.ts";
import { writeOnnxFile } from "../../zoo/to-onnx.ts";
import { startBrowser } from "../run/browser.ts";
import { VscodeWindow, type Theme } from "../ui/window.ts";

const PICTURES = join(ROOT, "screenshots/pages");

const THEMES: readonly Theme[] = ["light", "dark", "high-contrast"];
const SIZES = [
  { width: 1280, height: 800 },
  { width: 800, height: 800 },
] as const;

/** What has to stand in the page before a view is whole. */
const VIEWS = { Layers: "[role=row][aria-selected=true]", Charts: "[data-testid=chart-module] canvas", Graph: ".box" };
type View = keyof typeof VIEWS;

/** A layer of some cost is selected: below the first rows of the header and the input's shape arithmetic. */
const SELECTED_ROW = 2;

/** Fonts, charts and the graph's first zoom are drawn within this; nothing in the page says so. */
const SETTLED_MILLISECONDS = 400;

interface Model {
  readonly name: string;
  readonly write: (folder: string) => Promise<unknown>;
}

const MODELS: readonly Model[] = [
  { name: "alexnet", write: (folder) => writeOnnxFile(alexnet(), join(folder, "alexnet.onnx"), { weights: "folded" }) },
  { name: "mobilenet_v2", write: (folder) => writeOnnxFile(mobilenetV2(), join(folder, "mobilenet_v2.onnx"), {}) },
  { name: "bert_tiny", write: (folder) => writeOnnxFile(bert(), join(folder, "bert_tiny.onnx"), { isDynamic: true }) },
  { name: "deep-6000", write: (folder) => writeDeep(folder, 6_000) },
];

const whyNot = installVscodeHost() ?? installChromium();
if (whyNot !== undefined) {
  console.error(whyNot);
  process.exit(1);
}
const wanted = process.argv[2] ?? "";
const folder = mkdtempSync(join(tmpdir(), "edgewise-pictures-"));
mkdirSync(PICTURES, { recursive: true });
try {
  for (const model of MODELS) await takeAll(model);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function takeAll(model: Model): Promise<void> {
  const views = (Object.keys(VIEWS) as View[]).filter((view) => `${model.name}-${view.toLowerCase()}`.includes(wanted));
  if (views.length === 0) return;
  await model.write(folder);
  const window = await VscodeWindow.open({ files: [join(folder, `${model.name}.onnx`)] });
  try {
    await window.openFile(`${model.name}.onnx`);
    const rows = window.webview().locator("[role=row][id]");
    await rows.nth(SELECTED_ROW).click();
    for (const view of views) {
      await window.webview().getByRole("tab", { name: view }).click();
      await window.webview().locator(VIEWS[view]).first().waitFor();
      await takeView(window, `${model.name}-${view.toLowerCase()}`);
    }
  } finally {
    await window.close();
  }
}

async function takeView(window: VscodeWindow, view: string): Promise<void> {
  const names: string[] = [];
  for (const theme of THEMES) {
    await window.useTheme(theme);
    for (const size of SIZES) {
      await window.page.setViewportSize(size);
      await window.page.waitForTimeout(SETTLED_MILLISECONDS);
      const name = `${view}-${theme}-${size.width}.png`;
      await window.page.screenshot({ path: join(PICTURES, name) });
      names.push(name);
    }
  }
  await writeSheet(view, names);
  console.log(`${view}: ${names.length} pictures`);
}

/** A row of pictures for each theme, half as large as they are. */
async function writeSheet(view: string, names: readonly string[]): Promise<void> {
  const pictures = names.map((name) => {
    const data = readFileSync(join(PICTURES, name)).toString("base64");
    return `<img src="data:image/png;base64,${data}" style="zoom: 0.5">`;
  });
  const browser = await startBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1060, height: 1230 } });
    await page.setContent(`<body style="display: flex; flex-wrap: wrap; gap: 4px; margin: 4px">${pictures.join("")}`);
    await page.screenshot({ path: join(PICTURES, `sheet-${view}.png`), fullPage: true });
  } finally {
    await browser.close();
  }
}
