// npm run pictures [-- TEXT [WIDTHS]]: pictures of every view of some models in each theme and width, in screenshots/pages/, for a person to look at;
// with TEXT only those whose names hold it. A sheet for each view shows its pictures side by side. States of the page are named "page-…", those
// of editing "editing-…", of it with samples and long work "sampled-…", with a TFLite file "tflite-…", those of the listing "listing-…".
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
import { takeListing } from "./listing.ts";
import { takeSampled } from "./sampled.ts";
import { takeStates } from "./states.ts";
import { takeTflite } from "./tflite.ts";

/** What has to stand in the page before a view is whole. */
const VIEWS: readonly View[] = [
  { name: "layers", tab: "Layers", shows: "[role=row][aria-selected=true]" },
  { name: "charts", tab: "Charts", shows: "[data-testid=chart-cost] canvas" },
  { name: "charts-memory", tab: "Charts", shows: "[data-testid=chart-memory] canvas" },
  { name: "charts-roofline", tab: "Charts", shows: "[data-testid=chart-roofline] canvas" },
  { name: "charts-shares", tab: "Charts", shows: "[data-testid=chart-kind] canvas" },
  { name: "graph", tab: "Graph", shows: ".box" },
];

interface View {
  readonly name: string;
  readonly tab: string;
  readonly shows: string;
}

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
  await takeStates(wanted);
  await takeEditing(folder, wanted);
  await takeListing(wanted);
  await takeSampled(wanted);
  await takeTflite(wanted);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function takeAll(model: Model): Promise<void> {
  const views = VIEWS.filter(({ name }) => `${model.name}-${name}`.includes(wanted));
  if (views.length === 0) return;
  await model.write(folder);
  const window = await VscodeWindow.open({ files: [join(folder, `${model.name}.onnx`)] });
  try {
    await window.openFile(`${model.name}.onnx`);
    const rows = window.webview().locator("[role=row][id]");
    await rows.nth(SELECTED_ROW).click();
    for (const { name, tab, shows } of views) {
      await window.webview().getByRole("tab", { name: tab }).click();
      const part = window.webview().locator(shows).first();
      await part.waitFor();
      await takeView(window, `${model.name}-${name}`, part);
    }
  } finally {
    await window.close();
  }
}
