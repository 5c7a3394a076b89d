import * as vscode from "vscode";
import { NOT_COMPARED, SIDES, type OutputsState, type Side } from "../../webview/compare/protocol.ts";
import { chooseCalibration } from "../commands/calibration.ts";
import type { ModelAccess } from "../commands/model-access.ts";
import { BackgroundTask } from "../editor/background-task.ts";
import type { ModelDocument } from "../editor/model-document.ts";
import { versionText } from "../source-control/git-version.ts";
import type { EngineWorker } from "../worker/engine-worker.ts";
import type { ComparedModel } from "../worker/protocol.ts";

/** What two models answer to the same samples: being measured, or as it was measured last. A change of a file makes it void. */
export class OutputComparison implements vscode.Disposable {
  readonly #access: ModelAccess;
  readonly #documents: Readonly<Record<Side, ModelDocument>>;
  readonly #task: BackgroundTask<OutputsState>;
  readonly #engine: EngineWorker;
  readonly #changes: vscode.Disposable;

  constructor(
    access: ModelAccess,
    documents: Readonly<Record<Side, ModelDocument>>,
    onState: (state: OutputsState) => void,
  ) {
    this.#access = access;
    this.#documents = documents;
    this.#task = new BackgroundTask(onState);
    this.#engine = access.engine(
      SIDES.map((side) => documents[side].uri),
      { compared: (samples) => this.#task.onUpdate({ samples }) },
    );
    this.#changes = vscode.Disposable.from(
      ...SIDES.map((side) => documents[side].onDidChangeSnapshot(() => this.#startAnew())),
    );
  }

  get state(): OutputsState {
    return this.#task.state ?? NOT_COMPARED;
  }

  /** Settled when the models were compared, or could not be: the state says which. */
  start(): Promise<void> {
    return this.#task.start({ ...NOT_COMPARED, isRunning: true }, async (signal) => {
      const { before, after } = this.#documents;
      await Promise.all([before.whenProfiled(), after.whenProfiled()]);
      const compared = (document: ModelDocument): ComparedModel => {
        const { location, entry } = document.baseRequest();
        return { location, ...(entry !== undefined && { entry }), name: versionText(document.uri) };
      };
      const { spec: calibration } = this.#sampled().calibration;
      const asked = { before: compared(before), after: compared(after), calibration };
      this.#task.onUpdate({ check: await this.#engine.request("compareOutputs", asked, signal) });
    });
  }

  cancel(): void {
    this.#task.cancel();
  }

  /** Asks for calibration data, and compares anew on what was chosen. */
  async chooseData(): Promise<void> {
    const document = this.#sampled();
    const chosen = document.calibration.chosen;
    await chooseCalibration(this.#access.models.find(document.uri) ?? document);
    if (document.calibration.chosen !== chosen) await this.start();
  }

  dispose(): void {
    this.#changes.dispose();
    this.#task.cancel();
    this.#engine.dispose();
  }

  /** What was measured is of files that are gone. */
  #startAnew(): void {
    if (this.state.isRunning) void this.start();
    else this.#task.reset(NOT_COMPARED);
  }

  /** The model whose calibration data both are run on: the first that has some, else one that can keep the choice. */
  #sampled(): ModelDocument {
    const documents = SIDES.map((side) => this.#documents[side]);
    return (
      documents.find(({ calibration }) => calibration.chosen !== undefined) ??
      documents.find(({ uri }) => uri.scheme === "file") ??
      this.#documents.before
    );
  }
}
