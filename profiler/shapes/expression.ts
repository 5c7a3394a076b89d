import type { Dimension } from "../model/shape.ts";

/**
 * Sums and products over names, written in one way each, so that equal ones are equal strings: like terms and factors are gathered and
 * sorted, `"n+2*n-1"` is `"3*n-1"`. What stands in parentheses is one name.
 */

/** Numbers times names; the number alone has the name "". */
type Terms = Map<string, number>;

/** The sum of `scale × dimension` over all parts. */
export function sum(parts: readonly { readonly dimension: Dimension; readonly scale: 1 | -1 }[]): Dimension {
  const terms: Terms = new Map();
  for (const { dimension, scale } of parts) {
    for (const [name, coefficient] of termsOf(dimension)) {
      terms.set(name, (terms.get(name) ?? 0) + scale * coefficient);
    }
  }
  return formatSum(terms);
}

/** The product of factors, numbers gathered in front. */
export function formatProduct(factors: readonly Dimension[]): Dimension {
  const names = factors.filter((factor) => typeof factor === "string").sort();
  const coefficient = factors.reduce<number>(
    (total, factor) => (typeof factor === "number" ? total * factor : total),
    1,
  );
  if (names.length === 0 || coefficient === 0) return coefficient;
  const parts = coefficient === 1 ? names : [coefficient, ...names];
  return parts.length === 1 && names[0] !== undefined ? names[0] : parts.map(wrap).join("*");
}

/** The factors of a product: `"4*n*(m+1)"` is 4, n and m+1. A sum is one factor. */
export function factorsOf(dimension: Dimension): Dimension[] {
  if (typeof dimension === "number") return [dimension];
  if (split(dimension, /[-+]/).length > 1) return [dimension];
  const parts = split(dimension, /\*/).map(({ text }) => text);
  if (parts.length === 1) return [dimension];
  return parts.map((part) => {
    if (/^\d+(\.\d+)?$/.test(part)) return Number(part);
    return isParenthesized(part) ? part.slice(1, -1) : part;
  });
}

/** In parentheses where it would else be torn apart as an operand. */
export function wrap(dimension: Dimension): string {
  const text = String(dimension);
  return typeof dimension === "string" && split(text, /[-+]/).length > 1 ? `(${text})` : text;
}

function termsOf(dimension: Dimension): Terms {
  if (typeof dimension === "number") return new Map([["", dimension]]);
  const terms: Terms = new Map();
  for (const { text, before } of split(dimension, /[-+]/)) {
    if (text === "") continue;
    const factors = /^\d+$/.test(text) ? [Number(text)] : factorsOf(text);
    const name = formatProduct(factors.filter((factor) => typeof factor === "string"));
    const coefficient = formatProduct(factors.filter((factor) => typeof factor === "number"));
    if (typeof coefficient === "string") continue;
    const key = typeof name === "string" ? name : "";
    terms.set(key, (terms.get(key) ?? 0) + (before === "-" ? -coefficient : coefficient));
  }
  return terms;
}

function formatSum(terms: Terms): Dimension {
  const constant = terms.get("") ?? 0;
  const named = [...terms].filter(([name, coefficient]) => name !== "" && coefficient !== 0);
  if (named.length === 0) return constant;
  const ordered = named.sort(([a, x], [b, y]) => Math.sign(y) - Math.sign(x) || (a < b ? -1 : 1));
  const all = constant === 0 ? ordered : [...ordered, ["", constant] as const];
  return all.reduce((text, [name, coefficient]) => {
    const size = String(
      name === "" ? Math.abs(coefficient) : formatProduct([Math.abs(coefficient), ...factorsOf(name)]),
    );
    if (coefficient < 0) return `${text}-${size}`;
    return text === "" ? size : `${text}+${size}`;
  }, "");
}

/** Cut at operators outside parentheses; each part with the operator before it. */
function split(expression: string, operator: RegExp): { text: string; before: string }[] {
  const parts = [{ text: "", before: "" }];
  let depth = 0;
  for (const character of expression) {
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    const last = parts.at(-1);
    if (depth === 0 && operator.test(character)) parts.push({ text: "", before: character });
    else if (last) last.text += character;
  }
  return parts.map(({ text, before }) => ({ text: text.trim(), before }));
}

/** One pair of parentheses around all of it: `"(a+b)"`, not `"(a)/(b)"`. */
function isParenthesized(text: string): boolean {
  if (!text.startsWith("(")) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (depth === 0) return at === text.length - 1;
  }
  return false;
}
