import type { ByteSource, ExternalDataFiles } from "../../bytes/byte-source.ts";
import { ExternalDataError } from "../../errors.ts";
import { onnx } from "./schema/onnx.ts";

type TensorProto = onnx.TensorProto.$Properties;

/** Where the model says a tensor's bytes are. */
export interface ExternalRange {
  readonly location: string;
  readonly offset: number;
  /** undefined: as many as the shape asks for. */
  readonly length: number | undefined;
}

export function isExternal(tensor: TensorProto): boolean {
  return tensor.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL;
}

/** @throws {ExternalDataError} when the entries do not say where */
export function externalRange(tensor: TensorProto, file: string): ExternalRange {
  const entries = new Map((tensor.externalData ?? []).map(({ key, value }) => [key ?? "", value ?? ""]));
  const place = `${file}: external data of ${tensor.name ?? ""}`;
  const location = entries.get("location");
  if (location === undefined || location === "") throw new ExternalDataError(`${place}: no location is given`);
  const byteCount = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    const count = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(count))
      throw new ExternalDataError(`${place}: ${key} must be a number of bytes, not "${text}"`);
    return count;
  };
  return { location, offset: byteCount("offset") ?? 0, length: byteCount("length") };
}

/** The data files of a model by the location that the model gives, each opened once. */
export class DataFiles {
  readonly #sources = new Map<string, ByteSource>();

  private constructor(private readonly file: string) {}

  /**
   * Opens every file that one of `tensors` refers to.
   * @throws {ExternalDataError} when one is missing or outside the model's folder
   */
  static async open(tensors: Iterable<TensorProto>, externalData: ExternalDataFiles, file: string): Promise<DataFiles> {
    const files = new DataFiles(file);
    for (const tensor of tensors) {
      const { location } = externalRange(tensor, file);
      const key = canonical(location);
      if (!files.#sources.has(key)) files.#sources.set(key, await externalData.open(location));
    }
    return files;
  }

  /** Data files by the path that the model gives. */
  get files(): ReadonlyMap<string, ByteSource> {
    return this.#sources;
  }

  /** Bytes of all data files together. */
  get bytes(): number {
    return [...this.#sources.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * The range of a tensor that needs `needed` bytes.
   * @throws {ExternalDataError} when the file is too short for it
   */
  range(
    tensor: TensorProto,
    needed: number,
  ): { readonly source: ByteSource; readonly offset: number; readonly length: number } {
    const { location, offset, length = needed } = externalRange(tensor, this.file);
    const source = this.#sources.get(canonical(location));
    if (source === undefined) throw new Error(`${location} was not opened`);
    if (offset + length > source.size) {
      throw new ExternalDataError(
        `${source.name}: ${tensor.name ?? "a tensor"} is at bytes ${offset} to ${offset + length}, but the file has ${source.size}`,
        { hint: "The data file is not complete, or belongs to another model: download or export both again." },
      );
    }
    return { source, offset, length };
  }
}

/** "./weights.bin" and "weights.bin" are one file. */
function canonical(location: string): string {
  return location.replaceAll("\\", "/").replace(/^(?:\.\/+)+/, "");
}
