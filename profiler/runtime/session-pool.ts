import { createHash } from "node:crypto";
import type { Bindings } from "../bindings.ts";
import type { Model } from "../model/model.ts";
import type { NamedTensors } from "../tensors/numeric-tensor.ts";
import { atSizes } from "../translation/fixed-sizes.ts";
import { openSession } from "./open-session.ts";
import type { Session, SessionOptions } from "./session.ts";

/** How work that runs models gets at their sessions: `openSession`, or a pool's `open`. */
export type OpenSession = (model: Model, options?: SessionOptions) => Promise<Session>;

/** Models that a session is kept of: one before an edit, one behind it, and one whose rounding they are held against. */
const MOST_SESSIONS = 4;

/** Bytes of the models whose sessions are kept though nobody has them open: a runtime holds each model's weights. */
const MOST_MODEL_BYTES = 2 ** 28;

/** Bytes of answers that are kept. Networks with maps for outputs have more on many samples: those are computed again. */
const MOST_REMEMBERED = 2 ** 27;

/** For who has no signal: that of the one who opened a session first is no longer his. */
const NEVER = new AbortController().signal;

interface Pooled {
  readonly model: Model;
  readonly options: SessionOptions;
  readonly session: Session;
  readonly answers: Map<string, Promise<NamedTensors>>;
  /** Of the answers. */
  bytes: number;
  /** How many have it open. */
  users: number;
}

/**
 * Keeps sessions between uses: fitting an edit, checking it and computing the next one run the same models on the same samples. A session that
 * gives more tensors than are asked for will do, and a batch that was answered is not run again. Those not used for longest go first.
 */
export class SessionPool {
  /** The last used at the end. */
  readonly #pooled: Pooled[] = [];
  #remembered = 0;
  #isClosed = false;

  /** The same for models that are run at sizes that were asked for: those that their files fix too. */
  at(sizes: Bindings | undefined): OpenSession {
    return (model, options) => this.open(atSizes(model, sizes), options);
  }

  /** As `openSession`; closing what it gives hands it back. */
  readonly open: OpenSession = async (model, options = {}) => {
    if (this.#isClosed) return openSession(model, options);
    const known = this.#pooled.findLast((pooled) => serves(pooled, model, options));
    const { signal, ...settings } = options;
    const pooled = known ?? {
      model,
      options: settings,
      session: await openSession(model, options),
      answers: new Map(),
      bytes: 0,
      users: 0,
    };
    pooled.users += 1;
    if (known) this.#pooled.splice(this.#pooled.indexOf(known), 1);
    this.#pooled.push(pooled);
    await this.#shrink(MOST_SESSIONS);
    return this.#lease(pooled, signal);
  };

  /** Frees all sessions that nobody has open, and those that somebody has when they are handed back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#shrink(0);
  }

  #lease(pooled: Pooled, signal: AbortSignal | undefined): Session {
    const { inputs, outputs, captured, skipped, doubt } = pooled.session;
    let isOpen = true;
    return {
      inputs,
      outputs,
      captured,
      skipped,
      ...(doubt && { doubt }),
      // A closed one is the session's own affair to refuse.
      run: (batch, own = signal) => this.#answer(pooled, batch, own),
      close: async () => {
        if (!isOpen) return;
        isOpen = false;
        pooled.users -= 1;
        await this.#shrink(this.#isClosed ? 0 : MOST_SESSIONS);
      },
    };
  }

  /** Who asks while the same batch is under way waits for that. */
  async #answer(pooled: Pooled, batch: NamedTensors, signal: AbortSignal | undefined): Promise<NamedTensors> {
    const { answers, session } = pooled;
    const key = digestOf(batch);
    const known = answers.get(key);
    if (known) {
      const answered = await known.catch(() => undefined);
      if (answered) return answered;
      // Whoever asked first may have given up.
      return this.#answer(pooled, batch, signal);
    }
    const running = session.run(batch, signal ?? NEVER);
    answers.set(key, running);
    try {
      const answer = await running;
      const bytes = bytesOf(answer);
      if (this.#remembered + bytes > MOST_REMEMBERED) answers.delete(key);
      else {
        this.#remembered += bytes;
        pooled.bytes += bytes;
      }
      return answer;
    } catch (error) {
      answers.delete(key);
      throw error;
    }
  }

  async #shrink(most: number): Promise<void> {
    const isTooMuch = (): boolean =>
      this.#pooled.length > most ||
      this.#pooled.reduce((sum, { model, users }) => sum + (users === 0 ? model.fileBytes : 0), 0) > MOST_MODEL_BYTES;
    while (isTooMuch()) {
      const place = this.#pooled.findIndex(({ users }) => users === 0);
      if (place < 0) return;
      const [oldest] = this.#pooled.splice(place, 1);
      this.#remembered -= oldest?.bytes ?? 0;
      await oldest?.session.close();
    }
  }
}

function serves(pooled: Pooled, model: Model, { tensors = [], optimization, threads }: SessionOptions): boolean {
  const { options } = pooled;
  const isAlike = pooled.model === model && options.optimization === optimization && options.threads === threads;
  const given = new Set(options.tensors);
  return isAlike && tensors.every((name) => given.has(name));
}

function bytesOf(answer: NamedTensors): number {
  return Object.values(answer).reduce((sum, { data }) => sum + data.byteLength, 0);
}

function digestOf(batch: NamedTensors): string {
  const hash = createHash("sha256");
  for (const [name, { shape, data }] of Object.entries(batch)) {
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("base64");
}
