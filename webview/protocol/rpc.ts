import { ownEntry } from "../../profiler/own-entry.ts";
/**
 * Requests, replies and events over a pipe that carries plain messages: page and extension host, extension host and worker.
 * Every request is settled: by its reply, by the caller's own cancelling, or by the disposal of the side that asked. Knows neither the
 * DOM nor Node.
 */

/** What one side offers: requests it answers and events it sends. */
export interface Contract {
  readonly requests: Readonly<Record<string, { readonly params: unknown; readonly result: unknown }>>;
  readonly events: Readonly<Record<string, unknown>>;
}

/** Requests or events of a side that has none. */
export type None = Readonly<Record<string, never>>;

/** An error as it crosses the pipe. `code` is an EdgewiseError's, or "internal", "cancelled", "disposed". */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Where what is missing was looked for. */
  readonly place?: string;
  /** For the log, never for the page's text. */
  readonly stack?: string;
}

/** A request that failed on the other side, or that was never answered. */
export class RpcError extends Error {
  override readonly name = "RpcError";

  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

export type Message =
  | { readonly type: "request"; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "result"; readonly id: number; readonly result: unknown }
  | { readonly type: "failure"; readonly id: number; readonly failure: Failure }
  | { readonly type: "event"; readonly event: string; readonly data: unknown };

export type Handlers<Side extends Contract> = {
  readonly [Method in keyof Side["requests"]]: (
    params: Side["requests"][Method]["params"],
    signal: AbortSignal,
  ) => Side["requests"][Method]["result"] | Promise<Side["requests"][Method]["result"]>;
};

export type Listeners<Side extends Contract> = {
  readonly [Event in keyof Side["events"]]?: (data: Side["events"][Event]) => void;
};

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: RpcError) => void;
}

export class Rpc<Own extends Contract, Other extends Contract> {
  readonly #post: (message: Message) => unknown;
  readonly #handlers: Handlers<Own>;
  readonly #listeners: Listeners<Other>;
  readonly #pending = new Map<number, Pending>();
  readonly #running = new Map<number, AbortController>();
  #lastId = 0;
  #isDisposed = false;

  /**
   * @param post hands a message to the pipe
   * @param handlers answers to the other side's requests; what they throw becomes the failure of the request
   * @param listeners for the other side's events
   */
  constructor(post: (message: Message) => unknown, handlers: Handlers<Own>, listeners: Listeners<Other> = {}) {
    this.#post = post;
    this.#handlers = handlers;
    this.#listeners = listeners;
  }

  /** @throws {RpcError} when the other side fails, the signal aborts ("cancelled") or this side is disposed ("disposed") */
  request<Method extends keyof Other["requests"] & string>(
    method: Method,
    params: Other["requests"][Method]["params"],
    signal?: AbortSignal,
  ): Promise<Other["requests"][Method]["result"]> {
    if (this.#isDisposed) return Promise.reject(new RpcError(DISPOSED));
    if (signal?.aborted === true) return Promise.reject(new RpcError(CANCELLED));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        this.#post({ type: "cancel", id });
        this.#settle(id)?.reject(new RpcError(CANCELLED));
      };
      const release = (): void => signal?.removeEventListener("abort", cancel);
      this.#pending.set(id, {
        resolve: (result) => {
          release();
          resolve(result);
        },
        reject: (error) => {
          release();
          reject(error);
        },
      });
      signal?.addEventListener("abort", cancel, { once: true });
      this.#post({ type: "request", id, method, params });
    });
  }

  send<Event extends keyof Own["events"] & string>(event: Event, data: Own["events"][Event]): void {
    if (!this.#isDisposed) this.#post({ type: "event", event, data });
  }

  /** Takes what came out of the pipe. Anything that is not a message of this protocol, and replies nobody waits for, are ignored. */
  receive(message: unknown): void {
    if (this.#isDisposed || !isMessage(message)) return;
    switch (message.type) {
      case "request":
        void this.#answer(message.id, message.method, message.params);
        break;
      case "cancel":
        this.#running.get(message.id)?.abort();
        break;
      case "result":
        this.#settle(message.id)?.resolve(message.result);
        break;
      case "failure":
        this.#settle(message.id)?.reject(new RpcError(message.failure));
        break;
      case "event":
        this.#notify(message.event, message.data);
        break;
    }
  }

  /** Rejects what is pending, aborts what is running, and falls silent. */
  dispose(reason: Failure = DISPOSED): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const controller of this.#running.values()) controller.abort();
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(new RpcError(reason));
  }

  #notify(event: string, data: unknown): void {
    const listeners: Readonly<Record<string, ((data: never) => void) | undefined>> = this.#listeners;
    if (Object.hasOwn(listeners, event)) ownEntry(listeners, event)?.(data as never);
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  async #answer(id: number, method: string, params: unknown): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    const reply = await this.#run(id, method, params, controller.signal);
    this.#running.delete(id);
    if (!this.#isDisposed) this.#post(reply);
  }

  async #run(id: number, method: string, params: unknown, signal: AbortSignal): Promise<Message> {
    try {
      const handler = Object.hasOwn(this.#handlers, method) ? ownEntry(this.#handlers, method) : undefined;
      if (handler === undefined) throw new RpcError({ code: "internal", message: `No such request: ${method}` });
      return { type: "result", id, result: await handler(params, signal) };
    } catch (error) {
      return { type: "failure", id, failure: toFailure(error) };
    }
  }
}

const DISPOSED: Failure = { code: "disposed", message: "The other side was closed before it answered." };
const CANCELLED: Failure = { code: "cancelled", message: "Cancelled." };

/** Any thrown value as a failure; an EdgewiseError keeps its code and hint. */
export function toFailure(error: unknown): Failure {
  if (error instanceof RpcError) return error.failure;
  if (!(error instanceof Error)) return { code: "internal", message: String(error) };
  if (error.name === "AbortError") return CANCELLED;
  const { code, hint } = error as { code?: unknown; hint?: unknown };
  return {
    code: typeof code === "string" ? code : "internal",
    message: error.message,
    ...(typeof hint === "string" && { hint }),
    ...(error.stack !== undefined && { stack: error.stack }),
  };
}

/** What went wrong as a sentence, so that what to do about it can follow. */
export function asSentence(message: string): string {
  return /[.!?…)”"]$/.test(message) ? message : `${message}.`;
}

/** What went wrong, and what to do about it. */
export function failureText({ message, hint }: Pick<Failure, "message" | "hint">): string {
  return hint === undefined ? message : `${asSentence(message)} ${hint}`;
}

/** The page may receive messages of other origins in the same window: only the shape tells them apart. */
function isMessage(value: unknown): value is Message {
  if (typeof value !== "object" || value === null) return false;
  const { type, id } = value as { type?: unknown; id?: unknown };
  return type === "event" || (typeof type === "string" && REPLY_TYPES.has(type) && typeof id === "number");
}

const REPLY_TYPES: ReadonlySet<string> = new Set(["request", "cancel", "result", "failure"]);
