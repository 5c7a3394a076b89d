import type { Dimension, Shape } from "../model/shape.ts";
import { broadcastShapes } from "./broadcast.ts";
import { UNKNOWN_SIZE } from "./dimension.ts";
import { ShapeError } from "./shape-error.ts";

/** One operand's or the output's axes: a letter each, and where "..." stands, if it does. */
export interface EinsumTerm {
  readonly before: readonly string[];
  readonly hasEllipsis: boolean;
  readonly after: readonly string[];
}

export interface EinsumEquation {
  readonly operands: readonly EinsumTerm[];
  readonly output: EinsumTerm;
}

export interface EinsumIndex {
  /** The letter, or "...0", "...1" for the axes that "..." stands for. */
  readonly label: string;
  readonly size: Dimension;
}

export interface EinsumResult {
  /** undefined when the rank of "..." is not known. */
  readonly shape: Shape | undefined;
  /** Every index of the equation once, in order of appearance: the product runs over all of them. */
  readonly indices: readonly EinsumIndex[];
}

/**
 * "bij,bjk->bik". Without "->", the output is the ellipsis, then every letter that occurs once, sorted: numpy's implicit form.
 * @throws ShapeError when it is no equation
 */
export function parseEinsum(equation: string): EinsumEquation {
  const [left = "", right, ...rest] = equation.replace(/\s/g, "").split("->");
  if (rest.length > 0) throw new ShapeError(`"${equation}" has more than one arrow`);
  const operands = left.split(",").map((term) => parseTerm(term, equation));
  return { operands, output: right === undefined ? implicitOutput(operands) : parseTerm(right, equation) };
}

/**
 * Output shape and index sizes of an equation on operands of these shapes; operands of unknown rank leave what only they tell unknown.
 * @throws ShapeError when operands and equation disagree
 */
export function einsumShape(equation: string, shapes: readonly (Shape | undefined)[]): EinsumResult {
  const { operands, output } = parseEinsum(equation);
  if (operands.length !== shapes.length) {
    throw new ShapeError(`"${equation}" is for ${String(operands.length)} operands, not ${String(shapes.length)}`);
  }
  const sizes = new Map<string, Dimension>();
  const ellipses: (Shape | undefined)[] = [];
  operands.forEach((term, position) => {
    const shape = shapes[position];
    const named = term.before.length + term.after.length;
    if (shape !== undefined && (term.hasEllipsis ? shape.length < named : shape.length !== named)) {
      throw new ShapeError(`operand ${String(position)} of "${equation}" has ${String(shape.length)} axes`);
    }
    const behind = shape === undefined ? 0 : shape.length - term.after.length;
    term.before.forEach((label, axis) => {
      merge(sizes, label, shape?.[axis], equation);
    });
    term.after.forEach((label, axis) => {
      merge(sizes, label, shape?.[behind + axis], equation);
    });
    if (term.hasEllipsis) ellipses.push(shape?.slice(term.before.length, behind));
  });
  const ellipsis = ellipses.length === 0 ? [] : broadcastShapes(ellipses);
  const sizeOf = (label: string): Dimension => {
    const size = sizes.get(label);
    if (size === undefined) throw new ShapeError(`"${equation}" has "${label}" only in its output`);
    return size;
  };
  const spread = output.hasEllipsis ? ellipsis : [];
  return {
    shape: spread && [...output.before.map(sizeOf), ...spread, ...output.after.map(sizeOf)],
    indices: [
      ...(ellipsis ?? [UNKNOWN_SIZE]).map((size, axis) => ({ label: `...${String(axis)}`, size })),
      ...[...sizes].map(([label, size]) => ({ label, size })),
    ],
  };
}

function parseTerm(text: string, equation: string): EinsumTerm {
  const parts = text.split("...");
  if (parts.length > 2 || !parts.every((part) => /^[A-Za-z]*$/.test(part))) {
    throw new ShapeError(`"${text}" in "${equation}" is not a list of axes`);
  }
  const [before = "", after = ""] = parts;
  return { before: Array.from(before), hasEllipsis: parts.length === 2, after: Array.from(after) };
}

function implicitOutput(operands: readonly EinsumTerm[]): EinsumTerm {
  const labels = operands.flatMap((term) => [...term.before, ...term.after]);
  const once = labels.filter((label) => labels.indexOf(label) === labels.lastIndexOf(label)).sort();
  return { before: [], hasEllipsis: operands.some((term) => term.hasEllipsis), after: once };
}

/** One letter, one size; 1 broadcasts, as the runtimes have it. */
function merge(sizes: Map<string, Dimension>, label: string, size: Dimension | undefined, equation: string): void {
  const known = sizes.get(label);
  const found = size ?? UNKNOWN_SIZE;
  if (known === undefined || known === 1 || typeof known !== "number") {
    if (known === undefined || known === UNKNOWN_SIZE || known === 1 || (typeof found === "number" && found !== 1))
      sizes.set(label, found);
    return;
  }
  if (typeof found === "number" && found !== 1 && found !== known) {
    throw new ShapeError(`"${label}" in "${equation}" is both ${String(known)} and ${String(found)}`);
  }
}
