import type { Dimension } from "../model/shape.ts";
import { floorAtom, maxAtom, SizeExpression, type Atom, type Term } from "../model/size-expression.ts";

/**
 * Sums, products and quotients of sizes in one normal form: a sum of whole numbers times names, like ones gathered. What cannot be
 * divided without rounding is a quotient in it, `floor(n/2)`, which is then as good as a name.
 */

export function sumOf(a: Dimension, b: Dimension, sign: 1 | -1): Dimension {
  return gathered([...termsOf(a), ...termsOf(b).map((term) => scaled(term, sign))]);
}

export function productOf(a: Dimension, b: Dimension): Dimension {
  return gathered(termsOf(a).flatMap((left) => termsOf(b).map((right) => times(left, right))));
}

/** `a` over `b` where nothing has to be rounded: `4*n` over 2, `(n+1)*m` over `n+1`. */
export function exactQuotient(a: Dimension, b: Dimension): Dimension | undefined {
  const [divisor] = sorted(termsOf(b));
  if (divisor === undefined) return undefined;
  let rest = termsOf(a);
  const result: Term[] = [];
  for (let step = 0; rest.length > 0; step += 1) {
    const [leading] = sorted(rest);
    const part = leading && overTerm(leading, divisor);
    if (part === undefined || step >= MOST_STEPS) return undefined;
    result.push(part);
    rest = termsOf(gathered([...rest, ...termsOf(b).map((term) => scaled(times(term, part), -1))]));
  }
  return gathered(result);
}

/** A quotient of sums has no more terms than their product may have. */
const MOST_STEPS = 96;

/** `a` over `b` rounded down, brought to one form: whole parts stand before it, and a quotient of a quotient is one quotient. */
export function roundedQuotient(a: Dimension, b: Dimension): Dimension {
  const exact = exactQuotient(a, b);
  if (exact !== undefined) return exact;
  if (typeof b !== "number" || b < 0 || !Number.isInteger(b)) return gathered([quotientTerm(a, b)]);
  const whole: Term[] = [];
  const rest: Term[] = [];
  for (const { coefficient, atoms } of termsOf(a)) {
    const part = atoms.length === 0 ? Math.floor(coefficient / b) : Math.trunc(coefficient / b);
    whole.push({ coefficient: part, atoms });
    rest.push({ coefficient: coefficient - part * b, atoms });
  }
  return gathered([...whole, ...roundedRest(gathered(rest), b)]);
}

/** The larger of two sizes, as good as a name: which of them it is follows from neither. */
export function largerOf(a: Dimension, b: Dimension): Dimension {
  return gathered([{ coefficient: 1, atoms: [maxAtom(a, b)] }]);
}

function roundedRest(above: Dimension, below: number): readonly Term[] {
  if (typeof above === "number") return [{ coefficient: Math.floor(above / below), atoms: [] }];
  const named = above.terms.filter(({ atoms }) => atoms.length > 0);
  const constant = constantOf(above);
  const divisor = named.reduce((common, { coefficient }) => greatestCommonDivisor(common, coefficient), below);
  if (divisor > 1) {
    const reduced = named.map(({ coefficient, atoms }) => ({ coefficient: coefficient / divisor, atoms }));
    const number = { coefficient: Math.floor(constant / divisor), atoms: [] };
    return termsOf(roundedQuotient(gathered([...reduced, number]), below / divisor));
  }
  const [only, another] = named;
  const [inner, second] = only?.atoms ?? [];
  const isNested = !another && !second && only?.coefficient === 1 && inner?.kind === "floor";
  if (isNested && typeof inner.below === "number" && inner.below > 0) {
    // floor((floor(x/a) + k) / b) = floor((x + k·a) / (a·b))
    const all = sumOf(inner.above, constant * inner.below, 1);
    return termsOf(roundedQuotient(all, inner.below * below));
  }
  return [quotientTerm(above, below)];
}

function quotientTerm(above: Dimension, below: Dimension): Term {
  return { coefficient: 1, atoms: [floorAtom(above, below)] };
}

/** The number alone in a sum: 1 of n+1, 0 of n. */
function constantOf(size: Dimension): number {
  if (typeof size === "number") return size;
  return size.terms.find(({ atoms }) => atoms.length === 0)?.coefficient ?? 0;
}

function termsOf(size: Dimension): readonly Term[] {
  if (typeof size !== "number") return size.terms;
  return size === 0 ? [] : [{ coefficient: size, atoms: [] }];
}

/** Like terms added; a number where no name is left. */
function gathered(terms: readonly Term[]): Dimension {
  const sums = new Map<string, { coefficient: number; readonly atoms: readonly Atom[] }>();
  for (const { coefficient, atoms } of terms) {
    const key = keyOf(atoms);
    const known = sums.get(key);
    if (known) known.coefficient += coefficient;
    else sums.set(key, { coefficient, atoms });
  }
  const left = [...sums.values()].filter(({ coefficient }) => coefficient !== 0);
  const [only, another] = left;
  if (only === undefined) return 0;
  if (!another && only.atoms.length === 0) return only.coefficient;
  return SizeExpression.of(sorted(left));
}

function scaled({ coefficient, atoms }: Term, by: number): Term {
  return { coefficient: coefficient * by, atoms };
}

function times(a: Term, b: Term): Term {
  const atoms = [...a.atoms, ...b.atoms].sort((left, right) => compare(left.key, right.key));
  return { coefficient: a.coefficient * b.coefficient, atoms };
}

/** `a` over `b`, undefined where a rest would be left. */
function overTerm(a: Term, b: Term): Term | undefined {
  const atoms = [...a.atoms];
  for (const { key } of b.atoms) {
    const equal = atoms.findIndex((atom) => atom.key === key);
    if (equal < 0) return undefined;
    atoms.splice(equal, 1);
  }
  const coefficient = a.coefficient / b.coefficient;
  return Number.isInteger(coefficient) ? { coefficient, atoms } : undefined;
}

/** An order that multiplying by a term keeps, as division needs it: by the number of atoms, then by the atoms. */
function sorted(terms: readonly Term[]): readonly Term[] {
  return terms.toSorted((a, b) => b.atoms.length - a.atoms.length || compareAtoms(a.atoms, b.atoms));
}

/** The first atom of which one term has more decides. Both are sorted. */
function compareAtoms(a: readonly Atom[], b: readonly Atom[]): number {
  const different = a.findIndex(({ key }, place) => key !== b[place]?.key);
  return different < 0 ? 0 : compare(a[different]?.key ?? "", b[different]?.key ?? "");
}

function keyOf(atoms: readonly Atom[]): string {
  return atoms.map(({ key }) => key).join("*");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : greatestCommonDivisor(b, a % b);
}
