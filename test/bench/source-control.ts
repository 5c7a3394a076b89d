import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { mobilenetV2 } from "../zoo/networks/mobilenet-v2.ts";
import { VscodeWindow } from "../vscode/ui/window.ts";
import type { Finding } from "./finding.ts";
import { median } from "./measure.ts";
import { writeNetwork } from "./models.ts";
import type { PageOptions } from "./page-tasks.ts";
import { closeEditors } from "./page-window.ts";

/** A click on a changed model in source control, until the rows of the comparison stand there. */

/** The first starts the extension host, Git and the engine; each of the others is read anew. */
const MODELS = 9;
const LIMIT_MILLISECONDS = 2_000;

export async function benchSourceControl(folder: string, { against }: PageOptions): Promise<readonly Finding[]> {
  const committed = await writeNetwork(folder, mobilenetV2());
  const changed = await writeNetwork(folder, { ...mobilenetV2({ classes: 990 }), name: "changed" });
  const windows: VscodeWindow[] = [];
  const prepare = (repository: string): void => {
    const git = (...args: readonly string[]): void => {
      const identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "init.defaultBranch=main"];
      execFileSync("git", [...identity, ...args], { cwd: repository });
    };
    const write = (from: string): void => {
      for (let model = 0; model < MODELS; model++) copyFileSync(from, join(repository, nameOf(model)));
    };
    write(committed.path);
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "--message", "Models");
    write(changed.path);
  };
  try {
    for (const extension of [undefined, ...(against === undefined ? [] : [resolve(against)])]) {
      const window = await VscodeWindow.open({
        builtIn: ["git", "git-base"],
        settings: { "git.enabled": true, "git.openRepositoryInParentFolders": "never" },
        prepare,
        ...(extension !== undefined && { extension }),
      });
      windows.push(window);
      await window.server.run((api) => api.commands.executeCommand("workbench.view.scm"));
      await clicked(window, 0);
    }
    const [ours, theirs] = windows;
    const times: [number[], number[]] = [[], []];
    for (let model = 1; model < MODELS; model++) {
      if (ours) times[0].push(await clicked(ours, model));
      if (theirs) times[1].push(await clicked(theirs, model));
    }
    const what = "a changed model of 14 MB: click to rows";
    const mine = { what, value: median(times[0]), unit: "ms", limit: LIMIT_MILLISECONDS };
    if (theirs === undefined) return [mine];
    const other = median(times[1]);
    return [
      mine,
      { what: "  by the other build", value: other, unit: "ms" },
      { what: "  ours to the other's", value: mine.value / other, unit: "×" },
    ];
  } finally {
    for (const window of windows) await window.close();
  }
}

const nameOf = (model: number): string => `model-${String.fromCharCode(97 + model)}.onnx`;

async function clicked(window: VscodeWindow, model: number): Promise<number> {
  const name = nameOf(model);
  await closeEditors(window);
  const change = window.page.locator(".scm-view .monaco-list-row").filter({ hasText: name }).first();
  await change.waitFor();
  const path = window.webview().locator(".compare-path").filter({ hasText: name });
  const rows = window.webview().getByTestId("shown-count").filter({ hasText: "differ" });
  const start = performance.now();
  await change.click();
  await path.first().waitFor();
  await rows.waitFor();
  return performance.now() - start;
}
