import type { Dimension, Shape } from "../model/shape.ts";
import { broadcastShapes } from "./broadcast.ts";
import { product, UNKNOWN_SIZE } from "./dimension.ts";
import { ShapeError } from "./shape-error.ts";

/** Sizes of `batch` products of a rows×inner with an inner×columns matrix. */
export interface MatmulSizes {
  readonly batch: Dimension;
  readonly rows: Dimension;
  readonly inner: Dimension;
  readonly columns: Dimension;
}

/**
 * Shape of a matrix product by numpy's rules: a vector stands for a row on the left and a column on the right, and its axis
 * vanishes; the axes before the last two broadcast.
 * @throws ShapeError when the inner sizes differ, or for a scalar
 */
export function matmulShape(a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (a === undefined || b === undefined) return undefined;
  const { left, right } = matrices(a, b);
  const batch = broadcastShapes([left.batch, right.batch]);
  if (batch === undefined) return undefined;
  return [...batch, ...(a.length === 1 ? [] : [left.rows]), ...(b.length === 1 ? [] : [right.columns])];
}

/** What a matrix product multiplies; every size unknown where a rank is. */
export function matmulGeometry(a: Shape | undefined, b: Shape | undefined): MatmulSizes {
  if (a === undefined || b === undefined) {
    return { batch: UNKNOWN_SIZE, rows: UNKNOWN_SIZE, inner: UNKNOWN_SIZE, columns: UNKNOWN_SIZE };
  }
  const { left, right, inner } = matrices(a, b);
  const batch = broadcastShapes([left.batch, right.batch]);
  return { batch: batch === undefined ? UNKNOWN_SIZE : product(batch), rows: left.rows, inner, columns: right.columns };
}

/** The shape with its last two axes swapped; a vector stays as it is. */
export function transposeMatrix(shape: Shape): Shape;
export function transposeMatrix(shape: Shape | undefined): Shape | undefined;
export function transposeMatrix(shape: Shape | undefined): Shape | undefined {
  const rows = shape?.at(-2);
  const columns = shape?.at(-1);
  if (shape === undefined || rows === undefined || columns === undefined) return shape;
  return [...shape.slice(0, -2), columns, rows];
}

function matrices(a: Shape, b: Shape) {
  const inner = a.at(-1);
  const rightInner = b.length === 1 ? b[0] : b.at(-2);
  if (inner === undefined || rightInner === undefined)
    throw new ShapeError("a scalar cannot be an operand of a matrix product");
  return {
    left: { batch: a.slice(0, -2), rows: a.length === 1 ? 1 : (a.at(-2) ?? 1) },
    right: { batch: b.slice(0, -2), columns: b.length === 1 ? 1 : (b.at(-1) ?? 1) },
    inner: equalSizes(inner, rightInner, a, b),
  };
}

/** Of two sizes that must be equal, the one that is known. */
function equalSizes(left: Dimension, right: Dimension, a: Shape, b: Shape): Dimension {
  if (typeof left !== "number") return left === UNKNOWN_SIZE || typeof right === "number" ? right : left;
  if (typeof right === "number" && left !== right) {
    throw new ShapeError(
      `[${a.join(", ")}] and [${b.join(", ")}] cannot be multiplied: ${String(left)} is not ${String(right)}`,
    );
  }
  return left;
}
