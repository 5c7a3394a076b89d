import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import { THEMES, type Theme, type VscodeWindow } from "./window.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails with what axe-core finds wrong with our page, and where, if it is serious. */
export async function assertAccessible(window: VscodeWindow): Promise<void> {
  const body = await window.webview().locator("body").elementHandle();
  const frame = await body.ownerFrame();
  assert.ok(frame);
  await frame.evaluate(AXE);
  const { violations } = await frame.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const findings = serious.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n  ${failureSummary ?? ""}`),
  );
  assert.deepEqual(findings, []);
}

export async function assertAccessibleInThemes(window: VscodeWindow): Promise<void> {
  for (const theme of Object.keys(THEMES) as Theme[]) {
    await window.useTheme(theme);
    await assertAccessible(window);
  }
}
