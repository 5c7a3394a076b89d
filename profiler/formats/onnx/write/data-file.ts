import { access, mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { writeAtomically } from "../../../bytes/atomic-file.ts";
import type { ByteSource } from "../../../bytes/byte-source.ts";
import { FileSource } from "../../../bytes/file-source.ts";
import { FileAccessError } from "../../../errors.ts";
import type { Constant } from "../../../model/model.ts";
import { payloadOf } from "../../../neutral/edited-model.ts";
import { embeddedTensor, externalTensor } from "./encode-tensor.ts";
import { bytesSegment, writeSegments, type ByteSegment } from "../../../bytes/byte-segments.ts";

/** Smaller constants stay in the model: runtimes compute shapes from them. What ONNX's own tools take. */
const SMALLEST_EXTERNAL = 1024;

/** Runtimes map data files into memory by pages. */
const ALIGNMENT = 4096;

/** Compared at once. */
const LONGEST_READ = 2 ** 22;

/** New weights of a model that go into a file beside it. */
export class DataFile {
  readonly segments: ByteSegment[] = [];
  #length = 0;
  readonly #locations: ReadonlyMap<ByteSource, string>;

  /** @param location the new file's name @param others data files that the model has already: numbers in one of them stay there */
  constructor(
    private readonly location: string,
    others: ReadonlyMap<string, ByteSource>,
  ) {
    this.#locations = new Map([...others].map(([name, source]) => [source, name]));
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  async tensor(name: string, constant: Constant): Promise<readonly ByteSegment[]> {
    const payload = await payloadOf(constant);
    if (payload.length < SMALLEST_EXTERNAL) return embeddedTensor(name, constant, payload);
    const known = "source" in payload ? this.#locations.get(payload.source) : undefined;
    if (known !== undefined && "source" in payload)
      return externalTensor(name, constant, { location: known, offset: payload.offset, length: payload.length });
    const gap = (ALIGNMENT - (this.#length % ALIGNMENT)) % ALIGNMENT;
    if (gap > 0) this.segments.push(bytesSegment(new Uint8Array(gap)));
    const offset = this.#length + gap;
    this.segments.push(payload);
    this.#length = offset + payload.length;
    return externalTensor(name, constant, { location: this.location, offset, length: payload.length });
  }
}

/** A name for a new data file beside the model at `path`: one that nothing there has, so that no older model loses its numbers. */
export async function freeDataName(path: string, taken: ReadonlySet<string>): Promise<string> {
  const wanted = `${basename(path)}.data`;
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}${number}`;
    if (!taken.has(name) && !(await exists(join(dirname(path), name)))) return name;
  }
}

/**
 * Puts the data files that a model refers to beside its copy at `path`. Those that are there already are left alone.
 * @throws {FileAccessError} when another file has the name of one
 */
export async function copyDataFiles(
  files: ReadonlyMap<string, ByteSource>,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  for (const [location, source] of files) {
    const target = join(dirname(path), location);
    if (await isSame(source, target)) continue;
    await mkdir(dirname(target), { recursive: true });
    const whole = [{ source, offset: 0, length: source.size }];
    await writeAtomically(target, (bytes) => writeSegments(whole, bytes), signal);
  }
}

/** Whether `target` is that file, or has its bytes. */
async function isSame(source: ByteSource, target: string): Promise<boolean> {
  if (!(await exists(target))) return false;
  if (source instanceof FileSource && (await realpath(source.path)) === (await realpath(target))) return true;
  const other = await FileSource.open(target, { isOpenedForEachRead: true });
  if (other.size === source.size && (await haveSameBytes(source, other))) return true;
  throw new FileAccessError(`${target}: the model's weights belong there, but another file has that name`, {
    hint: "Save the model in another folder.",
  });
}

async function haveSameBytes(a: ByteSource, b: ByteSource): Promise<boolean> {
  for (let at = 0; at < a.size; at += LONGEST_READ) {
    const length = Math.min(LONGEST_READ, a.size - at);
    if (!Buffer.from(await a.read(at, length)).equals(await b.read(at, length))) return false;
  }
  return true;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
