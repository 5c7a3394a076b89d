import type { ByteSource } from "../../../bytes/byte-source.ts";
import type { ByteSegment } from "../../../bytes/byte-segments.ts";
import type { Constant } from "../../../model/model.ts";
import type { StoredBytes } from "../buffers.ts";
import type { ModelT } from "../schema/generated/schema_generated.ts";
import type { TfliteTables } from "./read-tables.ts";

/** Buffer 0 is empty by the schema's convention. */
const EMPTY_BUFFER = 0;

/** Data of a file's buffers, that of new constants behind it. */
export class DataList {
  readonly #tables: ModelT;
  readonly #stored: readonly StoredBytes[];
  readonly #added: ByteSegment[] = [];
  readonly #kept = new Set<number>();
  /** Buffers by where their data stands in the file. */
  readonly #places: ReadonlyMap<string, number>;

  /** @param edited numbers of the subgraphs that say themselves what they still use */
  constructor(
    { tables, buffers }: TfliteTables,
    edited: ReadonlySet<number>,
    private readonly source: ByteSource | undefined,
    private readonly payload: (constant: Constant) => Promise<ByteSegment>,
  ) {
    this.#tables = tables;
    this.#stored = buffers;
    this.#places = new Map(
      buffers.flatMap(({ offset, length }, index) => (length === 0 ? [] : [[placeOf(offset, length), index] as const])),
    );
    const buffersOf = (isWanted: (subgraph: number) => boolean): ReadonlySet<number> =>
      new Set(
        tables.subgraphs.flatMap(({ tensors }, index) => (isWanted(index) ? tensors.map(({ buffer }) => buffer) : [])),
      );
    const ofEdited = buffersOf((index) => edited.has(index));
    buffers.forEach((_, index) => (ofEdited.has(index) ? undefined : this.#kept.add(index)));
    for (const buffer of buffersOf((index) => !edited.has(index))) this.#kept.add(buffer);
    for (const { buffer } of tables.metadata) this.#kept.add(buffer);
    for (const buffer of tables.metadataBuffer) this.#kept.add(buffer);
    this.#kept.add(EMPTY_BUFFER);
  }

  /** A buffer of the file that an edited subgraph still uses; others that only it used go. */
  keep(buffer: number): number {
    this.#kept.add(buffer);
    return buffer;
  }

  /** The number of a buffer that holds a constant: one of the file where its elements stand there. */
  async add(constant: Constant): Promise<number> {
    const { storage } = constant;
    const known = storage.kind === "range" ? this.#places.get(placeOf(storage.offset, storage.length)) : undefined;
    if (known !== undefined) return this.keep(known);
    const segment = await this.payload(constant);
    return segment.length === 0 ? EMPTY_BUFFER : this.#stored.length + this.#added.push(segment) - 1;
  }

  /** All data in the order of the file, with the tables' numbers of buffers brought to it. */
  finished(): readonly (ByteSegment | undefined)[] {
    const { source } = this;
    const entries = [
      ...this.#stored.map(({ offset, length }): ByteSegment | undefined =>
        offset === undefined || length === 0 || source === undefined ? undefined : { source, offset, length },
      ),
      ...this.#added,
    ].map((segment, index) => ({ segment, index }));
    const left = entries.filter(({ index }) => index >= this.#stored.length || this.#kept.has(index));
    const numbers = new Map(left.map(({ index }, number) => [index, number]));
    const number = (buffer: number): number => numbers.get(buffer) ?? buffer;
    for (const { tensors } of this.#tables.subgraphs)
      for (const tensor of tensors) tensor.buffer = number(tensor.buffer);
    for (const entry of this.#tables.metadata) entry.buffer = number(entry.buffer);
    this.#tables.metadataBuffer = this.#tables.metadataBuffer.map(number);
    return left.map(({ segment }) => segment);
  }
}

function placeOf(offset: number | undefined, length: number): string {
  return `${offset ?? "elsewhere"}+${length}`;
}
