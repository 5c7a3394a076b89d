/**
 * A size that only a run can tell: a sum of products over names, rounded quotients and the larger of two sizes. Equal expressions are one
 * object, so that `===` compares them; whatever a name looks like ("seq-len", "2*s0"), it is a name and never read as arithmetic. Made by
 * `symbol` and by the arithmetic of `shapes/dimension.ts`.
 */
export class SizeExpression {
  private constructor(
    /** None: nothing is known of the size. */
    readonly terms: readonly Term[],
    /** Atoms in it, those inside quotients among them. */
    readonly weight: number,
    private readonly key: string,
  ) {}

  static readonly #known = new Map<string, WeakRef<SizeExpression>>();
  static readonly #forget = new FinalizationRegistry<string>((key) => {
    if (SizeExpression.#known.get(key)?.deref() === undefined) SizeExpression.#known.delete(key);
  });

  /** The one object for these terms, which are sorted, distinct and not empty. */
  static of(terms: readonly Term[]): SizeExpression {
    return SizeExpression.#intern(terms, terms.map(termKey).join(""));
  }

  static readonly UNKNOWN = SizeExpression.#intern([], "?");

  static #intern(terms: readonly Term[], key: string): SizeExpression {
    const known = SizeExpression.#known.get(key)?.deref();
    if (known) return known;
    const weight = terms.reduce((sum, { atoms }) => sum + atoms.reduce((own, atom) => own + weightOf(atom), 1), 0);
    const made = new SizeExpression(terms, weight, key);
    SizeExpression.#known.set(key, new WeakRef(made));
    SizeExpression.#forget.register(made, key);
    return made;
  }

  /** Unique to the expression; for sorting. */
  get id(): string {
    return this.key;
  }

  /** The name, where the expression is nothing but one. */
  get name(): string | undefined {
    const [term, another] = this.terms;
    const [atom, second] = term?.atoms ?? [];
    return !another && term?.coefficient === 1 && !second && atom?.kind === "symbol" ? atom.name : undefined;
  }

  /** As people read it, and as `parseSize` reads it back: "2*n+1", "ceil(n/2)". */
  toString(): string {
    return printSum(this.terms);
  }

  toJSON(): string {
    return this.toString();
  }
}

/** A whole number times atoms, which are sorted and may repeat; none for the number alone. */
export interface Term {
  readonly coefficient: number;
  readonly atoms: readonly Atom[];
}

/** A name, a quotient rounded down whose parts do not divide, or the larger of two sizes of which either may be. */
export type Atom =
  | { readonly kind: "symbol"; readonly name: string; readonly key: string }
  | { readonly kind: "floor"; readonly above: Size; readonly below: Size; readonly key: string }
  | { readonly kind: "max"; readonly sizes: readonly Size[]; readonly key: string };

type Size = number | SizeExpression;

/** The size that has this name. */
export function symbol(name: string): SizeExpression {
  return SizeExpression.of([{ coefficient: 1, atoms: [{ kind: "symbol", name, key: JSON.stringify(name) }] }]);
}

export function floorAtom(above: Size, below: Size): Atom {
  return { kind: "floor", above, below, key: `floor(${keyOf(above)}/${keyOf(below)})` };
}

export function maxAtom(a: Size, b: Size): Atom {
  const sizes = [a, b].sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
  return { kind: "max", sizes, key: `max(${sizes.map(keyOf).join()})` };
}

/** The sizes that it is computed from. */
function operandsOf(atom: Atom): readonly Size[] {
  if (atom.kind === "symbol") return [];
  return atom.kind === "max" ? atom.sizes : [atom.above, atom.below];
}

function keyOf(size: Size): string {
  return typeof size === "number" ? String(size) : size.id;
}

function termKey({ coefficient, atoms }: Term): string {
  return `${coefficient < 0 ? "" : "+"}${coefficient}${atoms.map(({ key }) => `*${key}`).join("")}`;
}

function weightOf(atom: Atom): number {
  return operandsOf(atom).reduce<number>((sum, size) => sum + (typeof size === "number" ? 0 : size.weight), 1);
}

/** Names in it, each once. */
export function namesIn(size: Size): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (part: Size): void => {
    if (typeof part === "number") return;
    for (const atom of part.terms.flatMap(({ atoms }) => atoms)) {
      if (atom.kind === "symbol") names.add(atom.name);
      else operandsOf(atom).forEach(visit);
    }
  };
  visit(size);
  return names;
}

function printSum(terms: readonly Term[]): string {
  if (terms.length === 0) return "?";
  const isAlone = terms.length === 1;
  const text = ({ coefficient, atoms }: Term): string => printTerm(Math.abs(coefficient), atoms, isAlone);
  // Additions first, each kind by its text, the number alone at the end.
  const place = ({ coefficient, atoms }: Term): number => (atoms.length === 0 ? 2 : coefficient < 0 ? 1 : 0);
  const ordered = terms
    .map((term) => ({ term, name: printTerm(1, term.atoms, false) }))
    .sort((a, b) => place(a.term) - place(b.term) || (a.name < b.name ? -1 : 1));
  return ordered.reduce((sum, { term }) => {
    // "n-m" would be a name.
    if (term.coefficient < 0)
      return sum === "" || /^\d/.test(text(term)) ? `${sum}-${text(term)}` : `${sum} - ${text(term)}`;
    return sum === "" ? text(term) : `${sum}+${text(term)}`;
  }, "");
}

function printTerm(coefficient: number, atoms: readonly Atom[], isAlone: boolean): string {
  if (atoms.length === 0) return String(coefficient);
  const bare = isAlone && atoms.length === 1 && coefficient === 1;
  const texts = atoms.map((atom) => printAtom(atom, bare)).sort();
  return (coefficient === 1 ? texts : [String(coefficient), ...texts]).join("*");
}

/** Names that are read as one word within arithmetic; others stand in quotes there. */
const WORD = /^[\p{L}_][\p{L}\p{N}_.:$#[\]]*(\([^()"]*\))?$/u;

function printAtom(atom: Atom, isBare: boolean): string {
  if (atom.kind === "symbol") return isBare || WORD.test(atom.name) ? atom.name : JSON.stringify(atom.name);
  if (atom.kind === "max") return `Max(${atom.sizes.map(String).join(", ")})`;
  const { above, below } = atom;
  const rest = typeof below === "number" ? withoutConstant(above, below - 1) : undefined;
  return rest === undefined ? `floor(${wrap(above)}/${divisor(below)})` : `ceil(${wrap(rest)}/${divisor(below)})`;
}

/** floor((n+3)/4) is better read as ceil(n/4). @returns undefined when the number in the sum is another */
function withoutConstant(above: Size, constant: number): Size | undefined {
  if (typeof above === "number" || constant === 0) return undefined;
  const rest = above.terms.filter(({ atoms }) => atoms.length > 0);
  const [own] = above.terms.filter(({ atoms }) => atoms.length === 0);
  return own?.coefficient === constant && rest.length > 0 ? SizeExpression.of(rest) : undefined;
}

function divisor(size: Size): string {
  const isOneAtom = typeof size === "number" || /^[^-+*]*$/.test(String(size));
  return isOneAtom ? String(size) : `(${String(size)})`;
}

/** In parentheses where it would else be torn apart. */
function wrap(size: Size): string {
  const isTorn = typeof size !== "number" && (size.terms.length > 1 || size.terms.some((term) => term.coefficient < 0));
  return isTorn ? `(${String(size)})` : String(size);
}
