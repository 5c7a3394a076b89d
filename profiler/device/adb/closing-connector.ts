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
  readonly #ending = new AbortController();

  /** @param ending closes all connections at once */
  constructor(address: ServerAddress, ending?: AbortSignal) {
    super(address);
    ending?.addEventListener("abort", () => this.#ending.abort());
  }

  override async connect(
    options: AdbServerClient.ServerConnectionOptions = {},
  ): Promise<AdbServerClient.ServerConnection> {
    const closing = new AbortController();
    const close = (): void => closing.abort();
    for (const signal of [options.signal, this.#ending.signal]) {
      if (signal?.aborted === true) close();
      signal?.addEventListener("abort", close);
    }
    const connection = await super.connect({ ...options, signal: closing.signal });
    return {
      readable: connection.readable,
      writable: connection.writable,
      closed: connection.closed,
      close: async () => {
        afterFarewell(close);
        await connection.close();
      },
    };
  }

  /** All connections, those too that are still waited for. */
  close(): void {
    afterFarewell(() => this.#ending.abort());
  }
}

/** Nothing waits for it but a connection that is still open. */
function afterFarewell(close: () => void): void {
  setTimeout(close, FAREWELL_MILLISECONDS).unref();
}
