import { spawn, type ChildProcess } from "node:child_process";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import type * as vscode from "vscode";
import { VSCODE_HOST } from "../../../install.mjs";
import { QUIET, editorAssociations, readManifest, type Settings } from "./settings.ts";

/** EDGEWISE_VSCODE names the `lib/vscode` of another code-server, its modules beside it: the oldest version that the manifest claims. */
const VSCODE = process.env.EDGEWISE_VSCODE ?? join(VSCODE_HOST, "node_modules/code-server/lib/vscode");
/** The Node that this VS Code was made for, installed beside it; our own may be older. EDGEWISE_VSCODE_NODE names another one. */
const NODE = process.env.EDGEWISE_VSCODE_NODE ?? join(VSCODE_HOST, `node_modules/node-linux-${process.arch}/bin/node`);

/** The built-in extensions most of a model viewer's tests can meet. Without git, npm and TypeScript a window starts in half the time. */
const BUILT_IN = [
  "configuration-editing",
  "javascript",
  "json",
  "markdown-basics",
  "media-preview",
  "python",
  "theme-defaults",
  "theme-modern-icons",
  "theme-seti",
  "yaml",
];

/** Start-up takes 0.2 s, and a window 3 s, on two slow cores. */
const START_LIMIT_MILLISECONDS = 60_000;
const END_LIMIT_MILLISECONDS = 3_000;

type Vscode = typeof vscode;

export interface ServerOptions {
  /** Folders of unpacked extensions to load. */
  readonly extensions?: readonly string[];
  readonly settings?: Settings;
  /** Names of built-in extensions of VS Code to load beside those of every window. */
  readonly builtIn?: readonly string[];
  /** Lets a page run an extension's test suite; hides notifications. */
  readonly isTestDriver?: boolean;
  /** Port to listen on; 0 takes a free one. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Goes on with the settings, state and backups that a killed server left in its folder. */
  readonly folder?: string;
}

/** What a window should open; keys of VS Code's own "payload". */
export type Payload = readonly (readonly [key: string, value: string])[];

/** A VS Code server with a profile of its own, in a process group of its own. */
export class VscodeServer {
  readonly #process: ChildProcess;
  readonly #port: number;
  readonly #extensions: readonly string[];
  /** Settings, logs and state; removed at the end. */
  readonly folder: string;

  private constructor(child: ChildProcess, port: number, folder: string, extensions: readonly string[]) {
    this.#process = child;
    this.#port = port;
    this.#extensions = extensions;
    this.folder = folder;
  }

  /** @throws {Error} with the server's output when it does not start */
  static async start(options: ServerOptions = {}): Promise<VscodeServer> {
    const { extensions = [], settings = {}, builtIn = [], isTestDriver = false, port = 0, env = {} } = options;
    const folder = options.folder ?? mkdtempSync(join(tmpdir(), "edgewise-vscode-"));
    if (options.folder === undefined) {
      writeSettings(folder, { ...usualSettings(extensions), ...settings });
      writeExtensions(folder, extensions);
      linkBuiltIn(folder, [...BUILT_IN, ...builtIn]);
    }
    const flags = [
      ...["--host", "127.0.0.1", "--port", String(port), "--without-connection-token"],
      ...["--accept-server-license-terms", "--telemetry-level", "off"],
      ...["--disable-workspace-trust", "--force-disable-user-env"],
      ...["--server-data-dir", folder, "--extensions-dir", join(folder, "extensions")],
      ...["--builtin-extensions-dir", builtInFolder(folder)],
      ...(isTestDriver ? ["--enable-smoke-test-driver"] : []),
    ];
    const child = spawn(NODE, [join(VSCODE, "out/server-main.js"), ...flags], {
      cwd: VSCODE,
      detached: true,
      env: { ...inheritedEnvironment(), EXTENSIONS_GALLERY: "{}", EDGEWISE_BRIDGE_FILE: bridgeFile(folder), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const end = (): void => signalGroup(child, "SIGKILL");
    process.once("exit", end); // also when a test runner dies of an exception
    child.once("exit", () => process.off("exit", end));
    try {
      return new VscodeServer(child, await listeningPort(child, join(folder, "server.log")), folder, extensions);
    } catch (error) {
      end();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get authority(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** The address of a window on `folder`. */
  url(folder: string, payload: Payload = []): string {
    const query = new URLSearchParams({ folder });
    if (payload.length > 0) query.set("payload", JSON.stringify(payload));
    return `http://${this.authority}/?${query.toString()}`;
  }

  /** How a window names a file of the server's machine. */
  remote(path: string): string {
    return `vscode-remote://${this.authority}${pathToFileURL(path).pathname}`;
  }

  /**
   * Runs `call` in the extension host of the open window, once its start-up is over. It is sent as text: it sees its arguments and
   * nothing else from around it.
   * @throws {Error} with the remote stack
   */
  async run<A extends unknown[], R>(call: (vscode: Vscode, ...args: A) => R, ...args: A): Promise<Awaited<R>> {
    const { port, token } = await this.#bridge();
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { authorization: token },
      body: JSON.stringify({ source: call.toString(), args }),
    });
    const reply = (await response.json()) as { value: Awaited<R> } | { error: string };
    if ("error" in reply) throw new Error(reply.error);
    return reply.value;
  }

  async #bridge(): Promise<{ port: number; token: string }> {
    const file = bridgeFile(this.folder);
    const deadline = Date.now() + START_LIMIT_MILLISECONDS;
    while (!existsSync(file)) {
      if (Date.now() > deadline) throw new Error("VS Code's extension host did not start");
      await sleep(50);
    }
    return JSON.parse(readFileSync(file, "utf8")) as { port: number; token: string };
  }

  /** Has the settings of a new window, and these, take the place of those that there are. */
  async useSettings(settings: Settings): Promise<void> {
    const wanted = { ...usualSettings(this.#extensions), ...settings };
    const present = JSON.parse(readFileSync(settingsFile(this.folder), "utf8")) as Settings;
    const changes = [...new Set([...Object.keys(present), ...Object.keys(wanted)])].flatMap((key) =>
      isDeepStrictEqual(present[key], wanted[key]) ? [] : [{ key, value: wanted[key] }],
    );
    await this.run(async (vscode, all) => {
      const configuration = vscode.workspace.getConfiguration();
      for (const { key, value } of all) await configuration.update(key, value, vscode.ConfigurationTarget.Global);
    }, changes);
  }

  /** What runs next waits for the extension host of the window that is opened then. */
  forgetWindow(): void {
    rmSync(bridgeFile(this.folder), { force: true });
  }

  /** Ends it as a crash does, and leaves its folder. @returns what starts it again */
  async kill(): Promise<ServerOptions> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    signalGroup(this.#process, "SIGKILL");
    await ended;
    this.forgetWindow();
    return { folder: this.folder, port: this.#port, extensions: this.#extensions };
  }

  async stop(): Promise<void> {
    const isRunning = (): boolean => this.#process.exitCode === null && this.#process.signalCode === null;
    const deadline = Date.now() + END_LIMIT_MILLISECONDS;
    signalGroup(this.#process, "SIGTERM");
    while (isRunning() && Date.now() < deadline) await sleep(50);
    signalGroup(this.#process, "SIGKILL");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function usualSettings(extensions: readonly string[]): Settings {
  const own = extensions.map((extension) => editorAssociations(readManifest(extension)));
  return Object.assign({}, QUIET, ...own) as Settings;
}

function writeSettings(folder: string, settings: Settings): void {
  const file = settingsFile(folder);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(settings, null, 2));
}

function settingsFile(folder: string): string {
  return join(folder, "data/User/settings.json");
}

/** The server reads this list; a location may be any folder, so nothing is copied. */
function writeExtensions(folder: string, extensions: readonly string[]): void {
  const entries = extensions.map((extension) => {
    const { publisher, name, version } = readManifest(extension);
    return {
      identifier: { id: `${publisher}.${name}` },
      version,
      location: { $mid: 1, scheme: "file", path: pathToFileURL(extension).pathname },
      metadata: { source: "vsix", isApplicationScoped: false },
    };
  });
  mkdirSync(join(folder, "extensions"));
  writeFileSync(join(folder, "extensions/extensions.json"), JSON.stringify(entries));
}

function builtInFolder(folder: string): string {
  return join(folder, "built-in");
}

function linkBuiltIn(folder: string, names: readonly string[]): void {
  const target = builtInFolder(folder);
  mkdirSync(target);
  for (const name of names) symlinkSync(join(VSCODE, "extensions", name), join(target, name), "dir");
  symlinkSync(join(import.meta.dirname, "bridge"), join(target, "bridge"), "dir");
}

/** Ours, without what a VS Code terminal or a test runner would pass on to the server. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const isForeign = (name: string): boolean => name === "NODE_OPTIONS" || /^(VSCODE|ELECTRON)_/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isForeign(name)));
}

function bridgeFile(folder: string): string {
  return join(folder, "bridge.json");
}

function listeningPort(child: ChildProcess, logFile: string): Promise<number> {
  const log = createWriteStream(logFile);
  let output = "";
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`VS Code's server ${why}.\n${output}`));
    const timer = setTimeout(() => fail("did not start in time"), START_LIMIT_MILLISECONDS);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        log.write(text);
        output += text;
        const port = /Extension host agent listening on (\d+)/.exec(output)?.[1];
        if (port === undefined) return;
        clearTimeout(timer);
        resolve(Number(port));
      });
    }
    child.once("error", (error) => fail(`could not be started: ${error.message}`));
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with exit code ${String(code)}`);
    });
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}
