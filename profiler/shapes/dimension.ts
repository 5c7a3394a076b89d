import type { Dimension } from "../model/shape.ts";
import { factorsOf, formatProduct, sum, wrap } from "./expression.ts";

/**
 * Arithmetic on sizes that may be symbolic. Numbers give numbers; a name gives an expression over names ("2*boxes"), so that a size
 * that only the run can tell stays visible as what it is. Equal expressions are equal strings; nothing else is claimed of them.
 */

/** Beyond this an expression tells a reader nothing: it becomes "?". */
const LONGEST_EXPRESSION = 40;

/** A size of which nothing is known: it equals nothing, not even itself. */
export const UNKNOWN_SIZE = "?";

export function add(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  return expression([a, b], () =>
    sum([
      { dimension: a, scale: 1 },
      { dimension: b, scale: 1 },
    ]),
  );
}

export function subtract(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (b === 0) return a;
  return expression([a, b], () =>
    sum([
      { dimension: a, scale: 1 },
      { dimension: b, scale: -1 },
    ]),
  );
}

export function multiply(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number") return a * b;
  if (a === 0 || b === 0) return 0;
  if (a === 1) return b;
  if (b === 1) return a;
  return expression([a, b], () => formatProduct([...factorsOf(a), ...factorsOf(b)]));
}

/** Quotient rounded down; a zero divisor gives an unknown size. */
export function floorDivide(a: Dimension, b: Dimension): Dimension {
  return divide(a, b, Math.floor, "floor");
}

/** Quotient rounded up; a zero divisor gives an unknown size. */
export function ceilDivide(a: Dimension, b: Dimension): Dimension {
  return divide(a, b, Math.ceil, "ceil");
}

export function product(dimensions: readonly Dimension[]): Dimension {
  return dimensions.reduce(multiply, 1);
}

/**
 * Elements of one shape over those of another: equal names cancel. The quotient of numbers is exact, so a fraction says that they do
 * not divide; with names left over below, it is rounded down.
 */
export function quotient(numerators: readonly Dimension[], denominators: readonly Dimension[]): Dimension {
  const above = numerators.flatMap(factorsOf);
  const below: Dimension[] = [];
  for (const factor of denominators.flatMap(factorsOf)) {
    const equal = typeof factor === "string" && factor !== UNKNOWN_SIZE ? above.indexOf(factor) : -1;
    if (equal < 0) below.push(factor);
    else above.splice(equal, 1);
  }
  const divisor = product(below);
  if (divisor === 0) return UNKNOWN_SIZE;
  if (typeof divisor === "string") return floorDivide(product(above), divisor);
  const coefficient = above.reduce<number>((total, factor) => (typeof factor === "number" ? total * factor : total), 1);
  const names = above.filter((factor) => typeof factor === "string");
  if (names.length === 0 || coefficient % divisor === 0) return multiply(coefficient / divisor, product(names));
  return floorDivide(product(above), divisor);
}

/** For formulas that numbers alone can go through: an unknown size when one of them is symbolic. */
export function ifNumbers(dimensions: readonly Dimension[], compute: (...numbers: number[]) => number): Dimension {
  return dimensions.every((dimension) => typeof dimension === "number") ? compute(...dimensions) : UNKNOWN_SIZE;
}

function divide(a: Dimension, b: Dimension, round: (quotient: number) => number, name: string): Dimension {
  if (b === 0) return UNKNOWN_SIZE;
  // Plus 0, since −0 is no size.
  if (typeof a === "number" && typeof b === "number") return round(a / b) + 0;
  if (b === 1) return a;
  const exact = exactQuotient(a, b);
  if (exact !== undefined) return exact;
  return expression([a, b], () => `${name}(${wrap(a)}/${wrap(b)})`);
}

/** `4*n` over `2`, `n` over `n`: no rounding needed. */
function exactQuotient(a: Dimension, b: Dimension): Dimension | undefined {
  if (a === UNKNOWN_SIZE || b === UNKNOWN_SIZE) return undefined;
  const above = factorsOf(a);
  const below = factorsOf(b);
  const coefficient = (factors: readonly Dimension[]) => {
    const number = formatProduct(factors.filter((factor) => typeof factor === "number"));
    return typeof number === "number" ? number : 1;
  };
  const names = above.filter((factor) => typeof factor === "string");
  for (const factor of below.filter((candidate) => typeof candidate === "string")) {
    const equal = names.indexOf(factor);
    if (equal < 0) return undefined;
    names.splice(equal, 1);
  }
  const ratio = coefficient(above) / coefficient(below);
  return Number.isInteger(ratio) ? formatProduct([ratio, ...names]) : undefined;
}

function expression(operands: readonly Dimension[], compute: () => Dimension): Dimension {
  if (operands.includes(UNKNOWN_SIZE)) return UNKNOWN_SIZE;
  const result = compute();
  if (typeof result === "number") return result;
  return result.length > LONGEST_EXPRESSION || result.includes(UNKNOWN_SIZE) ? UNKNOWN_SIZE : result;
}
