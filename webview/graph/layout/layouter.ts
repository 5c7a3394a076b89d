import type { LayoutAnswer, LayoutTask } from "./layout-task.ts";

export interface LayoutRequest {
  readonly id: number;
  readonly task: LayoutTask;
}

export type LayoutReply =
  | { readonly id: number; readonly answer: LayoutAnswer }
  | { readonly id: number; readonly failure: string };

/** Where the build puts the worker, beside this script. */
const WORKER_SCRIPT = "webview-layout.js";

/**
 * Lays out graphs in a worker, which remembers what it has laid out. A page of VS Code may not start a worker from its own address, so the
 * script is fetched and started from a blob.
 */
class Layouter {
  #worker: Promise<Worker> | undefined;
  #lastId = 0;

  /** @throws {Error} when the worker cannot be loaded or the layout fails */
  async layout(task: LayoutTask): Promise<LayoutAnswer> {
    const worker = await this.start();
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const settle = ({ data }: MessageEvent<LayoutReply>): void => {
        if (data.id !== id) return;
        worker.removeEventListener("message", settle);
        if ("answer" in data) resolve(data.answer);
        else reject(new Error(data.failure));
      };
      worker.addEventListener("message", settle);
      worker.postMessage({ id, task } satisfies LayoutRequest);
    });
  }

  /** Loads the worker, so that it is there when a picture is wanted. */
  start(): Promise<Worker> {
    this.#worker ??= startWorker();
    return this.#worker;
  }
}

/** One of the page: what it knows outlives a visit to another tab. */
export const LAYOUTER = new Layouter();

async function startWorker(): Promise<Worker> {
  const response = await fetch(new URL(WORKER_SCRIPT, import.meta.url));
  if (!response.ok) throw new Error(`The layout's worker cannot be loaded: ${response.status}`);
  return new Worker(URL.createObjectURL(await response.blob()));
}
