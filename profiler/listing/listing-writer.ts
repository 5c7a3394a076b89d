import type { ListedTensor, ModelListing, Occurrence, Region } from "./listing.ts";

const INDENT = "  ";

/** What an occurrence stands for: tensors of one key are one tensor, whatever a body calls it. */
export interface NamedTensor extends ListedTensor {
  readonly key: string;
  /** As it is written. */
  readonly label: string;
}

/** Puts text together piece by piece and keeps what stands where. */
export class ListingWriter {
  readonly #lines: string[] = [];
  readonly #layers: number[] = [];
  readonly #operators: (readonly [number, number])[] = [];
  readonly #tensors: ListedTensor[] = [];
  readonly #positions = new Map<string, number>();
  readonly #occurrences: Occurrence[] = [];
  readonly #regions: Region[] = [];
  #current = "";
  #depth = 0;

  write(text: string): void {
    if (this.#current === "") this.#current = INDENT.repeat(this.#depth);
    this.#current += text;
  }

  /** Names a tensor here. */
  tensor({ key, label, ...listed }: NamedTensor, isDefinition: boolean): void {
    this.write("");
    const start = this.#current.length;
    this.write(label);
    const tensor = this.#positions.get(key) ?? this.#tensors.push(listed) - 1;
    this.#positions.set(key, tensor);
    const end = this.#current.length;
    this.#occurrences.push({ line: this.#lines.length, start, end, tensor, isDefinition });
  }

  /** Names the operator of a layer here. */
  operator(label: string, layer: number): void {
    const start = this.#current.length;
    this.write(label);
    this.#layers[layer] = this.#lines.length;
    this.#operators[layer] = [start, this.#current.length];
  }

  endLine(text = ""): void {
    if (text !== "") this.write(text);
    this.#lines.push(this.#current);
    this.#current = "";
  }

  indented(content: () => void): void {
    this.#depth += 1;
    content();
    this.#depth -= 1;
  }

  /**
   * A region from the line that is being written to the last one that the content ends.
   * @param content must end its last line
   */
  region(kind: Region["kind"], name: string, content: () => void): void {
    const first = this.#lines.length;
    const place = this.#regions.push({ kind, name, first, last: first }) - 1;
    content();
    this.#regions[place] = { kind, name, first, last: this.#lines.length - 1 };
  }

  finish(): ModelListing {
    return {
      text: `${this.#lines.join("\n")}\n`,
      lines: this.#layers,
      operators: this.#operators,
      tensors: this.#tensors,
      occurrences: this.#occurrences,
      regions: this.#regions,
    };
  }
}
