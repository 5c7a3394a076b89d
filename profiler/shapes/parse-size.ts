import type { Dimension } from "../model/shape.ts";
import { ownEntry } from "../own-entry.ts";
import { symbol } from "../model/size-expression.ts";
import {
  add,
  ceilDivide,
  floorDivide,
  larger,
  multiply,
  product,
  smaller,
  subtract,
  UNKNOWN_SIZE,
} from "./dimension.ts";

/**
 * Sizes as exporters write them where one follows from others: "past_sequence_length + sequence_length", "2*s0", "(s0 - 1)//2 + 1",
 * "floor(height/32)", "Max(1, s0**2)". Which texts are arithmetic and which are names that look like it is for `SizeNames` to say.
 */

export interface ParsedSize {
  readonly size: Dimension;
  /** Names in it, in the order they stand there. */
  readonly names: readonly string[];
  /** Made of sums and products alone: never below 1 where its names are not. */
  readonly isGrowing: boolean;
}

/** @returns undefined for what is a name, or no arithmetic that we know */
export function parseSize(text: string): ParsedSize | undefined {
  const tokens = tokensOf(text);
  if (tokens === undefined || tokens.length < 2) return undefined;
  const parser = new Parser(tokens);
  const size = parser.all();
  return size === undefined ? undefined : { size, names: [...parser.names], isGrowing: parser.isGrowing };
}

/** A hyphen between letters belongs to the name, "seq-len": exporters write a difference with spaces around it. */
const TOKEN =
  /\s*(?:(\d+)(?![\p{L}\p{N}_.])|([\p{L}_][\p{L}\p{N}_.]*(?:-[\p{L}_][\p{L}\p{N}_.]*)*)|"((?:[^"\\]|\\.)*)"|(\/\/|\*\*|[-+*/%(),]))/uy;

type Token =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "sign"; readonly sign: string };

function tokensOf(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const [, digits, word, quoted, sign] = pattern.exec(text) ?? [];
    if (digits !== undefined) tokens.push({ kind: "number", value: Number(digits) });
    else if (word !== undefined) tokens.push({ kind: "name", name: word });
    else if (quoted !== undefined) tokens.push({ kind: "name", name: quoted.replaceAll(/\\(.)/g, "$1") });
    else if (sign !== undefined) tokens.push({ kind: "sign", sign });
    else return undefined;
  }
  return tokens;
}

/** More nesting than any exporter writes comes from a broken file. */
const DEEPEST = 64;

class Parser {
  readonly names = new Set<string>();
  isGrowing = true;
  #at = 0;
  #depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  all(): Dimension | undefined {
    const size = this.#sum();
    return this.#at === this.tokens.length && size ? roundedDown(size) : undefined;
  }

  #take(...signs: readonly string[]): string | undefined {
    const token = this.tokens[this.#at];
    if (token?.kind !== "sign" || !signs.includes(token.sign)) return undefined;
    this.#at += 1;
    return token.sign;
  }

  #sum(): Fraction | undefined {
    return this.#chain(["+", "-"], () => this.#product());
  }

  #product(): Fraction | undefined {
    return this.#chain(["*", "/", "//", "%"], () => this.#power());
  }

  #chain(signs: readonly string[], operand: () => Fraction | undefined): Fraction | undefined {
    let size = operand();
    for (let sign = this.#take(...signs); sign !== undefined; sign = this.#take(...signs)) {
      const next = operand();
      if (sign !== "+" && sign !== "*") this.isGrowing = false;
      size = size && next && ownEntry(SIGNS, sign)?.(size, next);
    }
    return size;
  }

  #power(): Fraction | undefined {
    this.#depth += 1;
    const base = this.#depth > DEEPEST ? undefined : this.#unsigned();
    const exponent = this.#take("**") === undefined ? whole(1) : this.#power();
    this.#depth -= 1;
    return base && exponent && power(base, exponent);
  }

  #unsigned(): Fraction | undefined {
    if (this.#take("-") !== undefined) {
      this.isGrowing = false;
      const size = this.#power();
      return size && difference(whole(0), size);
    }
    if (this.#take("(") !== undefined) {
      const size = this.#sum();
      return this.#take(")") === undefined ? undefined : size;
    }
    const token = this.tokens[this.#at];
    this.#at += 1;
    if (token?.kind === "number") return whole(token.value);
    if (token?.kind !== "name") return undefined;
    if (this.#take("(") !== undefined) return this.#call(token.name.toLowerCase());
    this.names.add(token.name);
    return whole(symbol(token.name));
  }

  #call(name: string): Fraction | undefined {
    this.isGrowing = false;
    const given = [this.#sum()];
    while (this.#take(",") !== undefined) given.push(this.#sum());
    const sizes = given.filter((size) => size !== undefined);
    const [first, second, third] = sizes;
    if (this.#take(")") === undefined || first === undefined || sizes.length < given.length) return undefined;
    if (second === undefined) return ownEntry(OF_ONE, name)?.(first);
    const choose = ownEntry(OF_MANY, name);
    if (choose) return whole(sizes.map(roundedDown).reduce(choose));
    return third === undefined ? ownEntry(OF_TWO, name)?.(first, second) : undefined;
  }
}

/** Halves and thirds are kept until something rounds them: floor(s0/2 - 1/2) is (s0-1)//2. */
interface Fraction {
  readonly above: Dimension;
  readonly below: Dimension;
}

function whole(size: Dimension): Fraction {
  return { above: size, below: 1 };
}

function roundedDown({ above, below }: Fraction): Dimension {
  return floorDivide(above, below);
}

function roundedUp({ above, below }: Fraction): Dimension {
  return ceilDivide(above, below);
}

function sum(a: Fraction, b: Fraction): Fraction {
  return { above: add(multiply(a.above, b.below), multiply(b.above, a.below)), below: multiply(a.below, b.below) };
}

function difference(a: Fraction, b: Fraction): Fraction {
  return sum(a, { ...b, above: subtract(0, b.above) });
}

function ratio(a: Fraction, b: Fraction): Fraction {
  return { above: multiply(a.above, b.below), below: multiply(a.below, b.above) };
}

function rest(a: Fraction, b: Fraction): Fraction {
  const times = whole(roundedDown(ratio(a, b)));
  if (times.above === UNKNOWN_SIZE) return times;
  return difference(a, { above: multiply(b.above, times.above), below: b.below });
}

/** Higher powers of a size are no size. */
const HIGHEST_POWER = 8;

function power({ above, below }: Fraction, exponent: Fraction): Fraction | undefined {
  const { above: times } = exponent;
  if (typeof times !== "number" || exponent.below !== 1 || times < 0 || times > HIGHEST_POWER) return undefined;
  const repeated = (size: Dimension): Dimension => product(new Array<Dimension>(times).fill(size));
  return { above: repeated(above), below: repeated(below) };
}

type OfTwo = (a: Fraction, b: Fraction) => Fraction | undefined;

const SIGNS: Readonly<Record<string, OfTwo>> = {
  "+": sum,
  "-": difference,
  "*": (a, b) => ({ above: multiply(a.above, b.above), below: multiply(a.below, b.below) }),
  "/": ratio,
  "//": (a, b) => whole(roundedDown(ratio(a, b))),
  "%": rest,
};

/** Calls as SymPy and PyTorch print them, in lower case. */
const OF_ONE: Readonly<Record<string, (size: Fraction) => Fraction>> = {
  ceil: (size) => whole(roundedUp(size)),
  ceiling: (size) => whole(roundedUp(size)),
  ceiltoint: (size) => whole(roundedUp(size)),
  floor: (size) => whole(roundedDown(size)),
  floortoint: (size) => whole(roundedDown(size)),
  trunctoint: (size) => whole(roundedDown(size)),
};

const OF_TWO: Readonly<Record<string, OfTwo>> = {
  floordiv: (a, b) => whole(roundedDown(ratio(a, b))),
  cleandiv: (a, b) => whole(roundedDown(ratio(a, b))),
  inttruediv: ratio,
  mod: rest,
  pythonmod: rest,
  pow: power,
  powbynatural: power,
};

const OF_MANY: Readonly<Record<string, (a: Dimension, b: Dimension) => Dimension>> = { max: larger, min: smaller };
