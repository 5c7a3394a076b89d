import type * as Ort from "onnxruntime-node";
import { productGraph } from "../formats/onnx/product-graph.ts";
import { loadOnnxRuntime, QUIET_THREADS } from "../onnx-runtime.ts";
import type { Matrix } from "./matrix.ts";

export interface ProductOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Products of large matrices. */
export interface Products {
  /** op(a) · op(b), each transposed where asked for. */
  multiply(a: Matrix, b: Matrix, options?: ProductOptions): Promise<Matrix>;
}

/**
 * Large products through ONNX Runtime's Gemm: blocked, vectorised and threaded, where a loop in JavaScript takes fifty times as long.
 * One session for each of the four forms, made when it is first needed.
 */
export class RuntimeProducts implements Products {
  readonly #sessions = new Map<string, Promise<Ort.InferenceSession>>();

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
    const { Tensor } = await loadOnnxRuntime();
    const session = await this.#session(transposeA, transposeB);
    const result = await session.run({
      a: new Tensor("float32", a.data, [a.rows, a.columns]),
      b: new Tensor("float32", b.data, [b.rows, b.columns]),
    });
    return { rows, columns, data: result.c?.data as Float32Array };
  }

  #session(transposeA: boolean, transposeB: boolean): Promise<Ort.InferenceSession> {
    const key = `${transposeA}${transposeB}`;
    const known = this.#sessions.get(key) ?? openGemm(transposeA, transposeB);
    this.#sessions.set(key, known);
    return known;
  }
}

async function openGemm(transposeA: boolean, transposeB: boolean): Promise<Ort.InferenceSession> {
  const { InferenceSession } = await loadOnnxRuntime();
  return InferenceSession.create(productGraph(transposeA, transposeB), {
    logSeverityLevel: 3,
    extra: { session: QUIET_THREADS },
  });
}

function describe({ rows, columns }: Matrix): string {
  return `${rows}×${columns}`;
}
