import { operatorsOfKernel } from "../../formats/tflite/xnnpack-kernels.ts";
import type { LayerProfile } from "../../profile.ts";
import type { BenchmarkedOperator } from "./parse-profile.ts";

/**
 * XNNPACK's operators where they are listed for themselves, without a row of the delegate: "Delegate/Convolution (NHWC, QC8) IGEMM:0". They
 * have no names of tensors; what is known is the order in which they run, and which operators of a file each kind may come from.
 */
const DELEGATED = "Delegate/";

/** Rows that a profile's operators are, by the operators' places in it; operators that are none of them are left out. */
export type Alignment = ReadonlyMap<number, LayerProfile>;

export function isXnnpackOperator({ name }: BenchmarkedOperator): boolean {
  return name.startsWith(DELEGATED);
}

/**
 * Aligns XNNPACK's operators with the graph's rows: both are in order, and the alignment is the longest in which each operator meets a row
 * that it may come from. What TFLite's own kernels ran has names and holds its place.
 * @param named rows of operators that are known by their tensors
 */
export function alignXnnpack(
  operators: readonly BenchmarkedOperator[],
  layers: readonly LayerProfile[],
  named: (operator: BenchmarkedOperator) => LayerProfile | undefined,
): Alignment {
  const known = operators.map((operator) => (isXnnpackOperator(operator) ? undefined : named(operator)));
  const taken = new Set(known);
  const rows = layers.filter((row) => row.role === "compute" || taken.has(row));
  const fits = (at: number, row: LayerProfile): boolean => {
    const operator = operators[at];
    if (operator === undefined) return false;
    if (!isXnnpackOperator(operator)) return known[at] === row;
    return !taken.has(row) && operatorsOfKernel(operator.type).includes(row.op);
  };
  const width = rows.length + 1;
  // Of the operators and rows behind each place: how many meet at most.
  const most = new Uint32Array((operators.length + 1) * width);
  const at = (operator: number, row: number): number => most[operator * width + row] ?? 0;
  for (let operator = operators.length - 1; operator >= 0; operator -= 1)
    for (let row = rows.length - 1; row >= 0; row -= 1) {
      const layer = rows[row];
      const met = layer !== undefined && fits(operator, layer) ? 1 + at(operator + 1, row + 1) : 0;
      most[operator * width + row] = Math.max(met, at(operator + 1, row), at(operator, row + 1));
    }
  const found = new Map<number, LayerProfile>();
  for (let operator = 0, row = 0; operator < operators.length && row < rows.length;) {
    const layer = rows[row];
    if (layer !== undefined && fits(operator, layer) && at(operator, row) === 1 + at(operator + 1, row + 1)) {
      found.set(operator, layer);
      operator += 1;
      row += 1;
    } else if (at(operator, row + 1) === at(operator, row)) row += 1;
    else operator += 1;
  }
  return found;
}
