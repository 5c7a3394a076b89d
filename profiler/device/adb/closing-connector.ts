import type { AdbServerClient } from "@yume-chan/adb";
import { AdbServerNodeTcpConnector } from "@yume-chan/adb-server-node-tcp";

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** A server that is told that a connection is over closes it at once; one that does not is no adb server. */
const FAREWELL_MILLISECONDS = 500;

/**
 * Connections to the adb server that are closed whatever the server does: the library only says that it will send no more, and a connection
 * that stays open keeps this process from ending.
 */
export class ClosingConnector extends AdbServerNodeTcpConnector {
  /** What closes each connection that is open or waited for: a signal with a listener for each would warn of a leak. */
  readonly #closing = new Set<() => void>();
  #isEnded = false;

  /** @param ending closes all connections at once */
  constructor(address: ServerAddress, ending?: AbortSignal) {
    super(address);
    ending?.addEventListener("abort", () => this.#end(), { once: true });
  }

  override async connect(
    options: AdbServerClient.ServerConnectionOptions = {},
  ): Promise<AdbServerClient.ServerConnection> {
    const { signal } = options;
    const closing = new AbortController();
    const close = (): void => closing.abort();
    const forget = (): void => {
      this.#closing.delete(close);
      signal?.removeEventListener("abort", close);
    };
    this.#closing.add(close);
    signal?.addEventListener("abort", close);
    if (this.#isEnded || signal?.aborted === true) close();
    try {
      const connection = await super.connect({ ...options, signal: closing.signal });
      void connection.closed.then(forget, forget);
      return {
        readable: connection.readable,
        writable: connection.writable,
        closed: connection.closed,
        close: async () => {
          afterFarewell(close);
          await connection.close();
        },
      };
    } catch (cause) {
      forget();
      throw cause;
    }
  }

  /** All connections, those too that are still waited for. */
  close(): void {
    afterFarewell(() => this.#end());
  }

  #end(): void {
    this.#isEnded = true;
    for (const close of this.#closing) close();
  }
}

/** Nothing waits for it but a connection that is still open. */
function afterFarewell(close: () => void): void {
  setTimeout(close, FAREWELL_MILLISECONDS).unref();
}
