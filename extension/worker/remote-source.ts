import { MissingDataError, ModelFormatError, type ByteSource, type ExternalDataFiles } from "../../profiler/index.ts";
import { RpcError, type Rpc } from "../../webview/protocol/rpc.ts";
import type { WorkerContract, WorkerHostContract } from "./protocol.ts";

export type HostRpc = Rpc<WorkerContract, WorkerHostContract>;

/**
 * A file behind one of VS Code's file systems. They read whole files only: the bytes are fetched at the first read, so a data file whose
 * size alone matters is never fetched.
 */
export class RemoteSource implements ByteSource {
  readonly #host: HostRpc;
  readonly #relativePath: string;
  #bytes: Promise<Uint8Array> | undefined;

  constructor(
    host: HostRpc,
    readonly name: string,
    readonly size: number,
    relativePath = "",
  ) {
    this.#host = host;
    this.#relativePath = relativePath;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.#bytes ??= this.#host.request("readRemote", { relativePath: this.#relativePath });
    const bytes = await this.#bytes;
    if (offset < 0 || length < 0 || offset + length > bytes.length) {
      throw new ModelFormatError(this.name, "end of file", `expected ${length} bytes, but the file ends before`, {
        offset,
      });
    }
    return bytes.subarray(offset, offset + length);
  }

  close(): Promise<void> {
    this.#bytes = undefined;
    return Promise.resolve();
  }
}

/** Data files beside a remote model. That they stay inside its folder is checked by the host, which knows the URIs. */
export class RemoteSiblings implements ExternalDataFiles {
  readonly #host: HostRpc;

  constructor(host: HostRpc) {
    this.#host = host;
  }

  async open(relativePath: string): Promise<ByteSource> {
    const size = await this.#host.request("sizeOfRemote", { relativePath }).catch((error: unknown) => {
      if (!(error instanceof RpcError) || error.failure.code !== "missing-data") throw error;
      const { message, hint, place } = error.failure;
      throw new MissingDataError(message, place ?? relativePath, { hint, cause: error });
    });
    return new RemoteSource(this.#host, relativePath, size, relativePath);
  }
}
