import type { DownloadReport } from "../../profiler/views/download-report.ts";
import { toFailure, type Failure } from "../protocol/rpc.ts";
import { Store } from "./store.ts";

/** Where the compressed size of the shown revision stands. */
export interface DownloadState {
  /** The revision that this is of; nothing is known of others. */
  readonly revision: number;
  readonly isRunning: boolean;
  /** 0 to 1. */
  readonly done: number;
  readonly report: DownloadReport | null;
  readonly failure: Failure | null;
}

const NOTHING: DownloadState = { revision: 0, isRunning: false, done: 0, report: null, failure: null };

/** Progress that nobody could see is not shown. */
const SMALLEST_PROGRESS = 0.01;

/** What a revision takes as it is downloaded: asked for once, when the user wants it. */
export class DownloadClient {
  readonly state = new Store<DownloadState>(NOTHING);
  readonly #ask: (revision: number, signal: AbortSignal) => Promise<DownloadReport>;
  #running: AbortController | undefined;

  constructor(ask: (revision: number, signal: AbortSignal) => Promise<DownloadReport>) {
    this.#ask = ask;
  }

  async start(revision: number): Promise<void> {
    const { isRunning, report, revision: known } = this.state.value;
    if (known === revision && (isRunning || report !== null)) return;
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    this.state.set({ ...NOTHING, revision, isRunning: true });
    const end = (result: Partial<DownloadState>): void => {
      if (this.#running !== running) return;
      this.#running = undefined;
      this.state.set({ ...NOTHING, revision, ...result });
    };
    try {
      end({ report: await this.#ask(revision, running.signal) });
    } catch (error) {
      end({ failure: toFailure(error) });
    }
  }

  cancel(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.state.set({ ...NOTHING, revision: this.state.value.revision });
  }

  onProgress(done: number): void {
    const { isRunning, done: before } = this.state.value;
    if (isRunning && Math.abs(done - before) >= SMALLEST_PROGRESS) this.state.update({ done });
  }

  /** Another revision is shown: what is under way for the last one is of no use. @param report where it is known already */
  show(revision: number, report: DownloadReport | null = null): void {
    if (this.state.value.revision === revision) return;
    this.#running?.abort();
    this.#running = undefined;
    this.state.set({ ...NOTHING, revision, report });
  }
}
