import * as path from "node:path";
import * as vscode from "vscode";
import type { ExportFormat, Profile } from "../../profiler/index.ts";
import type { Activity, PackedProfile, Snapshot } from "../../webview/protocol.ts";
import { RpcError, type Failure } from "../../webview/rpc.ts";
import { log } from "../log.ts";
import { EngineWorker } from "../worker/engine-worker.ts";
import { unpackProfile } from "../worker/pack-profile.ts";
import type { ProfileRequest } from "../worker/protocol.ts";
import { ModelWatcher } from "./model-watcher.ts";
import { ProfilingSession, type Bindings } from "./profiling-session.ts";
import type { PagePreferences } from "./page-preferences.ts";
import type { RememberedBindings } from "./remembered-bindings.ts";
import { locate, remoteFiles, siblingUri } from "./remote-files.ts";

/** Settings that decide the numbers; the others only how they are shown. */
const PROFILING_SETTINGS = ["edgewise.hardwareProfile", "edgewise.hardwareProfiles"];

export interface DocumentContext {
  /** The worker's bundle. */
  readonly workerScript: string;
  readonly remembered: RememberedBindings;
  readonly preferences: PagePreferences;
}

/** A model that is open in one or more editors: its profile, its engine thread and its watch on the disk. */
export class ModelDocument implements vscode.CustomDocument {
  readonly #snapshots = new vscode.EventEmitter<Snapshot>();
  readonly #activities = new vscode.EventEmitter<Activity>();
  readonly #disposals = new vscode.EventEmitter<void>();
  readonly #engine: EngineWorker;
  readonly #watcher: ModelWatcher;
  readonly #settings: vscode.Disposable;
  readonly #remembered: RememberedBindings;
  #unpacked: { readonly packed: PackedProfile; readonly profile: Profile } | undefined;
  readonly session: ProfilingSession;
  readonly preferences: PagePreferences;

  readonly onDidChangeSnapshot = this.#snapshots.event;
  readonly onDidChangeActivity = this.#activities.event;
  readonly onDidDispose = this.#disposals.event;

  constructor(
    readonly uri: vscode.Uri,
    context: DocumentContext,
  ) {
    this.#remembered = context.remembered;
    this.preferences = context.preferences;
    this.#engine = new EngineWorker(context.workerScript, {
      handlers: remoteFiles(uri),
      onStep: (step) => this.session.onStep(step),
    });
    this.session = new ProfilingSession({
      file: this.name,
      engine: this.#engine,
      bindings: context.remembered.of(uri.toString()),
      prepare: (bindings) => this.#prepare(bindings),
      onSnapshot: (snapshot) => this.#snapshots.fire(snapshot),
      onActivity: (activity) => this.#activities.fire(activity),
      onProfiled: (bindings, dataFiles) => this.#profiled(bindings, dataFiles),
      onFailed: (failure) => this.#failed(failure),
    });
    this.#watcher = new ModelWatcher(() => this.reload());
    this.#watcher.watch([uri]);
    this.#settings = vscode.workspace.onDidChangeConfiguration((change) => {
      if (PROFILING_SETTINGS.some((setting) => change.affectsConfiguration(setting, uri))) this.reload();
    });
    this.reload();
  }

  reload(): void {
    void this.session.reload();
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
    while (this.session.snapshot.kind === "loading") await once(this.onDidChangeSnapshot, this.onDidDispose);
    const { snapshot, profile } = this.session;
    if (snapshot.kind === "failed") throw new RpcError(snapshot.failure);
    if (profile === undefined)
      throw new RpcError({ code: "disposed", message: vscode.l10n.t("The model was closed.") });
    return profile;
  }

  /**
   * The profile as the text of a file.
   * @throws {RpcError} when the model cannot be profiled
   */
  async export(format: ExportFormat, signal: AbortSignal): Promise<string> {
    return this.#engine.export({ profile: await this.whenProfiled(), file: this.name, format }, signal);
  }

  dispose(): void {
    this.#disposals.fire();
    this.#disposals.dispose();
    this.session.dispose();
    this.#engine.dispose();
    this.#watcher.dispose();
    this.#settings.dispose();
    this.#snapshots.dispose();
    this.#activities.dispose();
  }

  async #prepare(bindings: Bindings): Promise<ProfileRequest> {
    try {
      const settings = vscode.workspace.getConfiguration("edgewise", this.uri);
      return {
        location: await locate(this.uri),
        bindings,
        hardware: settings.get<string>("hardwareProfile", ""),
        ownHardware: settings.get<readonly unknown[]>("hardwareProfiles", []),
      };
    } catch (error) {
      if (!(error instanceof vscode.FileSystemError) || error.code !== "FileNotFound") throw error;
      throw new RpcError({
        code: "missing",
        message: vscode.l10n.t("{0} is not there any more: it was deleted, moved or renamed.", this.uri.fsPath),
        hint: vscode.l10n.t("It is shown again as soon as it is back."),
      });
    }
  }

  #profiled(bindings: Bindings, dataFiles: readonly string[]): void {
    log().info(`Profiled ${this.uri.toString(true)}`, bindings);
    this.#watcher.watch([this.uri, ...dataFiles.map((file) => siblingUri(this.uri, file))]);
    void this.#remembered.remember(this.uri.toString(), bindings);
  }

  #failed({ code, message, hint, stack }: Failure): void {
    if (code === "cancelled") log().info(`Cancelled profiling ${this.uri.toString(true)}`);
    else log().error(`${this.uri.toString(true)}: ${message}`, ...[hint, stack].filter((text) => text !== undefined));
  }
}

/** Waits for the first of some events. */
function once(...events: readonly vscode.Event<unknown>[]): Promise<void> {
  return new Promise((resolve) => {
    const listeners = events.map((event) =>
      event(() => {
        for (const listener of listeners) listener.dispose();
        resolve();
      }),
    );
  });
}
