import ELK, { type ELK as Elk, type ElkNode } from "elkjs/lib/elk-api.js";

/** Where the build puts ELK's worker, beside this script. */
const WORKER_SCRIPT = "elk/elk-worker.min.js";

/**
 * Lays out graphs in a worker. A page of VS Code may not start a worker from its own address, so the script is fetched and started
 * from a blob. One layout at a time: a newer one ends the one before it.
 */
export class Layouter {
  #script: Promise<string> | undefined;
  #elk: Elk | undefined;
  #reject: ((reason: Error) => void) | undefined;

  /** @throws {DOMException} AbortError when a newer layout or `dispose` ends this one; {Error} when ELK fails */
  async layout(graph: ElkNode): Promise<ElkNode> {
    this.#cancel();
    const cancelled = new Promise<never>((_, reject) => (this.#reject = reject));
    const reject = this.#reject;
    try {
      return await Promise.race([this.#run(graph), cancelled]);
    } finally {
      if (this.#reject === reject) this.#reject = undefined;
    }
  }

  dispose(): void {
    this.#cancel();
    this.#elk?.terminateWorker();
    this.#elk = undefined;
  }

  async #run(graph: ElkNode): Promise<ElkNode> {
    this.#script ??= loadScript();
    const url = await this.#script;
    this.#elk ??= new ELK({ workerFactory: () => new Worker(url) });
    return this.#elk.layout(graph);
  }

  /** Nothing stops ELK but the end of its worker. */
  #cancel(): void {
    if (!this.#reject) return;
    this.#reject(new DOMException("Another layout took its place.", "AbortError"));
    this.#reject = undefined;
    this.#elk?.terminateWorker();
    this.#elk = undefined;
  }
}

async function loadScript(): Promise<string> {
  const response = await fetch(new URL(WORKER_SCRIPT, import.meta.url));
  if (!response.ok) throw new Error(`The layout's worker cannot be loaded: ${response.status}`);
  return URL.createObjectURL(await response.blob());
}
