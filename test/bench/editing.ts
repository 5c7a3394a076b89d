import { symlinkSync } from "node:fs";
import { basename } from "node:path";
import type * as vscode from "vscode";
import { installChromium, installVscodeHost } from "../../install.mjs";
import { EditingDriver } from "../vscode/ui/editing-driver.ts";
import { VscodeWindow } from "../vscode/ui/window.ts";
import type { Finding } from "./finding.ts";
import { writeVgg16 } from "./models.ts";

/** Whether VS Code stays at hand while an edit of the largest layer that we know is computed. */

const EDIT = "dense-low-rank:/classifier/fc6/Gemm:rank=256";
const PING_MILLISECONDS = 50;

/** Of the issue that this case comes from: a user notices a longer pause in typing. */
const LONGEST_GAP_MILLISECONDS = 200;

/** Applies the low rank of VGG-16's FC6, and pings the extension host's loop meanwhile. */
export async function benchEditing(folder: string): Promise<readonly Finding[]> {
  const whyNot = installVscodeHost() ?? installChromium();
  if (whyNot !== undefined) {
    console.log(`  left out: ${whyNot}`);
    return [];
  }
  const { path } = await writeVgg16(folder);
  const window = await VscodeWindow.open();
  try {
    symlinkSync(path, window.path(basename(path)));
    const driver = new EditingDriver(() => window);
    await driver.open(basename(path));
    const { seconds, longest, longestUsed } = await window.server.run(pingWhileApplying, EDIT, PING_MILLISECONDS);
    await driver.run("workbench.action.revertAndCloseActiveEditor");
    return [
      { what: "low rank of FC6, copied aside and computed", value: seconds, unit: "s" },
      { what: "extension host: longest gap of its loop", value: longest, unit: "ms" },
      {
        what: "the same by its thread's processor time",
        value: longestUsed,
        unit: "ms",
        limit: LONGEST_GAP_MILLISECONDS,
      },
    ];
  } finally {
    await window.close();
  }
}

/** Of the Node that VS Code's host has; ours may be older. */
interface ThreadClock {
  /** Microseconds. */
  readonly threadCpuUsage: (since?: NodeJS.CpuUsage) => NodeJS.CpuUsage;
}

/** Runs in the extension host. What another program had the processor for is in the time that passed, not in the time its thread used. */
async function pingWhileApplying(
  api: typeof vscode,
  edit: string,
  every: number,
): Promise<{ readonly seconds: number; readonly longest: number; readonly longestUsed: number }> {
  const clock = process as NodeJS.Process & ThreadClock;
  const start = performance.now();
  let [lastTime, last, longest, longestUsed] = [start, clock.threadCpuUsage(), 0, 0];
  const timer = setInterval(() => {
    const [time, { user, system }] = [performance.now(), clock.threadCpuUsage(last)];
    longest = Math.max(longest, time - lastTime - every);
    longestUsed = Math.max(longestUsed, (user + system) / 1000);
    [lastTime, last] = [time, clock.threadCpuUsage()];
  }, every);
  try {
    await api.commands.executeCommand("edgewise.applyEdits", [edit]);
  } finally {
    clearInterval(timer);
  }
  return { seconds: (performance.now() - start) / 1000, longest, longestUsed };
}
