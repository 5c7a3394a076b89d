import { floatGraph, gemm } from "./float-graph.ts";

/** A model that multiplies two matrices of any size, `a` and `b`, to `c`: op(a) · op(b), each transposed where asked for. */
export function productGraph(transposeA: boolean, transposeB: boolean): Uint8Array {
  return floatGraph("gemm", [gemm(["a", "b"], "c", { transposeA, transposeB })], ["a", "b"], ["c"]);
}
