import { FileSource } from "../../bytes/file-source.ts";
import { RunError } from "../../errors.ts";
import type { ModelFile } from "../model-files.ts";
import { readGpuProfile, type GpuProfile } from "./gpu-profile.ts";
import type { Heard, ServedFile, ServedPage } from "./loopback-server.ts";
import { PAGE, pageScript, type PageRuntime } from "./page-files.ts";
import { readPageProgress, readPageResult, type PageResult } from "./page-result.ts";

/** What the page is to do. */
export interface PageTask {
  /** In the order of the model's inputs. */
  readonly inputs: readonly PageInput[];
  readonly model: Uint8Array;
  /** Beside the model's own. */
  readonly data?: readonly ModelFile[];
  /** What else the page is told. */
  readonly task: Readonly<Record<string, unknown>>;
  /** Bytes of each output that is expected. */
  readonly outputBytes: readonly number[];
}

export interface PageInput {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  /** As the runtime has them in memory. */
  readonly bytes: Uint8Array;
}

/** Of the GPU: an event for each program in each run. */
const MOST_PROFILE_BYTES = 2 ** 25;
/** Numbers and text: the times of all runs, shapes. */
const MOST_RESULT_BYTES = 2 ** 22;
const MOST_PROGRESS_BYTES = 2 ** 10;
const MOST_MESSAGE_BYTES = 2 ** 14;
const MESSAGE_CHARACTERS = 500;

const BINARY = "application/octet-stream";
const SCRIPT = "text/javascript";
const WASM = "application/wasm";

/** Everything that the page asks for and tells, for one run. */
export class PageConversation {
  readonly page: ServedPage;
  /** Comes when the page has its task. */
  readonly opened: Promise<void>;
  /** @throws {RunError} with the runtime's reason when the page fails */
  readonly result: Promise<PageResult>;
  /** By their place; all are there when the result is. */
  readonly outputs = new Map<number, Uint8Array>();
  #profile: GpuProfile | undefined;
  #open: () => void = () => undefined;
  #end: (result: PageResult) => void = () => undefined;
  #fail: (error: RunError) => void = () => undefined;

  /** @param what the page runs: for messages */
  constructor(
    private readonly runtime: PageRuntime,
    private readonly what: string,
    private readonly task: PageTask,
    private readonly onProgress: (done: number, total: number) => void,
  ) {
    this.opened = new Promise((resolve) => (this.#open = resolve));
    this.result = new Promise((resolve, reject) => ([this.#end, this.#fail] = [resolve, reject]));
    // It may fail before anybody waits for it.
    this.result.catch(() => undefined);
    this.page = { files: this.#files(), posts: this.#posts() };
  }

  /** What the GPU did, once the page has told it. */
  get profile(): GpuProfile | undefined {
    return this.#profile;
  }

  #files(): ReadonlyMap<string, ServedFile> {
    const { inputs, model, data = [], task: told } = this.task;
    const described = inputs.map(({ name, type, shape }) => ({ name, type, shape }));
    const task = textBytes(JSON.stringify({ ...told, inputs: described }));
    return new Map<string, ServedFile>([
      ["", inMemory("text/html; charset=utf-8", textBytes(PAGE))],
      ["page.js", onDisk(SCRIPT, pageScript(this.runtime))],
      ["task", { type: "application/json", bytes: () => (this.#open(), Promise.resolve(task)) }],
      ["model", inMemory(BINARY, model)],
      ...inputs.map(({ bytes }, place) => [`input${place}`, inMemory(BINARY, bytes)] as const),
      ...data.map(
        ({ source }, place) => [`data${place}`, { type: BINARY, bytes: () => source.read(0, source.size) }] as const,
      ),
      ...Object.entries(this.runtime.files).map(
        ([name, path]) => [name, onDisk(name.endsWith(".js") ? SCRIPT : WASM, path())] as const,
      ),
    ]);
  }

  #posts(): ReadonlyMap<string, Heard> {
    return new Map<string, Heard>([
      ["progress", { mostBytes: MOST_PROGRESS_BYTES, hear: (body) => this.#hearProgress(textOf(body)) }],
      ["failure", { mostBytes: MOST_MESSAGE_BYTES, hear: (body) => this.#fail(this.#failure(textOf(body))) }],
      ["result", { mostBytes: MOST_RESULT_BYTES, hear: (body) => this.#hearResult(textOf(body)) }],
      ["profile", { mostBytes: MOST_PROFILE_BYTES, hear: (body) => (this.#profile = readGpuProfile(textOf(body))) }],
      ...this.task.outputBytes.map(
        (mostBytes, place) =>
          [`output${place}`, { mostBytes, hear: (body: Uint8Array) => void this.outputs.set(place, body) }] as const,
      ),
    ]);
  }

  #hearProgress(text: string): void {
    const progress = readPageProgress(text);
    if (progress !== undefined) this.onProgress(progress.done, progress.total);
  }

  #hearResult(text: string): void {
    const result = readPageResult(text);
    if (result === undefined) this.#fail(this.#failure("the page's answer is none"));
    else this.#end(result);
  }

  #failure(reason: string): RunError {
    const said = reason.replaceAll(/\s+/g, " ").trim().slice(0, MESSAGE_CHARACTERS);
    return new RunError(`${this.what}: ${this.runtime.title} in Chrome cannot run it: ${said}`, {
      hint: this.runtime.instead,
    });
  }
}

function inMemory(type: string, bytes: Uint8Array): ServedFile {
  return { type, bytes: () => Promise.resolve(bytes) };
}

function onDisk(type: string, path: string): ServedFile {
  return {
    type,
    bytes: async () => {
      const source = await FileSource.open(path);
      try {
        return await source.read(0, source.size);
      } finally {
        await source.close();
      }
    },
  };
}

function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
