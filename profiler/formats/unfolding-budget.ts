import { LimitError } from "../errors.ts";

/**
 * How much more than its own bytes a file may make of itself: functions that are called often, tables, vectors and subgraphs that many
 * refer to. Everything else is as large as what the file spends on it. Things are nodes, tensors, declared values, and so many numbers
 * or characters of attributes that they take as long to make.
 */
const ALLOWED = {
  /** For files of any size: shared functions of small models with external weights. */
  things: 10_000,
  /** A file of so many bytes more may make one thing more. Exporters that call one function for each operator need less. */
  bytesPerThing: 10,
} as const;

/** Numbers or characters that take as long as a node. */
const VALUES_PER_THING = 16;
/** Characters: names of modules in modules stay below it together. */
const UNCHARGED_NAME = 1000;
/** No file may make more, however large it is: no view could show them. */
const MOST_THINGS = 2 ** 20;

/** Charged as things are made, so that a small file ends with an error before it takes seconds or gigabytes. */
export class UnfoldingBudget {
  readonly #most: number;
  #made = 0;

  constructor(
    private readonly file: string,
    fileBytes: number,
  ) {
    this.#most = Math.min(MOST_THINGS, Math.floor(ALLOWED.things + fileBytes / ALLOWED.bytesPerThing));
  }

  /**
   * @param values numbers or characters among what is made
   * @throws {LimitError}
   */
  charge(things: number, values = 0): void {
    this.#made += things + values / VALUES_PER_THING;
    if (this.#made <= this.#most) return;
    throw new LimitError(
      `${this.file}: what its functions and shared parts unfold into is more than ${this.#most} nodes, tensors and values, the most for a file of its size (UnfoldingBudget)`,
    );
  }

  /**
   * Charges a name that the file spells once, and what it unfolds into many times: only one that is longer than programs give any.
   * @throws {LimitError}
   */
  chargeName(length: number): void {
    if (length > UNCHARGED_NAME) this.charge(0, length);
  }
}
