import { basename, join } from "node:path";
import { symlinkSync } from "node:fs";
import { installChromium, installVscodeHost } from "../../install.mjs";
import { SAMPLES, VscodeWindow } from "../vscode/ui/window.ts";
import type { Finding } from "./finding.ts";
import { median } from "./measure.ts";
import { writeDeep, writeVgg16, type BenchModel } from "./models.ts";
import { closeEditors, firstRow, pageFrame } from "./page-window.ts";
import { benchPageTasks, type PageOptions } from "./page-tasks.ts";
import { traceTasks } from "./trace-tasks.ts";

/** The page in real VS Code: what a user waits for after a click on a model, and while scrolling a long table. */

const ROUNDS = 3;
const KILOBYTE = 1e3;

/** Of the issue that this case comes from. */
const FIRST_PAINT_KILOBYTES = 500;

/** At 60 frames a second. */
const FRAME_MILLISECONDS = 16.7;
const SCROLL_MILLISECONDS = 3_000;
/** Opening is over, and what came with it collected. */
const SETTLE_MILLISECONDS = 2_000;
/** Three rows a frame: as fast as one can still read. */
const SCROLL_PIXELS = 66;

/** Small, and otherwise as the large ones: what opening any model costs. */
const SAMPLE = join(SAMPLES, "digits_resnet.onnx");

/** Opens a 553 MB model and one of 6,000 nodes, scrolls the latter, and does in it, or in a model that is named, what takes longest. */
export async function benchPage(folder: string, options: PageOptions): Promise<readonly Finding[]> {
  const whyNot = installVscodeHost() ?? installChromium();
  if (whyNot !== undefined) {
    console.log(`  left out: ${whyNot}`);
    return [];
  }
  const deep = await writeDeep(folder, 6_000);
  const tasks = await benchPageTasks(options.model ?? deep.path, options.against);
  return [...tasks, ...(await benchOpening(await writeVgg16(folder), deep))];
}

async function benchOpening(large: BenchModel, deep: BenchModel): Promise<readonly Finding[]> {
  const window = await VscodeWindow.open({ files: [SAMPLE] });
  try {
    // Linked, not copied: the large one is as large as it is.
    for (const { path } of [large, deep]) symlinkSync(path, window.path(basename(path)));
    await window.page.addInitScript(COUNT_BYTES);
    await window.page.reload();
    await openModel(window, SAMPLE); // starts the extension host and warms its caches
    const small = await openings(window, SAMPLE);
    return [
      await activation(window),
      ...(await opening(window, "553 MB", large, small)),
      ...(await opening(window, "6,000 nodes", deep, small)),
      ...(await scrolling(window, deep)),
    ];
  } finally {
    await window.close();
  }
}

/** What our extension adds to the start of VS Code; it loads no engine. */
const ACTIVATION_MILLISECONDS = 50;

/** By VS Code's own clock. */
async function activation(window: VscodeWindow): Promise<Finding> {
  await window.server.run((api) => api.commands.executeCommand("workbench.action.showRuntimeExtensions"));
  const row = window.page.locator(".runtime-extensions-editor .monaco-list-row", { hasText: "edgewise" });
  const text = await row.filter({ hasText: /\d+ms/ }).last().innerText();
  await window.server.run((api) => api.commands.executeCommand("workbench.action.closeAllEditors"));
  return {
    what: "activation of the extension",
    value: Number(/(\d+)ms/.exec(text)?.[1]),
    unit: "ms",
    limit: ACTIVATION_MILLISECONDS,
  };
}

interface Opening {
  /** From asking VS Code for the file to the first row in the page. */
  readonly milliseconds: number;
  /** Messages to the page until then. */
  readonly messageBytes: number;
  /** Scripts, style sheets and fonts that the page had loaded by then. */
  readonly assetBytes: number;
}

async function opening(
  window: VscodeWindow,
  name: string,
  { path }: BenchModel,
  small: Opening,
): Promise<readonly Finding[]> {
  const { milliseconds, messageBytes, assetBytes } = await openings(window, path);
  return [
    { what: `${name}: first rows on screen`, value: milliseconds, unit: "ms" },
    { what: `${name}: the same of a model of 1.5 MB`, value: milliseconds / small.milliseconds, unit: "×" },
    {
      what: `${name}: bytes to the page before the first paint`,
      value: (messageBytes + assetBytes) / KILOBYTE,
      unit: "KB",
      limit: FIRST_PAINT_KILOBYTES,
    },
    { what: `${name}: of these, what is said of the model`, value: messageBytes / KILOBYTE, unit: "KB" },
  ];
}

/** The median of some openings, each in an editor of its own. */
async function openings(window: VscodeWindow, path: string): Promise<Opening> {
  const rounds: Opening[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await openModel(window, path));
  const medianOf = (value: (opening: Opening) => number): number => median(rounds.map(value));
  return {
    milliseconds: medianOf(({ milliseconds }) => milliseconds),
    messageBytes: medianOf(({ messageBytes }) => messageBytes),
    assetBytes: medianOf(({ assetBytes }) => assetBytes),
  };
}

async function openModel(window: VscodeWindow, path: string): Promise<Opening> {
  await closeEditors(window);
  const start = performance.now();
  await window.openFile(basename(path));
  await firstRow(window);
  const milliseconds = performance.now() - start;
  const counted = await (
    await pageFrame(window)
  ).evaluate(() => {
    const { bytesBeforeRows } = globalThis as { readonly bytesBeforeRows?: number };
    const assets = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    return {
      messageBytes: bytesBeforeRows ?? 0,
      assetBytes: assets.reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0),
    };
  });
  return { milliseconds, ...counted };
}

async function scrolling(window: VscodeWindow, { path }: BenchModel): Promise<readonly Finding[]> {
  await closeEditors(window);
  await window.openFile(basename(path));
  await firstRow(window);
  await window.webview().getByTestId("shown-count").filter({ hasText: "6,0" }).waitFor();
  await openAllModules(window);
  await window.page.waitForTimeout(SETTLE_MILLISECONDS);
  const frame = await pageFrame(window);
  const tasks = await traceTasks(window.page, async () => {
    await frame.evaluate(SCROLL);
  });
  const frames = `of ${(SCROLL_MILLISECONDS / FRAME_MILLISECONDS).toFixed(0)}`;
  const long = (times: readonly number[]): number => times.filter((time) => time > FRAME_MILLISECONDS).length;
  const [elapsed, used] = [tasks.map((task) => task.elapsed), tasks.map((task) => task.used)];
  return [
    { what: "scrolling 6,000 rows: frames over 16.7 ms", value: long(elapsed), unit: frames },
    { what: "scrolling 6,000 rows: the same by the processor's clock", value: long(used), unit: frames },
    { what: "scrolling 6,000 rows: longest task", value: Math.max(0, ...elapsed), unit: "ms" },
  ];
}

/** A fresh table of so many modules has them closed: with all of them open it has a line for each layer and each module. */
async function openAllModules(window: VscodeWindow): Promise<void> {
  const table = window.webview().getByTestId("layers");
  await table.locator("[role=row][id]").first().click();
  await table.press("*");
  await table.locator("[role=row][aria-level='2']").first().waitFor();
}

/** As text: the loader of TypeScript marks inner functions with a helper that the page does not have. */
const SCROLL = `new Promise((resolve) => {
  const table = document.querySelector("[data-testid=layers]");
  const end = performance.now() + ${SCROLL_MILLISECONDS};
  const step = () => {
    table.scrollTop += ${SCROLL_PIXELS};
    if (performance.now() < end) requestAnimationFrame(step);
    else resolve();
  };
  requestAnimationFrame(step);
})`;

/**
 * Runs in every frame, before its scripts: counts what it is sent until the first row stands there. It starts to listen when the page
 * does, because VS Code writes the page's document anew and so takes away what listened before.
 */
const COUNT_BYTES = `
  globalThis.bytesBeforeRows = 0;
  const listen = EventTarget.prototype.addEventListener;
  const count = ({ data }) => {
    if (document.querySelector("[data-testid=layers] [role=row][id]") === null) {
      globalThis.bytesBeforeRows += JSON.stringify(data).length;
    }
  };
  EventTarget.prototype.addEventListener = function (type, ...rest) {
    if (type === "message" && this === globalThis) listen.call(this, type, count);
    return listen.call(this, type, ...rest);
  };
`;
