import { AbsentSource } from "../../bytes/absent-source.ts";
import type { ByteSource, ExternalDataFiles } from "../../bytes/byte-source.ts";
import { ExternalDataError, MissingDataError, type MissingData } from "../../errors.ts";
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
function externalRange(tensor: TensorProto, file: string): ExternalRange {
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

  private constructor(
    private readonly file: string,
    private readonly allowsMissing: boolean,
  ) {}

  /**
   * Opens every file that one of `tensors` refers to.
   * @param allowsMissing whether one that is missing or too short stands for itself: then reading its bytes is what fails
   * @throws {ExternalDataError} when one is missing or outside the model's folder
   */
  static async open(
    tensors: Iterable<TensorProto>,
    externalData: ExternalDataFiles,
    file: string,
    allowsMissing = false,
  ): Promise<DataFiles> {
    const files = new DataFiles(file, allowsMissing);
    for (const tensor of tensors) {
      const { location, offset, length } = externalRange(tensor, file);
      const key = canonical(location);
      const source = files.#sources.get(key) ?? (await files.#opened(location, externalData));
      files.#sources.set(key, source);
      // Known before the first tensor of it is read: a file that is cut off may be another model's, so none of its bytes are taken.
      if (allowsMissing && length !== undefined) files.#whole(key, source, tensor, offset, length);
    }
    return files;
  }

  async #opened(location: string, externalData: ExternalDataFiles): Promise<ByteSource> {
    try {
      return await externalData.open(location);
    } catch (error) {
      if (!this.allowsMissing || !(error instanceof MissingDataError)) throw error;
      const { message, hint, place } = error;
      return new AbsentSource({ location, place, bytes: null, message, ...(hint !== undefined && { hint }) });
    }
  }

  /** Files that are missing or too short. */
  get missing(): readonly MissingData[] {
    return [...this.#sources.values()].flatMap((source) => (source instanceof AbsentSource ? [source.missing] : []));
  }

  /** Data files by the path that the model gives. */
  get files(): ReadonlyMap<string, ByteSource> {
    return this.#sources;
  }

  /** Those that some tensors are in, all of which were opened. */
  of(tensors: readonly TensorProto[]): ReadonlySet<ByteSource> {
    const keys = tensors.map((tensor) => canonical(externalRange(tensor, this.file).location));
    return new Set(keys.flatMap((key) => this.#sources.get(key) ?? []));
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
    return { source: this.#whole(canonical(location), source, tensor, offset, length), offset, length };
  }

  /** The source itself where it holds a tensor, or what stands for it from then on where it is too short. */
  #whole(key: string, source: ByteSource, tensor: TensorProto, offset: number, length: number): ByteSource {
    const end = offset + length;
    if (source instanceof AbsentSource) source.reachesTo(end);
    if (end <= source.size) return source;
    const message = `${source.name}: ${tensor.name ?? "a tensor"} is at bytes ${offset} to ${end}, but the file has ${source.size}`;
    const hint = "The data file is not complete, or belongs to another model: download or export both again.";
    if (!this.allowsMissing) throw new ExternalDataError(message, { hint });
    const { location } = externalRange(tensor, this.file);
    const absent = new AbsentSource({ location, place: source.name, bytes: source.size, message, hint });
    absent.reachesTo(end);
    this.#sources.set(key, absent);
    return absent;
  }
}

/** "./weights.bin" and "weights.bin" are one file. */
function canonical(location: string): string {
  return location.replaceAll("\\", "/").replace(/^(?:\.\/+)+/, "");
}
