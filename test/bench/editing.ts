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
    const { seconds, idle, longest, longestOwn } = await window.server.run(pingWhileApplying, EDIT, PING_MILLISECONDS);
    await driver.run("workbench.action.revertAndCloseActiveEditor");
    return [
      { what: "low rank of FC6, copied aside and computed", value: seconds, unit: "s" },
      { what: "extension host: longest gap of its loop", value: longest, unit: "ms" },
      { what: "the same while nothing is computed", value: idle, unit: "ms" },
      {
        what: "longest gap less its wait for a processor",
        value: longestOwn,
        unit: "ms",
        limit: LONGEST_GAP_MILLISECONDS,
      },
    ];
  } finally {
    await window.close();
  }
}

interface Gaps {
  readonly seconds: number;
  /** Milliseconds, of a ping that should come at once. */
  readonly longest: number;
  /** Before the edit, in the same time. */
  readonly idle: number;
  /** The longest gap without what it waited, ready to run, for a processor that had other threads: computing, blocked, or held up. */
  readonly longestOwn: number;
}

/** Runs in the extension host. The kernel counts, in /proc, how long the thread of the loop waited for a processor. */
async function pingWhileApplying(api: typeof vscode, edit: string, every: number): Promise<Gaps> {
  const { readFileSync } = process.getBuiltinModule("node:fs");
  const waited = (): number => {
    const [, nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ");
    return Number(nanoseconds) / 1e6;
  };
  const ping = async (work: () => Thenable<unknown>): Promise<{ seconds: number; longest: number; own: number }> => {
    const start = performance.now();
    let [time, wait, longest, own] = [start, waited(), 0, 0];
    const timer = setInterval(() => {
      const [now, nowWaited] = [performance.now(), waited()];
      const gap = now - time - every;
      longest = Math.max(longest, gap);
      own = Math.max(own, gap - (nowWaited - wait));
      [time, wait] = [now, nowWaited];
    }, every);
    await work();
    clearInterval(timer);
    return { seconds: (performance.now() - start) / 1000, longest, own };
  };
  const before = await ping(() => new Promise((resolve) => setTimeout(resolve, 10_000)));
  const during = await ping(() => api.commands.executeCommand("edgewise.applyEdits", [edit]));
  return { seconds: during.seconds, longest: during.longest, idle: before.longest, longestOwn: during.own };
}
