import { MissingDataError, ModelFormatError, type ByteSource, type ExternalDataFiles } from "../../profiler/index.ts";
import { RpcError, type Rpc } from "../../webview/protocol/rpc.ts";
import type { RemoteFile, WorkerContract, WorkerHostContract } from "./protocol.ts";

export type HostRpc = Rpc<WorkerContract, WorkerHostContract>;

/**
 * A file behind one of VS Code's file systems. They read whole files only: the bytes are fetched at the first read, so a data file whose
 * size alone matters is never fetched.
 */
export class RemoteSource implements ByteSource {
  readonly #host: HostRpc;
  readonly #file: RemoteFile;
  #bytes: Promise<Uint8Array> | undefined;

  constructor(
    host: HostRpc,
    readonly name: string,
    readonly size: number,
    file: RemoteFile,
  ) {
    this.#host = host;
    this.#file = file;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.#bytes ??= this.#host.request("readRemote", this.#file);
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
export class RemoteExternalData implements ExternalDataFiles {
  readonly #host: HostRpc;
  readonly #model: string;

  /** @param model URI of the model */
  constructor(host: HostRpc, model: string) {
    this.#host = host;
    this.#model = model;
  }

  async open(relativePath: string): Promise<ByteSource> {
    const file = { model: this.#model, relativePath };
    const size = await this.#host.request("sizeOfRemote", file).catch((error: unknown) => {
      if (!(error instanceof RpcError) || error.failure.code !== "missing-data") throw error;
      const { message, hint, place } = error.failure;
      throw new MissingDataError(message, place ?? relativePath, { hint, cause: error });
    });
    return new RemoteSource(this.#host, relativePath, size, file);
  }
}
