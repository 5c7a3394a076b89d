import { createHash } from "node:crypto";
import { access, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { prepareFile, type ByteTarget } from "../../../bytes/atomic-file.ts";
import type { ByteSource } from "../../../bytes/byte-source.ts";
import { sweepTemporaryFiles } from "../../../bytes/temporary-file.ts";
import { FileAccessError } from "../../../errors.ts";
import type { Constant } from "../../../model/model.ts";
import { embeddedTensor, externalTensor } from "./encode-tensor.ts";
import { bytesSegment, lengthOf, writeSegments, type ByteSegment } from "../../../bytes/byte-segments.ts";

/** Smaller constants stay in the model: runtimes compute shapes from them. What ONNX's own tools take. */
const SMALLEST_EXTERNAL = 1024;

/** Runtimes map data files into memory by pages, which is worth it for large weights: ONNX Runtime's own writer begins no smaller ones on pages. */
const PAGE = { from: 2 ** 20, bytes: 4096 } as const;
/** No element is larger. */
const LARGEST_ELEMENT = 16;

/** New weights of a model that go into a file beside it. */
export class DataFile {
  readonly segments: ByteSegment[] = [];
  #length = 0;
  readonly #locations: ReadonlyMap<ByteSource, string>;
  /** Where ranges of other files stand in this one: several tensors may share one. */
  readonly #offsets = new Map<ByteSource, Map<string, number>>();

  /** @param location the new file's name @param others data files that the model has already: numbers in one of them stay there */
  constructor(
    private readonly location: string,
    others: ReadonlyMap<string, ByteSource>,
  ) {
    this.#locations = new Map([...others].map(([name, source]) => [source, name]));
  }

  /** @param payload the constant's raw elements, or as many bytes where they are only measured */
  tensor(name: string, constant: Constant, payload: ByteSegment): readonly ByteSegment[] {
    if (payload.length < SMALLEST_EXTERNAL) return embeddedTensor(name, constant, payload);
    const known = "source" in payload ? this.#locations.get(payload.source) : undefined;
    if (known !== undefined && "source" in payload)
      return externalTensor(name, constant, { location: known, offset: payload.offset, length: payload.length });
    const offset = this.#offsetOf(payload);
    return externalTensor(name, constant, { location: this.location, offset, length: payload.length });
  }

  #offsetOf(payload: ByteSegment): number {
    if (!("source" in payload)) return this.#added(payload);
    const offsets = this.#offsets.get(payload.source) ?? new Map<string, number>();
    this.#offsets.set(payload.source, offsets);
    const range = `${payload.offset}+${payload.length}`;
    const offset = offsets.get(range) ?? this.#added(payload);
    offsets.set(range, offset);
    return offset;
  }

  #added(payload: ByteSegment): number {
    const alignment = payload.length < PAGE.from ? LARGEST_ELEMENT : PAGE.bytes;
    const gap = (alignment - (this.#length % alignment)) % alignment;
    if (gap > 0) this.segments.push(bytesSegment(new Uint8Array(gap)));
    const offset = this.#length + gap;
    this.segments.push(payload);
    this.#length = offset + payload.length;
    return offset;
  }
}

/** Digits of the SHA-256 of its bytes in a data file's name: two that differ never meet under one name. */
const DIGITS = 12;

/** What the model at `path` calls a data file before its bytes are known: as long as the final name. */
export function dataNameOf(path: string, digest = "0".repeat(DIGITS)): string {
  return `${basename(path)}.${digest}.data`;
}

/** New weights that are on the disk, under a temporary name until the model is there too. */
export interface PreparedDataFile {
  /** What the model calls it. */
  readonly location: string;
  /** For the model's temporary file: what to remove when its writer is killed; undefined when the data was there before. */
  readonly label: string | undefined;
  /** Puts it at its place. @throws {FileAccessError} when another file is there under its name */
  create(): Promise<void>;
  /**
   * Once the model is at its place: writes it again where it is gone. Numbers that were there already may have been those of a writer that was
   * killed, and a third save that swept before the model named them took them away.
   */
  settle(): Promise<void>;
  /** Takes back what was made. */
  discard(): Promise<void>;
}

/**
 * Writes new weights beside the model at `path`, named by their content: two writers of one model can never mix their weights.
 * @throws {FileAccessError}
 */
export async function prepareDataFile(
  path: string,
  segments: readonly ByteSegment[],
  { signal, onBytes }: { readonly signal: AbortSignal | undefined; readonly onBytes: (count: number) => void },
): Promise<PreparedDataFile> {
  const hash = createHash("sha256");
  const unnamed = join(dirname(path), dataNameOf(path));
  const prepared = await prepareFile(
    unnamed,
    (target) => {
      const hashed: ByteTarget = {
        write: (bytes) => {
          hash.update(bytes);
          return target.write(bytes);
        },
      };
      return writeSegments(segments, hashed, onBytes);
    },
    { signal },
  );
  const digest = hash.digest("hex").slice(0, DIGITS);
  const location = dataNameOf(path, digest);
  const place = join(dirname(path), location);
  const wasThere = await exists(place);
  let isOurs = false;
  return {
    location,
    label: wasThere ? undefined : digest,
    async create() {
      isOurs = await prepared.create(place);
      if (isOurs || (await stat(place)).size === lengthOf(segments)) return;
      throw new FileAccessError(`${place}: the model's weights belong there, but another file has that name`, {
        hint: "Save the model in another folder.",
      });
    },
    async settle() {
      if (await exists(place)) return;
      const again = await prepareFile(unnamed, (target) => writeSegments(segments, target));
      await again.create(place);
    },
    async discard() {
      await prepared.discard();
      if (isOurs) await rm(place, { force: true });
    },
  };
}

/** Larger models are not searched for the name of a data file: what nobody needs any more then stays. */
const LARGEST_SEARCHED = 2 ** 28;

/**
 * Removes what killed writers left in the model's folder: temporary files, and a data file of a model that never took its place, unless
 * the model that is there uses it.
 */
export async function sweepUnusedData(path: string): Promise<void> {
  for (const digest of await sweepTemporaryFiles(dirname(path))) {
    const name = dataNameOf(path, digest);
    const place = join(dirname(path), name);
    if ((await exists(place)) && !(await mentions(path, name))) await rm(place, { force: true });
  }
}

async function mentions(path: string, name: string): Promise<boolean> {
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size > LARGEST_SEARCHED) return true;
  return size > 0 && (await readFile(path)).includes(name);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
