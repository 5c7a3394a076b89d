import type { Dimension } from "../model/shape.ts";
import { SizeExpression, symbol, type Atom } from "../model/size-expression.ts";
import { exactQuotient, greatestCommonDivisor, largerOf, productOf, roundedQuotient, sumOf } from "./expression.ts";

/**
 * Arithmetic on sizes that may be symbolic. Numbers give numbers; a name gives an expression over names, so that a size that only the run
 * can tell stays visible as what it is. Equal expressions are one object.
 */

/** A size of which nothing is known: it equals nothing, not even itself. */
export const UNKNOWN_SIZE = SizeExpression.UNKNOWN;

export function add(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  return ofKnown([a, b], () => sumOf(a, b, 1));
}

export function subtract(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (b === 0) return a;
  return ofKnown([a, b], () => sumOf(a, b, -1));
}

export function multiply(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number") return a * b;
  if (a === 0 || b === 0) return 0;
  if (a === 1) return b;
  if (b === 1) return a;
  return ofKnown([a, b], () => productOf(a, b));
}

/** Quotient rounded down; a zero divisor gives an unknown size. */
export function floorDivide(a: Dimension, b: Dimension): Dimension {
  if (b === 0) return UNKNOWN_SIZE;
  // Plus 0, since −0 is no size.
  if (typeof a === "number" && typeof b === "number") return Math.floor(a / b) + 0;
  return ofKnown([a, b], () => roundedQuotient(a, b));
}

/** Quotient rounded up; a zero divisor gives an unknown size. */
export function ceilDivide(a: Dimension, b: Dimension): Dimension {
  if (b === 0) return UNKNOWN_SIZE;
  if (typeof a === "number" && typeof b === "number") return Math.ceil(a / b) + 0;
  if (typeof b === "number" && b > 0) return floorDivide(add(a, b - 1), b);
  return subtract(0, floorDivide(subtract(0, a), b));
}

/** The quotient where it leaves no rest, whatever the names stand for. */
export function exactDivide(a: Dimension, b: Dimension): Dimension | undefined {
  if (a === UNKNOWN_SIZE || b === UNKNOWN_SIZE || b === 0) return undefined;
  return exactQuotient(a, b);
}

/** The largest number that divides the size, whatever its names stand for. */
export function wholeFactor(size: Dimension): number {
  if (typeof size === "number") return size;
  return size.terms.reduce((factor, { coefficient }) => greatestCommonDivisor(factor, coefficient), 0);
}

/** What is left of `a` over `b`, with the sign of `b`. */
export function modulo(a: Dimension, b: Dimension): Dimension {
  return subtract(a, multiply(b, floorDivide(a, b)));
}

export function larger(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number") return Math.max(a, b);
  return ofKnown([a, b], () => {
    if (lowerBound(subtract(a, b)) >= 0) return a;
    return lowerBound(subtract(b, a)) >= 0 ? b : largerOf(a, b);
  });
}

export function smaller(a: Dimension, b: Dimension): Dimension {
  return subtract(add(a, b), larger(a, b));
}

export function product(dimensions: readonly Dimension[]): Dimension {
  return dimensions.reduce(multiply, 1);
}

/**
 * Elements of one shape over those of another: equal sizes cancel. The quotient of numbers is exact, so a fraction says that they do
 * not divide; with names in it, it is rounded down.
 */
export function quotient(numerators: readonly Dimension[], denominators: readonly Dimension[]): Dimension {
  const above = [...numerators];
  const below: Dimension[] = [];
  for (const factor of denominators) {
    const equal = typeof factor !== "number" && factor !== UNKNOWN_SIZE ? above.indexOf(factor) : -1;
    if (equal < 0) below.push(factor);
    else above.splice(equal, 1);
  }
  const [dividend, divisor] = [product(above), product(below)];
  if (divisor === 0) return UNKNOWN_SIZE;
  if (typeof dividend === "number" && typeof divisor === "number") return dividend / divisor;
  return floorDivide(dividend, divisor);
}

/** For formulas that numbers alone can go through: an unknown size when one of them is symbolic. */
export function ifNumbers(dimensions: readonly Dimension[], compute: (...numbers: number[]) => number): Dimension {
  return dimensions.every((dimension) => typeof dimension === "number") ? compute(...dimensions) : UNKNOWN_SIZE;
}

/**
 * What is known to be no more than the size, whatever its names stand for; names stand for whole numbers from 0.
 * @returns -Infinity when nothing is known
 */
export function lowerBound(size: Dimension): number {
  if (typeof size === "number") return size;
  if (size === UNKNOWN_SIZE) return -Infinity;
  return size.terms.reduce((sum, { coefficient, atoms }) => {
    if (atoms.length === 0) return sum + coefficient;
    if (coefficient < 0) return -Infinity;
    const least = atoms.reduce((bound, atom) => {
      if (atom.kind === "symbol" || bound === -Infinity) return bound === -Infinity ? bound : 0;
      if (atom.kind === "max") {
        const largest = Math.max(...atom.sizes.map(lowerBound));
        return largest >= 0 || atoms.length === 1 ? Math.min(bound, largest) : -Infinity;
      }
      const [above, below] = [lowerBound(atom.above), lowerBound(atom.below)];
      if (below <= 0 || above === -Infinity) return -Infinity;
      if (above >= 0) return Math.min(bound, typeof atom.below === "number" ? Math.floor(above / atom.below) : 0);
      return atoms.length === 1 ? Math.floor(above / below) : -Infinity;
    }, Infinity);
    return sum + (least === Infinity ? 0 : coefficient * least);
  }, 0);
}

/** The size with other sizes in the place of names; names of which nothing is told stay. */
export function evaluate(size: Dimension, sizeOf: (name: string) => Dimension | undefined): Dimension {
  if (typeof size === "number" || size === UNKNOWN_SIZE) return size;
  const valueOf = (atom: Atom): Dimension => {
    if (atom.kind === "symbol") return sizeOf(atom.name) ?? symbol(atom.name);
    if (atom.kind === "max") return atom.sizes.map((each) => evaluate(each, sizeOf)).reduce(larger);
    return floorDivide(evaluate(atom.above, sizeOf), evaluate(atom.below, sizeOf));
  };
  return size.terms.reduce<Dimension>(
    (sum, { coefficient, atoms }) =>
      add(
        sum,
        atoms.reduce<Dimension>((all, atom) => multiply(all, valueOf(atom)), coefficient),
      ),
    0,
  );
}

/** Beyond so many atoms an expression tells nobody anything, and would only grow: it becomes unknown. */
const MOST_ATOMS = 96;

function ofKnown(operands: readonly Dimension[], compute: () => Dimension): Dimension {
  if (operands.includes(UNKNOWN_SIZE)) return UNKNOWN_SIZE;
  const result = compute();
  return typeof result !== "number" && result.weight > MOST_ATOMS ? UNKNOWN_SIZE : result;
}
