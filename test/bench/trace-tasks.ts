import type { Page } from "playwright-core";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** What Chromium calls a task; there is an event within each whose name ends the same. */
const TASK = "ThreadControllerImpl::RunTask";

/** A task of the renderer's main thread, in milliseconds. */
export interface Task {
  readonly elapsed: number;
  /** Without the time that other programs had the processor: what counts on a machine that is busy otherwise. */
  readonly used: number;
}

/** Every task while `work` ran, by Chromium's own trace. */
export async function traceTasks(page: Page, work: () => Promise<void>): Promise<readonly Task[]> {
  const browser = page.context().browser();
  if (!browser) throw new Error("The page has no browser.");
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline", "__metadata"] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString("utf8")) as {
    readonly traceEvents: readonly TraceEvent[];
  };
  const threads = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid}/${tid}`),
  );
  return traceEvents
    .filter(({ name, ph, pid, tid }) => ph === "X" && name === TASK && threads.has(`${pid}/${tid}`))
    .map(({ dur = 0, tdur = 0 }) => ({ elapsed: dur / 1000, used: tdur / 1000 }));
}
