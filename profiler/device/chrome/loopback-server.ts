import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { DeviceError } from "../device-error.ts";

/** What a page may ask for. */
export interface ServedFile {
  readonly type: string;
  readonly bytes: () => Promise<Uint8Array>;
}

/** What a page may say. */
export interface Heard {
  /** A longer body is refused. */
  readonly mostBytes: number;
  readonly hear: (body: Uint8Array) => void;
}

export interface ServedPage {
  /** By name; "" is the page itself. */
  readonly files: ReadonlyMap<string, ServedFile>;
  readonly posts: ReadonlyMap<string, Heard>;
}

const LOOPBACK = "127.0.0.1";
const TOKEN_BYTES = 24;

/** The page has memory that its threads share, which browsers give to isolated pages alone; and it talks to nobody but us. */
const HEADERS: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

/** A server for one page of one run. It listens on this machine's loopback alone and answers nothing without its token. */
export class LoopbackServer {
  readonly #token = randomBytes(TOKEN_BYTES).toString("base64url");

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @throws {DeviceError} when no port is free */
  static async start(page: ServedPage): Promise<LoopbackServer> {
    const server = createServer();
    const port = await listen(server);
    const started = new LoopbackServer(server, port);
    server.on("request", (request, response) => {
      started.#answer(page, request, response).catch(() => response.destroy());
    });
    return started;
  }

  /** The page's address for whoever reaches the server through a port of theirs. */
  url(port: number): string {
    return `http://${LOOPBACK}:${port}/${this.#token}/`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  async #answer({ files, posts }: ServedPage, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = this.#nameOf(request);
    const file = request.method === "GET" && name !== undefined ? files.get(name) : undefined;
    const heard = request.method === "POST" && name !== undefined ? posts.get(name) : undefined;
    if (file !== undefined) {
      const bytes = await file.bytes();
      response.writeHead(200, { ...HEADERS, "Content-Type": file.type, "Content-Length": bytes.length }).end(bytes);
    } else if (heard !== undefined) {
      const body = await readBody(request, heard.mostBytes);
      if (body === undefined) response.writeHead(413, { ...HEADERS, Connection: "close" }).end();
      else {
        heard.hear(body);
        response.writeHead(204, HEADERS).end();
      }
    } else response.writeHead(404, HEADERS).end();
  }

  /** What is asked for, where the token is right and the address is a loopback's: other sites' names may be pointed here (DNS rebinding). */
  #nameOf({ url = "", headers }: IncomingMessage): string | undefined {
    if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(headers.host ?? "")) return undefined;
    if (headers.origin !== undefined && headers.origin !== `http://${headers.host ?? ""}`) return undefined;
    const [, token = "", name] = /^\/([^/]*)\/([^?#]*)$/.exec(url) ?? [];
    const [given, own] = [Buffer.from(token), Buffer.from(this.#token)];
    return given.length === own.length && timingSafeEqual(given, own) ? name : undefined;
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, LOOPBACK, resolve);
  });
  const address = server.address();
  if (typeof address === "object" && address !== null) return address.port;
  throw new DeviceError("failed", "no port of this machine is free", {
    hint: "End programs that hold many connections, and run again",
  });
}

/** @returns undefined for one that is too long */
async function readBody(request: IncomingMessage, mostBytes: number): Promise<Uint8Array | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    const bytes = Buffer.from(part as Uint8Array);
    size += bytes.length;
    if (size > mostBytes) return undefined;
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}
