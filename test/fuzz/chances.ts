import { Random } from "../../profiler/numeric/random.ts";

/** Seeded choices. */
export class Chances {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.#random.uniform() * end);
  }

  happens(probability: number): boolean {
    return this.#random.uniform() < probability;
  }

  /** @param items at least one */
  of<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined && items.length === 0) throw new RangeError("nothing to choose from");
    return item as T;
  }
}

/** Whole numbers at which something ends: of types, of counts, of what fits. */
export const NUMBERS: readonly number[] = [
  0,
  1,
  2,
  3,
  7,
  8,
  16,
  127,
  128,
  255,
  256,
  1000,
  32767,
  65535,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  -1,
  -2,
  -128,
  -(2 ** 31),
];

/** Names that something could take for its own. */
export const NAMES: readonly string[] = [
  "",
  "constructor",
  "__proto__",
  "toString",
  "/",
  "a/".repeat(500),
  "x".repeat(3000),
  "a\u{0}b",
  "\u{202e}\u{1b}[2J",
  '"',
  "=1+1",
  "../../etc/passwd",
  "[x](command:y)",
  "N",
  "-1",
  "1e999",
  "NaN",
  "N*N*N",
  "floor(N/0)",
  "((((((((((N))))))))))",
];
