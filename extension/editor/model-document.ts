import * as path from "node:path";
import * as vscode from "vscode";
import type { ExportFormat, Profile } from "../../profiler/index.ts";
import type { Edit } from "../../profiler/editing/index.ts";
import type { Activity, Snapshot } from "../../webview/protocol/page.ts";
import type { PackedProfile } from "../../webview/protocol/packed-profile.ts";
import type { BaseProfile, ListedEdit, Prediction, Suggestions, Trial } from "../../webview/protocol/editing.ts";
import { RpcError } from "../../webview/protocol/rpc.ts";
import { log, logFailure } from "../log.ts";
import { Engines } from "../worker/engines.ts";
import { unpackProfile } from "../worker/pack-profile.ts";
import type { ModelRequest, SuggestionScope } from "../worker/protocol.ts";
import { changeText } from "./change-text.ts";
import { DocumentEvents, firstOf } from "./document-events.ts";
import type { DocumentContext } from "./document-context.ts";
import { DocumentFit } from "./document-fit.ts";
import { DocumentSensitivity } from "./document-sensitivity.ts";
import { DocumentLearned } from "./document-learned.ts";
import { DocumentTrials } from "./document-trials.ts";
import { DocumentCalibration } from "./document-calibration.ts";
import { DocumentPart } from "./document-part.ts";
import { refusalOf } from "./edit-refusal.ts";
import { DocumentFile } from "./document-file.ts";
import type { BaseFile } from "./base-file.ts";
import { BaseProfiles } from "./base-profiles.ts";
import type { Backup } from "./backup.ts";
import { readBudgets } from "./budgets.ts";
import { inForce, restoredList } from "./edit-list.ts";
import { EditingSession, type Content } from "./editing-session.ts";
import { exactEdits } from "./exact-edits.ts";
import type { DocumentRuns } from "../running/document-runs.ts";
import { runLimits } from "../running/run-limits.ts";
import { runsOf } from "../running/runs-of.ts";
import type { DeviceWatch } from "../running/device-watch.ts";
import { ProfilingSession, type View } from "./profiling-session.ts";
import type { PagePreferences } from "./page-preferences.ts";
import { remoteFiles, requireFile, dataFileUri } from "./remote-files.ts";

/** Settings that decide the numbers; the others only how they are shown. */
const PROFILING_SETTINGS = ["edgewise.hardwareProfile", "edgewise.hardwareProfiles"];

/** A model that is open in one or more editors: a version of its file, the edits on it, and what they cost. */
export class ModelDocument implements vscode.CustomDocument {
  readonly events = new DocumentEvents();
  readonly engines: Engines;
  readonly session: ProfilingSession;
  readonly editing: EditingSession<BaseFile>;
  readonly calibration: DocumentCalibration;
  readonly fit: DocumentFit;
  readonly sensitivity: DocumentSensitivity;
  readonly learned: DocumentLearned;
  readonly runs: DocumentRuns;
  readonly devices: DeviceWatch;
  readonly file: DocumentFile;
  readonly preferences: PagePreferences;
  readonly part: DocumentPart;
  readonly #context: DocumentContext;
  readonly #settings: vscode.Disposable;
  readonly #deviceChanges: vscode.Disposable;
  /** What the next profile is of. */
  #shown: { readonly content: Content<BaseFile>; readonly isPrediction: boolean };
  #isStarted: boolean;
  /** Until then there seem to be no edits. */
  #restored: Promise<void> = Promise.resolve();
  #unpacked: { readonly packed: PackedProfile; readonly profile: Profile } | undefined;
  readonly #baseProfiles: BaseProfiles;
  readonly #trials = new DocumentTrials();

  constructor(
    readonly uri: vscode.Uri,
    context: DocumentContext,
    backup?: Backup,
  ) {
    this.#context = context;
    this.preferences = context.preferences;
    this.part = new DocumentPart(uri, context.parts, context.remembered);
    this.devices = context.devices;
    this.engines = new Engines(context.workerScript, {
      handlers: remoteFiles(uri),
      listeners: {
        step: (step) => this.session.onStep(step),
        found: (found) => this.events.found.fire(found),
        fit: (update) => this.fit.task.onUpdate(update),
        sensitivity: (update) => this.sensitivity.task.onUpdate(update),
        fitSearch: ({ subject, text }) => void context.keptSearches.keep(subject, text),
        training: ({ points }) => this.editing.onTraining(points),
        measuring: (progress) => this.runs.onProgress(progress),
        progress: ({ task, done, what }) => {
          if (task === "compute" || task === "copy") this.editing.onProgress(done, what);
          else if (task !== "save" && task !== "weights") this.events.progress.fire({ task, done, what });
        },
      },
      isEdited: () => this.editing.content.edits.length > 0,
      folders: context,
      limits: runLimits,
    });
    this.#baseProfiles = new BaseProfiles(this.engines);
    this.session = new ProfilingSession({
      file: this.name,
      engine: this.engines,
      view: this.part.remembered,
      prepare: (view) => this.#prepare(view),
      onSnapshot: (snapshot) => {
        this.events.snapshot.fire(snapshot);
        this.editing.tellRefusal();
      },
      onActivity: (activity) => this.events.activity.fire(activity),
      onProfiled: (view, dataFiles) => this.#profiled(view, dataFiles),
      onFailed: (failure) => logFailure(`Profiling ${uri.toString(true)}`, failure),
    });
    this.file = new DocumentFile(uri, {
      isDirty: () => this.editing.isDirty,
      content: () => this.editing.content,
      onState: this.events.state.event,
      requestFor: (content) => this.requestFor(content),
      engines: this.engines,
      load: () => this.#reload(),
      rebase: (base) => this.editing.rebase(base),
      markSaved: (content) => this.editing.markSaved(content),
      leave: () => this.editing.revert(),
    });
    const base = this.file.unread();
    this.#shown = { content: { base, edits: [] }, isPrediction: false };
    this.editing = new EditingSession(
      {
        describe: (edits) => this.engines.quick.request("describe", { edits, file: this.name }),
        calibration: () => this.calibration.chosen ?? null,
        show: (content, isPrediction) => this.#show(content, isPrediction),
        compute: (content, signal) => this.#compute(content, signal),
        textOf: changeText,
        onChanged: (label, undo, redo) => this.events.edit.fire({ document: this, label, undo, redo }),
        refusal: () => refusalOf(uri, this.session.profile?.header),
        onState: (state) => this.events.state.fire(state),
      },
      this.#shown.content,
    );
    this.calibration = new DocumentCalibration(uri, context.calibrations, {
      note: (spec) => this.engines.quick.request("samples", { request: this.baseRequest(), calibration: spec }),
      bindings: () => this.session.bindings,
      onChanged: (calibration) => this.events.calibration.fire(calibration),
    });
    this.learned = new DocumentLearned(this.engines, (edits) => this.requestFor({ ...this.editing.content, edits }));
    this.fit = new DocumentFit(
      async (wanted, device, signal) => {
        const calibration = this.calibration.spec;
        const request = this.requestFor(this.editing.content);
        const measuring = device && { ...device, address: this.devices.addressOf(device.id) };
        const searched = (): Promise<null> =>
          this.engines.compute("fit", { request, ...wanted, calibration, device: measuring }, signal);
        await (device ? this.devices.measure(device.id, signal, () => undefined, searched) : searched());
      },
      (state) => this.events.fit.fire(state),
      () => JSON.stringify([uri.toString(), this.editing.content.edits, this.calibration.spec, this.session.view]),
      context.keptSearches,
    );
    this.sensitivity = new DocumentSensitivity(
      async (signal) => {
        const request = this.requestFor(this.editing.content);
        await this.engines.compute("sensitivity", { request, calibration: this.calibration.spec }, signal);
      },
      (state) => this.events.sensitivity.fire(state),
    );
    this.runs = runsOf(this, context.keptRuns);
    this.#deviceChanges = this.devices.onDidChange(() => this.runs.tell());
    this.#settings = vscode.workspace.onDidChangeConfiguration((change) => {
      if (PROFILING_SETTINGS.some((setting) => change.affectsConfiguration(setting, uri))) this.reload();
    });
    this.#isStarted = backup !== undefined;
    if (backup) this.#restored = this.#restore(backup);
  }

  /** Reads and profiles the file, once: a document that is only one side of a diff is never read. */
  start(): this {
    if (this.#isStarted) return this;
    this.#isStarted = true;
    this.engines.quick.start();
    this.reload();
    return this;
  }

  get onDidChangeSnapshot(): vscode.Event<Snapshot> {
    return this.events.snapshot.event;
  }

  get onDidChangeActivity(): vscode.Event<Activity> {
    return this.events.activity.event;
  }

  get onDidDispose(): vscode.Event<void> {
    return this.events.disposal.event;
  }

  /** Profiles again: what is on the disk, or with unsaved edits the version that they are of. */
  reload(): void {
    if (this.#isStarted) void this.#reload();
  }

  /** Makes the edits of a backup that VS Code does not know of a step that can be undone. */
  async announceRestored(): Promise<void> {
    await this.#restored;
    this.editing.announce(vscode.l10n.t("Restored Edits"));
  }

  /** Drops unsaved edits. */
  revert(): Promise<void> {
    return this.#load();
  }

  /** The file's name without its folder. */
  get name(): string {
    return path.posix.basename(this.uri.path);
  }

  /** The profile that is shown, with all its rows; nothing while there is none. */
  get profile(): Profile | undefined {
    const packed = this.session.profile;
    if (packed === undefined) return undefined;
    if (this.#unpacked?.packed !== packed)
      this.#unpacked = { packed, profile: { ...unpackProfile(packed), file: this.name } };
    return this.#unpacked.profile;
  }

  /** @throws {RpcError} with the failure, when the model cannot be profiled */
  async whenProfiled(): Promise<PackedProfile> {
    while (this.session.snapshot.kind === "loading") await firstOf(this.onDidChangeSnapshot, this.onDidDispose);
    const { snapshot, profile } = this.session;
    if (snapshot.kind === "failed") throw new RpcError(snapshot.failure);
    if (profile === undefined)
      throw new RpcError({ code: "disposed", message: vscode.l10n.t("The model was closed.") });
    return profile;
  }

  /**
   * The profile as the text of a file, with the times of the run that stands beside it.
   * @throws {RpcError} when the model cannot be profiled
   */
  async export(format: ExportFormat, signal: AbortSignal): Promise<string> {
    const profile = await this.whenProfiled();
    await this.runs.load();
    const run = this.runs.shownFor(profile.header)?.result ?? null;
    const budgets = readBudgets(this.uri);
    return this.engines.quick.request("export", { profile, file: this.name, format, run, budgets }, signal);
  }

  /** What could be done to the shown model. @throws {RpcError} "stale" when the revision is not the shown one */
  async suggest(revision: number, signal: AbortSignal, scope: SuggestionScope = {}): Promise<Suggestions> {
    const request = this.session.requestOf(revision);
    const { totals, parts } = (await this.whenProfiled()).header;
    if (parts.refusal !== null) return { revision, before: totals, list: [] };
    return { revision, ...(await this.engines.suggest(request, scope, signal)) };
  }

  /** @throws {RpcError} as `suggest` does, and "not-applicable" */
  predict(revision: number, edit: Edit, signal: AbortSignal): Promise<Prediction | null> {
    return this.engines.predict(this.session.requestOf(revision), edit, signal);
  }

  /** @throws {RpcError} as `suggest` does, and with the reason when an edit fails */
  async tryEdits(revision: number, edits: readonly Edit[], signal: AbortSignal): Promise<Trial> {
    const request = { ...this.session.requestOf(revision), isPrediction: false };
    const tried = { content: this.editing.content, samples: this.calibration.spec };
    const placed = this.#placed(edits);
    const asked = { request, edits: this.#planned(placed), calibration: tried.samples };
    const trial = await this.engines.compute("tryEdits", asked, signal);
    this.#trials.note(tried, placed, trial.check);
    return trial;
  }

  /** Appends edits as one undoable step. @throws {RpcError} with the reason when one fails */
  async applyEdits(edits: readonly Edit[]): Promise<void> {
    this.#requireEditable();
    const { spec: samples } = this.calibration;
    await this.editing.apply(this.#placed(edits), (edit, content) => this.#trials.of({ content, samples }, edit));
  }

  /** @returns how many edits there were. @throws {RpcError} as `applyEdits` does */
  async applyAllExact(signal: AbortSignal): Promise<number> {
    this.#requireEditable();
    const request = this.requestFor(this.editing.content);
    const edits = await exactEdits(async (extra) => {
      const model = { ...request, edits: [...request.edits, ...this.#planned(this.#placed(extra))] };
      return (await this.engines.suggest(model, { guarantee: "exact" }, signal)).list;
    });
    if (edits.length > 0) await this.editing.apply(this.#placed(edits));
    return edits.length;
  }

  /** The whole list anew as one undoable step. @throws {RpcError} as `applyEdits` does */
  async changeEdits(edits: readonly ListedEdit[]): Promise<void> {
    this.#requireEditable();
    await this.editing.change(edits);
  }

  /** The file without edits, with the settings of a revision. */
  baseProfile(revision: number): Promise<BaseProfile> {
    return this.#baseProfiles.of(this.session.requestOf(revision));
  }

  /** A content as the engine is asked for it. */
  requestFor({ base, edits }: Content<BaseFile>, isPrediction = false, view = this.session.view): ModelRequest {
    const settings = vscode.workspace.getConfiguration("edgewise", this.uri);
    const { model, entry } = view.part;
    return {
      location: { ...base.location, ...(model !== undefined && { model }) },
      ...(entry !== undefined && { entry }),
      edits: inForce(edits),
      isPrediction,
      bindings: view.bindings,
      hardware: settings.get<string>("hardwareProfile", ""),
      ownHardware: settings.get<readonly unknown[]>("hardwareProfiles", []),
    };
  }

  /** The file as it was before the edits. */
  baseRequest(): ModelRequest {
    return this.requestFor({ base: this.editing.content.base, edits: [] });
  }

  dispose(): void {
    this.events.disposal.fire();
    this.editing.dispose();
    this.session.dispose();
    this.fit.task.cancel();
    this.sensitivity.task.cancel();
    this.runs.cancel();
    this.#deviceChanges.dispose();
    this.engines.dispose();
    this.file.dispose();
    this.#settings.dispose();
    this.events.dispose();
  }

  async #reload(): Promise<void> {
    await this.#restored;
    if (this.editing.isDirty) await this.session.reload();
    else await this.#load();
  }

  /** Starts anew from what is on the disk. */
  async #load(): Promise<void> {
    this.#startFrom({ base: await this.file.read(), edits: [] });
    await this.session.reload();
  }

  #startFrom(content: Content<BaseFile>): void {
    this.#shown = { content, isPrediction: false };
    this.editing.reset(content);
  }

  async #restore(backup: Backup): Promise<void> {
    const { base, isOnDisk } = await this.file.readFor(backup);
    this.#startFrom({ base, edits: [] });
    try {
      const described = await this.editing.describe(backup.edits.map(({ edit }) => edit));
      this.editing.restore({ base, edits: restoredList(backup.edits, described) });
    } catch (error) {
      log().error(error instanceof Error ? error : String(error));
      await this.session.reload();
    }
    if (!isOnDisk) void this.file.askAboutNewVersion();
  }

  async #show(content: Content<BaseFile>, isPrediction: boolean): Promise<void> {
    this.#shown = { content, isPrediction };
    await this.session.refresh();
  }

  async #compute(content: Content<BaseFile>, signal: AbortSignal): Promise<void> {
    await this.file.keep(content.base, this.#context.copies, signal);
    await this.engines.compute("compute", this.requestFor(content), signal);
  }

  /** Of the entry that is shown, where they do not say another one. */
  #placed(edits: readonly Edit[]): readonly Edit[] {
    const { entry } = this.session.view.part;
    return entry === undefined ? edits : edits.map((edit) => ({ entry, ...edit }));
  }

  #planned(edits: readonly Edit[]): ModelRequest["edits"] {
    return edits.map((edit) => ({ edit, calibration: this.calibration.chosen ?? null }));
  }

  #requireEditable(): void {
    const { refusal } = this.editing.state;
    if (refusal !== null) throw new RpcError({ code: "refused", message: refusal });
  }

  async #prepare(view: View): Promise<ModelRequest> {
    const { content, isPrediction } = this.#shown;
    // A copy stands for a file that may be gone; the file itself must be there.
    if (content.base.copy === undefined) await requireFile(this.uri);
    return this.requestFor(content, isPrediction, view);
  }

  #profiled(view: View, dataFiles: readonly string[]): void {
    log().info(`Profiled ${this.uri.toString(true)}`, view);
    this.file.watch(dataFiles.map((file) => dataFileUri(this.uri, file)));
    void this.part.remember(view);
  }
}
