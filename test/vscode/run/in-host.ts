import { EventEmitter, once } from "node:events";
import { rmSync } from "node:fs";
import { format } from "node:util";
import type { Page } from "playwright-core";
import { ROOT } from "../../../install.mjs";
import { startBrowser } from "./browser.ts";
import { bundleSuite, makeWorkspace, suiteEnvironment } from "./in-host-suite.ts";
import { VscodeServer } from "./server.ts";

/** Runs the in-host suite in the npm-hosted VS Code; the exit code is the suite's. A whole run takes 8 s on two slow cores. */

const LIMIT_MILLISECONDS = 300_000;

/** What the workbench itself logs in a window without an account, a gallery or a service worker. */
const NOISE =
  /^(Resolv(ing|ed) connection token|Creating a socket|\[reconnection-grace-time|Updating additional builtin|Ignoring fetching additional|\[Agent|\[AccountPolicy|No search provider registered|\[Service Worker\]|Timed out waiting for authentication)/;

process.exitCode = await runInHost();

async function runInHost(): Promise<number> {
  const [entry, workspace] = [await bundleSuite(), makeWorkspace()];
  const server = await VscodeServer.start({ isTestDriver: true, env: suiteEnvironment() });
  const browser = await startBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const payload = [
      ["extensionDevelopmentPath", server.remote(ROOT)],
      ["extensionTestsPath", server.remote(entry)],
      ["skipWelcome", "true"],
    ] as const;
    return await openSuite(page, server.url(workspace, payload));
  } finally {
    await browser.close();
    await server.stop();
    rmSync(workspace, { recursive: true, force: true });
  }
}

/**
 * VS Code's page hands the extension host's log and the suite's exit code to two functions that we expose to it.
 * @returns the exit code, once there is one
 */
async function openSuite(page: Page, url: string): Promise<number> {
  const events = new EventEmitter();
  const exit = once(events, "exit", { signal: AbortSignal.timeout(LIMIT_MILLISECONDS) });
  const fail = (): boolean =>
    events.emit("error", new Error("The VS Code window went away before the tests were over."));
  page.on("crash", fail);
  page.on("close", fail);
  await page.exposeFunction("codeAutomationLog", (_type: string, args: unknown[]) => printLine(args));
  await page.exposeFunction("codeAutomationExit", (code: number) => events.emit("exit", code));
  const [[exitCode]] = (await Promise.all([exit, page.goto(url)])) as [[number], unknown];
  page.off("close", fail); // from here on it is we who close it
  return exitCode;
}

function printLine(args: readonly unknown[]): void {
  const [first, ...rest] = args;
  // A %c takes a style along, which a terminal has no use for.
  const styles = typeof first === "string" ? first.split("%c").length - 1 : 0;
  const text = format(typeof first === "string" ? first.replaceAll("%c", "") : first, ...rest.slice(styles)).trim();
  if (text && !NOISE.test(text)) console.log(text);
}
