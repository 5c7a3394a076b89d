import type { Matrix } from "../numeric/matrix.ts";
import type { Rounding } from "./rounding.ts";

/** A layer of which few weights stay: each row is looked at by those alone, exactly. */
export interface KeptWeights {
  /** The weights that stay, by exact least squares over them for each row. */
  solved(target: Matrix): Promise<Matrix>;
  /**
   * What taking each of the weights that stay out costs, the others of its row making up for it: w² / [H⁻¹]ⱼⱼ with H among them.
   * @param solved what `solved` made
   * @returns rows × columns, 0 for those that are out
   */
  saliencies(solved: Matrix): Promise<Float32Array>;
  /**
   * Rounds the weights that stay, the errors of each passed on to those of its row that stay and are still to come: see
   * `OutputError.passErrors`, here over what stays alone.
   * @param solved what `solved` made
   */
  rounded(solved: Matrix, rounding: Rounding): Promise<Matrix>;
  /** Σ x · H · xᵀ for changes of what stays. */
  errorOf(change: Matrix): Promise<number>;
  /**
   * H between the values of a table, summed over all weights that have them.
   * @param indices rows × columns: which value each weight has
   * @param solved what `solved` made
   * @returns `gram` size × size, `right` size: gram · values = right has the best values
   */
  tableEquations(
    indices: Uint8Array,
    size: number,
    solved: Matrix,
  ): Promise<{ readonly gram: Float64Array; readonly right: Float64Array }>;
}
