// npm run pictures [-- TEXT]: pictures of every view of some models in each theme and width, in screenshots/pages/, for a person to look at;
// with TEXT only those whose names hold it. A sheet for each view shows its pictures side by side. Those of editing are named "editing-…".
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installChromium, installVscodeHost } from "../../../install.mjs";
import { writeDeep } from "../../bench/models.ts";
import { alexnet } from "../../zoo/networks/alexnet.ts";
import { bert } from "../../zoo/networks/bert.ts";
import { mobilenetV2 } from "../../zoo/networks/mobilenet-v2.ts";
import { writeOnnxFile } from "../../zoo/to-onnx.ts";
import { VscodeWindow } from "../ui/window.ts";
import { takeView } from "./album.ts";
import { takeEditing } from "./editing.ts";

/** What has to stand in the page before a view is whole. */
const VIEWS = { Layers: "[role=row][aria-selected=true]", Charts: "[data-testid=chart-module] canvas", Graph: ".box" };
type View = keyof typeof VIEWS;

/** A layer of some cost is selected: below the first rows of the header and the input's shape arithmetic. */
const SELECTED_ROW = 2;

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
try {
  for (const model of MODELS) await takeAll(model);
  await takeEditing(folder, wanted);
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
