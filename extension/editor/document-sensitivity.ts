import type { SensitivityState } from "../../webview/protocol/editing.ts";
import { BackgroundTask } from "./background-task.ts";

/** What each layer's weights bear: being measured, or as it was measured last. */
export class DocumentSensitivity {
  readonly task: BackgroundTask<SensitivityState>;

  /** @param measure settled when it ends. @throws {RpcError} */
  constructor(
    private readonly measure: (signal: AbortSignal) => Promise<void>,
    onState: (state: SensitivityState) => void,
  ) {
    this.task = new BackgroundTask(onState);
  }

  start(): Promise<void> {
    const nothing = { layers: [], fileBytes: null, samples: null, mixed: [], done: 0, what: "", failure: null };
    return this.task.start({ isRunning: true, ...nothing }, (signal) => this.measure(signal));
  }
}
