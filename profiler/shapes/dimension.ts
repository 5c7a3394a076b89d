import type { Dimension } from "../model/shape.ts";

/**
 * Arithmetic on sizes that may be symbolic. Numbers give numbers; a name gives an expression over names ("2*boxes"), so that a size
 * that only the run can tell stays visible as what it is. Equal expressions are equal strings; nothing else is claimed of them.
 */

/** Beyond this an expression tells a reader nothing: it becomes "?". */
const LONGEST_EXPRESSION = 40;

export const UNKNOWN_SIZE = "?";

export function add(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  if (typeof b === "number" && b < 0) return join(a, "-", -b);
  return join(a, "+", b);
}

export function subtract(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (b === 0) return a;
  if (a === b && a !== UNKNOWN_SIZE) return 0;
  return join(a, "-", b);
}

export function multiply(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number") return a * b;
  if (a === 0 || b === 0) return 0;
  if (a === 1) return b;
  if (b === 1) return a;
  return typeof a === "string" && typeof b === "number" ? join(b, "*", a) : join(a, "*", b);
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

/** For formulas that numbers alone can go through: an unknown size when one of them is symbolic. */
export function ifNumbers(dimensions: readonly Dimension[], compute: (...numbers: number[]) => number): Dimension {
  return dimensions.every((dimension) => typeof dimension === "number")
    ? compute(...(dimensions))
    : UNKNOWN_SIZE;
}

function divide(a: Dimension, b: Dimension, round: (quotient: number) => number, name: string): Dimension {
  if (b === 0) return UNKNOWN_SIZE;
  if (typeof a === "number" && typeof b === "number") return round(a / b);
  if (b === 1) return a;
  if (a === b && a !== UNKNOWN_SIZE) return 1;
  return bounded(`${name}(${String(a)}/${wrap(b)})`);
}

function join(a: Dimension, operator: string, b: Dimension): Dimension {
  if (a === UNKNOWN_SIZE || b === UNKNOWN_SIZE) return UNKNOWN_SIZE;
  const isSum = operator === "+" || operator === "-";
  return bounded(isSum ? `${String(a)}${operator}${operator === "-" ? wrap(b) : String(b)}` : `${wrap(a)}*${wrap(b)}`);
}

function wrap(dimension: Dimension): string {
  return typeof dimension === "string" && /[-+]/.test(dimension) && !/^\w+\([^()]*\)$/.test(dimension)
    ? `(${dimension})`
    : String(dimension);
}

function bounded(expression: string): Dimension {
  return expression.length > LONGEST_EXPRESSION || expression.includes(UNKNOWN_SIZE) ? UNKNOWN_SIZE : expression;
}
