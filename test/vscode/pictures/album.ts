import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Locator } from "playwright-core";
import { ROOT } from "../../../install.mjs";
import { startBrowser } from "../run/browser.ts";
import { THEMES, type Theme, type VscodeWindow } from "../ui/window.ts";

/** Not kept by git. */
const PICTURES = join(ROOT, "screenshots/pages");

/** Some of them alone by their widths: `npm run pictures -- TEXT 1280,1600`. */
const [, , , WIDTHS] = process.argv;
const SIZES = [
  { width: 1280, height: 800 },
  { width: 1600, height: 1000 },
  { width: 800, height: 800 },
].filter(({ width }) => WIDTHS === undefined || WIDTHS.split(",").includes(String(width)));
const USUAL_SIZE = { width: 1280, height: 800 };

/** Fonts, charts and the graph's first zoom are drawn within this; nothing in the page says so. */
const SETTLED_MILLISECONDS = 400;

/** What a window can be led to from the state before. */
export interface State<Driver> {
  readonly name: string;
  readonly reach: (driver: Driver) => Promise<unknown>;
}

/** Pictures of those states whose "GROUP-STATE" holds a text, reached one after the other; the window is closed then. */
export async function takeInTurn<Driver extends { run(command: string): Promise<unknown> }>(
  window: VscodeWindow,
  driver: Driver,
  states: readonly State<Driver>[],
  group: string,
  wanted: string,
): Promise<void> {
  const isWanted = ({ name }: State<Driver>): boolean => `${group}-${name}`.includes(wanted);
  try {
    for (const state of states.slice(0, states.findLastIndex(isWanted) + 1)) {
      await state.reach(driver);
      if (isWanted(state)) await takeView(window, `${group}-${state.name}`);
    }
    await driver.run("workbench.action.revertAndCloseActiveEditor");
  } finally {
    await window.close();
  }
}

/**
 * Pictures of what a window shows now, in each theme and width, and a sheet with all of them; ends as wide as it began.
 * @param part what has to be in sight
 * @param again brings back what another size closes: a menu
 */
export async function takeView(
  window: VscodeWindow,
  view: string,
  part?: Locator,
  again?: () => Promise<unknown>,
): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  const names: string[] = [];
  // What a pointer that was left somewhere would show is not of the view.
  await window.page.mouse.move(0, 0);
  for (const theme of Object.keys(THEMES) as Theme[]) {
    await window.useTheme(theme);
    for (const size of SIZES) {
      await window.page.setViewportSize(size);
      await part?.evaluate((element) => element.scrollIntoView({ block: "nearest" }));
      await again?.();
      await window.page.waitForTimeout(SETTLED_MILLISECONDS);
      const name = `${view}-${theme}-${size.width}.png`;
      await window.page.screenshot({ path: join(PICTURES, name) });
      names.push(name);
    }
  }
  await window.page.setViewportSize(USUAL_SIZE);
  await writeSheet(view, names);
  console.log(`${view}: ${names.length} pictures`);
}

/** Pictures of a document in a browser of its own, as people send each other, from its top to its end. */
export async function takeDocument(file: string, view: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  const names: string[] = [];
  const browser = await startBrowser();
  try {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const viewport of SIZES) {
        const page = await browser.newPage({ viewport, colorScheme });
        await page.goto(pathToFileURL(file).href);
        const name = `${view}-${colorScheme}-${viewport.width}.png`;
        await page.screenshot({ path: join(PICTURES, name), fullPage: true });
        names.push(name);
      }
    }
  } finally {
    await browser.close();
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
    const page = await browser.newPage({ viewport: { width: 1860, height: 1230 } });
    await page.setContent(`<body style="display: flex; flex-wrap: wrap; gap: 4px; margin: 4px">${pictures.join("")}`);
    await page.screenshot({ path: join(PICTURES, `sheet-${view}.png`), fullPage: true });
  } finally {
    await browser.close();
  }
}
