import { existsSync, symlinkSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { Frame } from "playwright-core";
import { SAMPLES, VscodeWindow } from "../vscode/ui/window.ts";
import type { Finding } from "./finding.ts";
import { median } from "./measure.ts";
import { closeEditors, firstRow, pageFrame } from "./page-window.ts";
import { traceTasks } from "./trace-tasks.ts";

/** What a user waits for in the page of a large model: its rows, its graph, its suggestions; and how the graph moves. */

export interface PageOptions {
  /** The model that it is done with, else one of 6,000 nodes. */
  readonly model?: string | undefined;
  /** The folder of another build of the extension (its package.json and dist/), measured in turns with ours. */
  readonly against?: string | undefined;
}

const ROUNDS = 3;
/** What is over soon is asked more often. */
const OPENINGS = 5;

/** From the click to the graph, in an engine that is warm. */
const GRAPH_MILLISECONDS = 2_000;

const FRAME_MILLISECONDS = 1000 / 60;
const PAN_MILLISECONDS = 3_000;
/** In each frame: a quick drag. It turns halfway. */
const PAN_PIXELS = 24;
/** Layout is over, and what came with it collected. */
const SETTLE_MILLISECONDS = 1_500;
/** What takes longer is not waited for. */
const LIMIT_MILLISECONDS = 300_000;

/** Milliseconds, and frames of a pan; null where a build does not do it (older ones draw at most 600 boxes), or not within the limit. */
type Measures = ReadonlyMap<string, number | null>;

const UNITS: Readonly<Record<string, string>> = { frames: "fps", long: "%" };

const MEASURES = [
  { id: "rows", what: "click to rows" },
  { id: "graph", what: "click to the graph as it opens", limit: GRAPH_MILLISECONDS },
  { id: "all", what: "click to the graph with all modules open", limit: GRAPH_MILLISECONDS },
  { id: "panned", what: "panning as it opens", unit: UNITS.frames },
  { id: "panned-long", what: "panning as it opens: frames whose own work takes over 16.7 ms", unit: UNITS.long },
  { id: "panned-all", what: "panning with all modules open", unit: UNITS.frames },
  { id: "panned-all-long", what: "panning with all open: frames whose own work takes over 16.7 ms", unit: UNITS.long },
  { id: "panned-whole", what: "panning all of it in sight", unit: UNITS.frames },
  { id: "panned-whole-long", what: "panning all in sight: frames whose own work takes over 16.7 ms", unit: UNITS.long },
  { id: "first-suggestion", what: "click to the first suggestion" },
  { id: "suggestions", what: "click to all suggestions" },
] as const satisfies readonly {
  readonly id: string;
  readonly what: string;
  readonly unit?: string | undefined;
  readonly limit?: number;
}[];

/**
 * @param path of the model
 * @param against the folder of another build
 * @returns what each takes; with another build also what it takes there, and the ratio of both
 */
export async function benchPageTasks(path: string, against: string | undefined): Promise<readonly Finding[]> {
  console.log(`  ${basename(path)}; Chromium draws without a graphics card`);
  const folders = against === undefined ? [undefined] : [undefined, resolve(against)];
  for (const folder of folders) {
    if (folder !== undefined && !existsSync(join(folder, "dist/extension.cjs")))
      throw new Error(
        `${folder} holds no build: dist/extension.cjs is missing. Run \`node build.mjs --production\` there.`,
      );
  }
  const windows: VscodeWindow[] = [];
  try {
    for (const extension of folders) {
      const window = await VscodeWindow.open({
        files: [join(SAMPLES, "digits_resnet.onnx")],
        ...(extension !== undefined && { extension }),
      });
      windows.push(window);
      symlinkSync(resolve(path), window.path(basename(path)));
      // Starts the extension host and warms the engine.
      await openTimed(window, "digits_resnet.onnx");
      await openTimed(window, basename(path));
    }
    const rounds: Measures[][] = windows.map(() => []);
    for (let opening = 0; opening < OPENINGS; opening++) {
      for (const [place, window] of windows.entries())
        rounds[place]?.push(new Map([["rows", await openTimed(window, basename(path))]]));
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const [place, window] of windows.entries()) {
        const measures = await measureRound(window, basename(path), round === 0);
        rounds[place]?.push(measures);
        console.log(`  ${place === 0 ? "ours " : "other"} ${described(measures)}`);
      }
    }
    const [ours = [], theirs] = rounds;
    return MEASURES.flatMap((measure) =>
      compared(measure, medianOf(ours, measure.id), theirs && medianOf(theirs, measure.id)),
    );
  } finally {
    for (const window of windows) await window.close();
  }
}

/** A round as it is over: "rows 1234, graph 567". */
function described(measures: Measures): string {
  return [...measures].map(([id, value]) => `${id} ${value === null ? "–" : value.toFixed(0)}`).join(", ");
}

function medianOf(rounds: readonly Measures[], id: string): number | null {
  const values = rounds.map((round) => round.get(id) ?? null).filter((value) => value !== null);
  return values.length === 0 ? null : median(values);
}

function compared(
  {
    what,
    unit = "ms",
    ...limit
  }: { readonly what: string; readonly unit?: string | undefined; readonly limit?: number },
  ours: number | null,
  theirs: number | null | undefined,
): readonly Finding[] {
  if (ours === null) return [];
  const finding = { what, value: ours, unit, ...limit };
  if (theirs === undefined) return [finding];
  if (theirs === null) return [{ ...finding, what: `${what} (not done by the other build)` }];
  return [
    finding,
    { what: "  by the other build", value: theirs, unit },
    { what: "  ours to the other's", value: ours / theirs, unit: "×" },
  ];
}

/** @param withSuggestions once is enough: looking for them takes as long as everything else */
async function measureRound(window: VscodeWindow, name: string, withSuggestions: boolean): Promise<Measures> {
  const measures = new Map<string, number | null>();
  await openTimed(window, name);
  const frame = await pageFrame(window);
  await window.page.waitForTimeout(SETTLE_MILLISECONDS);
  if (withSuggestions) {
    const { first, all } = await frame.evaluate<Clicked>(
      timedClick({
        click: `[...document.querySelectorAll("button, vscode-button")].find((b) => b.textContent.trim() === "Compress")`,
        first: `document.querySelector("[data-testid=suggestion]")`,
        all: `document.querySelector("[data-testid=suggestion]") && !document.querySelector("[data-testid=task]")`,
      }),
    );
    measures.set("first-suggestion", first).set("suggestions", all);
    await closeEditors(window);
    await openTimed(window, name);
  }
  await measureGraph(window, measures);
  return measures;
}

const TOOL = (label: string): string => `document.querySelector('.graph-pane [aria-label="${label}"]')`;
const DRAWN = `document.querySelector(".world .box, .world canvas.overview")`;

async function measureGraph(window: VscodeWindow, measures: Map<string, number | null>): Promise<void> {
  const frame = await pageFrame(window);
  const graph = await frame.evaluate<Clicked>(
    timedClick({
      click: `[...document.querySelectorAll("[role=tab]")].find((tab) => tab.textContent.trim() === "Graph")`,
      first: DRAWN,
      all: DRAWN,
    }),
  );
  measures.set("graph", graph.all);
  await pan(window, frame, measures, "panned");
  if ((await frame.locator('.graph-pane [aria-label="Open all modules"]').count()) === 0) return;
  if ((await frame.locator(".world [aria-expanded=true]").count()) > 0)
    await frame.evaluate(redrawnBy("Close all modules"));
  const { all } = await frame.evaluate<Clicked>(redrawnBy("Open all modules"));
  const isRefused = (await frame.locator(".graph-refused").count()) > 0;
  measures.set("all", isRefused ? null : all);
  if (isRefused) return;
  await pan(window, frame, measures, "panned-all");
  await frame.evaluate(`${TOOL("Show all of it")}.click()`);
  await pan(window, frame, measures, "panned-whole");
}

/** Clicks a tool of the graph and waits until other boxes are drawn, or a reason why not. */
function redrawnBy(label: string): string {
  const isRedrawn = `isRedrawn || document.querySelector(".graph-refused")`;
  return timedClick({
    before: `let isRedrawn = false;
      const observer = new MutationObserver(() => { isRedrawn = true; });
      observer.observe(document.querySelector(".world"), { childList: true, subtree: true });`,
    click: TOOL(label),
    first: isRedrawn,
    all: isRedrawn,
  });
}

/** Drags the graph for a while. */
async function pan(
  window: VscodeWindow,
  frame: Frame,
  measures: Map<string, number | null>,
  id: string,
): Promise<void> {
  await window.page.waitForTimeout(SETTLE_MILLISECONDS);
  let frames = 0;
  const tasks = await traceTasks(window.page, async () => {
    frames = await frame.evaluate<number>(PAN);
  });
  const long = tasks.filter(({ used }) => used > FRAME_MILLISECONDS).length;
  measures.set(id, (1000 * frames) / PAN_MILLISECONDS).set(`${id}-long`, (100 * long) / frames);
}

/** As text: the loader of TypeScript marks inner functions with a helper that the page does not have. @returns how many frames were drawn */
const PAN = `new Promise((resolve) => {
  const stage = document.querySelector(".stage");
  const send = (type, x, y) => stage.dispatchEvent(new PointerEvent(type, { bubbles: true, button: 0, clientX: x, clientY: y }));
  const { left, top } = stage.getBoundingClientRect();
  let [x, y, frames] = [left + 200, top + 200, 0];
  send("pointerdown", x, y);
  let start;
  const step = (now) => {
    start ??= now;
    const elapsed = now - start;
    if (elapsed >= ${PAN_MILLISECONDS}) {
      send("pointerup", x, y);
      resolve(frames);
      return;
    }
    frames++;
    const way = elapsed < ${PAN_MILLISECONDS / 2} ? -${PAN_PIXELS} : ${PAN_PIXELS};
    send("pointermove", x += way / 3, y += way);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;

interface Timed {
  /** Statements before the clock starts. */
  readonly before?: string;
  /** Expressions of the page: what is clicked, and what tells that the first and all of it are there. */
  readonly click: string;
  readonly first: string;
  readonly all: string;
}

interface Clicked {
  readonly first: number | null;
  readonly all: number | null;
}

/** Clicks in the page and waits for what comes of it, until the frame after it is drawn. @returns milliseconds by the page's clock, null beyond the limit */
function timedClick({ before = "", click, first, all }: Timed): string {
  return `new Promise((resolve) => {
    ${before}
    const start = performance.now();
    let seen = null;
    const look = () => {
      const now = performance.now() - start;
      if (now > ${LIMIT_MILLISECONDS}) resolve({ first: seen, all: null });
      else {
        if (seen === null && (${first})) seen = now;
        if (${all}) requestAnimationFrame(() => resolve({ first: seen, all: performance.now() - start }));
        else requestAnimationFrame(look);
      }
    };
    (${click}).click();
    requestAnimationFrame(look);
  })`;
}

async function openTimed(window: VscodeWindow, name: string): Promise<number> {
  await closeEditors(window);
  const start = performance.now();
  await window.openFile(name);
  await firstRow(window);
  return performance.now() - start;
}
