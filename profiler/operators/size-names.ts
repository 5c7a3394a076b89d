import type { DeclaredDimension } from "../model/model.ts";
import type { Dimension } from "../model/shape.ts";
import { symbol } from "../model/size-expression.ts";
import { parseSize, type ParsedSize } from "../shapes/parse-size.ts";

/**
 * What the names of dynamic dimensions in a file mean. Most are names; some say how one size follows from others. "a+b" could be either:
 * it is a sum where a and b are names of other dimensions, and "2*s0" or "past + new" where new is one; else it is a name.
 */
export class SizeNames {
  readonly #plain = new Set<string>();
  readonly #known = new Map<string, Dimension>();

  /** @param declared dimensions of the inputs, which name what a run decides */
  constructor(declared: Iterable<DeclaredDimension>) {
    const texts = new Set([...declared].filter((dimension) => typeof dimension === "string"));
    let open = [...texts].map((text) => ({ text, parsed: parseSize(text) }));
    for (const { text, parsed } of open) if (!parsed) this.#plain.add(text);
    for (;;) {
      const rest = open.filter(({ text, parsed }) => !parsed || !this.#adopt(text, parsed));
      if (rest.length === open.length) break;
      open = rest;
    }
    for (const { text } of open) this.#plain.add(text);
  }

  /** The size that a declared name stands for. */
  sizeOf(text: string): Dimension {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const parsed = this.#plain.has(text) ? undefined : parseSize(text);
    const size = parsed && this.#isArithmetic(parsed) ? parsed.size : symbol(text);
    this.#known.set(text, size);
    return size;
  }

  #adopt(text: string, parsed: ParsedSize): boolean {
    if (!this.#isArithmetic(parsed)) return false;
    this.#known.set(text, parsed.size);
    for (const name of parsed.names) this.#plain.add(name);
    return true;
  }

  #isArithmetic({ names, isGrowing, size }: ParsedSize): boolean {
    if (names.length === 0) return false;
    if (names.every((name) => this.#plain.has(name))) return true;
    const isScaled =
      typeof size !== "number" && size.terms.some(({ coefficient, atoms }) => coefficient > 1 && atoms.length > 0);
    return isGrowing && (isScaled || names.some((name) => this.#plain.has(name)));
  }
}
