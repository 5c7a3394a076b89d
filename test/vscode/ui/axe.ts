import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import { THEMES, type Theme, type VscodeWindow } from "./window.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Rules about colours: what a theme changes. */
const OF_COLOURS = { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } } as const;

interface Extent {
  /** The same page in another theme differs in its colours alone. */
  readonly rules?: "all" | "colours";
  /** Selector of the part to look at, else the whole page. */
  readonly within?: string | undefined;
}

/** Fails with what axe-core finds wrong with our page, and where, if it is serious. */
export async function assertAccessible(window: VscodeWindow, { rules = "all", within }: Extent = {}): Promise<void> {
  const body = await window.webview().locator("body").elementHandle();
  const frame = await body.ownerFrame();
  assert.ok(frame);
  await frame.evaluate(AXE);
  const options = JSON.stringify({ resultTypes: ["violations"], ...(rules === "colours" && OF_COLOURS) });
  const { violations } = await frame.evaluate<AxeResults>(
    `axe.run(${within === undefined ? "document" : JSON.stringify(within)}, ${options})`,
  );
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const findings = serious.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n  ${failureSummary ?? ""}`),
  );
  assert.deepEqual(findings, []);
}

/** Of what another test of the window has reached: in the theme that is on, and in all of them when tests are thorough. */
export async function assertAccessibleHere(window: VscodeWindow): Promise<void> {
  if (process.env.EDGEWISE_THOROUGH === undefined) return assertAccessible(window);
  await assertAccessibleInThemes(window);
  await window.useTheme("dark");
}

/** @param within selector of what is new on a page that is looked at in every theme without it: the colours of that alone */
export async function assertAccessibleInThemes(window: VscodeWindow, within?: string): Promise<void> {
  for (const [index, theme] of (Object.keys(THEMES) as Theme[]).entries()) {
    await window.useTheme(theme);
    await assertAccessible(window, index === 0 ? {} : { rules: "colours", within });
  }
}
