import type * as Ort from "onnxruntime-node";
import { productGraph } from "../formats/onnx/product-graph.ts";
import type { Matrix } from "../numeric/matrix.ts";
import type { ProductOptions, Products } from "../numeric/products.ts";
import { loadOnnxRuntime, OWN_GRAPHS } from "../onnx-runtime.ts";
import { askStarted } from "./process/process-pool.ts";
import { ProcessEnded } from "./process/runtime-process.ts";

/**
 * Matrices are moved to the process that runs models until they were so many bytes, or products: by then loading ONNX Runtime here has cost
 * less. The search for a small model has some 40, rounding a network's weights hundreds.
 */
const MOST_MOVED_BYTES = 2 ** 25;
const MOST_MOVED_PRODUCTS = 64;
let movedProducts = 0;
let movedBytes = 0;

/** Of the four forms, made when they are first needed. */
const sessions = new Map<string, Promise<Ort.InferenceSession>>();

/** Two matrices of a form, and how many elements their product has. */
export interface Factors {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly a: Matrix;
  readonly b: Matrix;
  readonly elements: number;
}

/**
 * Large products through ONNX Runtime's Gemm: blocked, vectorised and threaded, where a loop in JavaScript takes fifty times as long. An edit
 * that multiplies little does so in the process that runs models, which has loaded it already.
 */
export class RuntimeProducts implements Products {
  async multiply(
    a: Matrix,
    b: Matrix,
    { transposeA = false, transposeB = false }: ProductOptions = {},
  ): Promise<Matrix> {
    const inner = transposeA ? a.rows : a.columns;
    if (inner !== (transposeB ? b.columns : b.rows))
      throw new RangeError(`${describe(a)} and ${describe(b)} do not multiply`);
    const rows = transposeA ? a.columns : a.rows;
    const columns = transposeB ? b.rows : b.columns;
    if (rows === 0 || columns === 0 || inner === 0) return { rows, columns, data: new Float32Array(rows * columns) };
    const factors = { transposeA, transposeB, a, b, elements: rows * columns };
    const elsewhere = mayMove(factors) ? await productElsewhere(factors) : undefined;
    return { rows, columns, data: elsewhere ?? (await productHere(factors)) };
  }
}

function mayMove({ a, b, elements }: Factors): boolean {
  movedProducts += 1;
  movedBytes += (a.data.length + b.data.length + elements) * Float32Array.BYTES_PER_ELEMENT;
  return movedBytes <= MOST_MOVED_BYTES && movedProducts <= MOST_MOVED_PRODUCTS;
}

/** In the process that runs models; undefined where none is there. */
export async function productElsewhere({ a, b, ...form }: Factors): Promise<Float32Array | undefined> {
  const shapes = [a, b].map(({ rows, columns }) => [rows, columns]);
  const asked = askStarted("ONNX Runtime", {
    action: "multiply",
    value: { form: nameOf(form), shapes, options: OWN_GRAPHS },
    arrays: [graphOf(form), a.data, b.data],
  });
  const answer = await asked?.catch((error: unknown) => {
    if (error instanceof ProcessEnded) return undefined;
    throw error;
  });
  return answer?.arrays[0] as Float32Array | undefined;
}

/** In this one. */
export async function productHere({ a, b, ...form }: Factors): Promise<Float32Array> {
  const { InferenceSession, Tensor } = await loadOnnxRuntime();
  const name = nameOf(form);
  const opened = sessions.get(name) ?? InferenceSession.create(graphOf(form), OWN_GRAPHS);
  sessions.set(name, opened);
  const session = await opened;
  const { c } = await session.run({
    a: new Tensor("float32", a.data, [a.rows, a.columns]),
    b: new Tensor("float32", b.data, [b.rows, b.columns]),
  });
  return c?.data as Float32Array;
}

type Form = Pick<Factors, "transposeA" | "transposeB">;

function nameOf({ transposeA, transposeB }: Form): string {
  return `${transposeA}${transposeB}`;
}

function graphOf({ transposeA, transposeB }: Form): Uint8Array {
  return productGraph(transposeA, transposeB);
}

function describe({ rows, columns }: Matrix): string {
  return `${rows}×${columns}`;
}
