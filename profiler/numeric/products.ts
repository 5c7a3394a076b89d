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
