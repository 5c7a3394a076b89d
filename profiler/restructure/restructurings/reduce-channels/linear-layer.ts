import { matrix, type Matrix } from "../../../numeric/matrix.ts";
import type { ConvForm, ConvTransposeForm, DenseForm } from "../../../neutral/forms.ts";
import { isKind, type NeutralLayer } from "../../../neutral/neutral-graph.ts";

export type LinearForm = ConvForm | DenseForm;
export type LinearLayer = NeutralLayer<ConvForm> | NeutralLayer<DenseForm>;

export function isLinear(layer: NeutralLayer): layer is LinearLayer {
  return isKind(layer, "conv") || isKind(layer, "dense");
}

/** Layers that make channels of others: the linear ones that can be fitted, and transposed convolutions. */
export type MakerLayer = LinearLayer | NeutralLayer<ConvTransposeForm>;

export function isMaker(layer: NeutralLayer): layer is MakerLayer {
  return isLinear(layer) || isKind(layer, "conv-transpose");
}

/** Channels or features that it makes. */
export function outputsOf(form: MakerLayer["form"]): number {
  const [first = 0, second = 0] = form.weight.shape;
  return form.kind === "conv-transpose" ? second * form.groups : first;
}

/** Whether each output channel is made of one input channel alone. */
export function isDepthwise(form: MakerLayer["form"]): boolean {
  if (form.kind === "conv-transpose") return form.groups > 1 && form.weight.shape[0] === form.groups;
  return form.kind === "conv" && form.groups > 1 && form.weight.shape[1] === 1;
}

/** A layer as one product for each of its groups: outputs/groups × columns weights, columns being input channels/groups · kernel…. */
export interface LinearSizes {
  readonly outputs: number;
  readonly groups: number;
  readonly columns: number;
  /** Elements of a kernel: neighbouring columns of one input channel. */
  readonly taps: number;
}

export function linearSizes(form: LinearForm): LinearSizes {
  const [outputs = 0, perGroup = 0, ...kernel] = form.weight.shape;
  const taps = kernel.reduce((product, size) => product * size, 1);
  return { outputs, groups: form.kind === "conv" ? form.groups : 1, columns: perGroup * taps, taps };
}

/** Columns `begin` to before `begin + count`. */
export function columnsOf(source: Matrix, begin: number, count: number): Matrix {
  if (begin === 0 && count === source.columns) return source;
  const result = matrix(source.rows, count);
  for (let row = 0; row < source.rows; row += 1) {
    const from = row * source.columns + begin;
    result.data.set(source.data.subarray(from, from + count), row * count);
  }
  return result;
}

/** Rows `begin` to before `begin + count`, without a copy. */
export function rowsOf({ columns, data }: Matrix, begin: number, count: number): Matrix {
  return matrix(count, columns, data.subarray(begin * columns, (begin + count) * columns));
}
