import type { Dimension } from "../model/shape.ts";
import { symbol } from "../model/size-expression.ts";
import { add, ceilDivide, floorDivide, modulo, multiply, subtract } from "./dimension.ts";

/**
 * Sizes as exporters write them where one follows from others: "past_sequence_length + sequence_length", "2*s0", "(s0 - 1)//2 + 1",
 * "floor(height/32)". Which texts are arithmetic and which are names that look like it is for `SizeNames` to say.
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
  /\s*(?:(\d+)(?![\p{L}\p{N}_.])|([\p{L}_][\p{L}\p{N}_.]*(?:-[\p{L}_][\p{L}\p{N}_.]*)*)|"((?:[^"\\]|\\.)*)"|(\/\/|[-+*/%(),]))/uy;

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
    return this.#at === this.tokens.length ? size : undefined;
  }

  #take(...signs: readonly string[]): string | undefined {
    const token = this.tokens[this.#at];
    if (token?.kind !== "sign" || !signs.includes(token.sign)) return undefined;
    this.#at += 1;
    return token.sign;
  }

  #sum(): Dimension | undefined {
    let size = this.#product("/");
    for (let sign = this.#take("+", "-"); sign !== undefined; sign = this.#take("+", "-")) {
      const next = this.#product("/");
      if (size === undefined || next === undefined) return undefined;
      if (sign === "-") this.isGrowing = false;
      size = sign === "+" ? add(size, next) : subtract(size, next);
    }
    return size;
  }

  /** @param rounding which way a plain division rounds: up inside of ceil(…) */
  #product(rounding: "/" | "ceil"): Dimension | undefined {
    let size = this.#operand();
    for (let sign = this.#take("*", "/", "//", "%"); sign !== undefined; sign = this.#take("*", "/", "//", "%")) {
      const next = this.#operand();
      if (size === undefined || next === undefined) return undefined;
      if (sign !== "*") this.isGrowing = false;
      if (sign === "*") size = multiply(size, next);
      else if (sign === "%") size = modulo(size, next);
      else size = sign === "/" && rounding === "ceil" ? ceilDivide(size, next) : floorDivide(size, next);
    }
    return size;
  }

  #operand(): Dimension | undefined {
    this.#depth += 1;
    const size = this.#depth > DEEPEST ? undefined : this.#unsigned();
    this.#depth -= 1;
    return size;
  }

  #unsigned(): Dimension | undefined {
    if (this.#take("-") !== undefined) {
      this.isGrowing = false;
      const size = this.#operand();
      return size === undefined ? undefined : subtract(0, size);
    }
    if (this.#take("(") !== undefined) {
      const size = this.#sum();
      return this.#take(")") === undefined ? undefined : size;
    }
    const token = this.tokens[this.#at];
    this.#at += 1;
    if (token?.kind === "number") return token.value;
    if (token?.kind !== "name") return undefined;
    if (this.#take("(") !== undefined) return this.#call(token.name.toLowerCase());
    this.names.add(token.name);
    return symbol(token.name);
  }

  #call(name: string): Dimension | undefined {
    this.isGrowing = false;
    const isCeil = name === "ceil" || name === "ceiling";
    const first = isCeil ? this.#product("ceil") : this.#sum();
    const second = this.#take(",") === undefined ? undefined : this.#sum();
    if (this.#take(")") === undefined || first === undefined) return undefined;
    if (second === undefined) return isCeil || name === "floor" ? first : undefined;
    if (name === "floordiv" || name === "cleandiv") return floorDivide(first, second);
    return name === "mod" || name === "pythonmod" ? modulo(first, second) : undefined;
  }
}
