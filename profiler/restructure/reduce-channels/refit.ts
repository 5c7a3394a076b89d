import { LeastSquares } from "../../numeric/least-squares.ts";
import { matrix, transposed, type Matrix } from "../../numeric/matrix.ts";
import { RuntimeProducts } from "../../numeric/products.ts";
import { newWeights, type BatchNormForm, type ConvForm, type DenseForm, type Form } from "../forms.ts";
import { isKind, type LayerId, type LiftedLayer } from "../lifted.ts";
import { inputPatches } from "../patches.ts";
import type { RewriteContext } from "../restructuring.ts";
import type { ChannelMap } from "./channel-map.ts";
import type { Unit } from "./groups.ts";
import { keptPositions } from "./prune.ts";

type Linear = LiftedLayer<ConvForm> | LiftedLayer<DenseForm>;

export async function refitted(
  map: ChannelMap,
  removed: ReadonlySet<Unit>,
  pruned: ReadonlyMap<LayerId, Form>,
  context: RewriteContext,
): Promise<Map<LayerId, Form>> {
  const forms = new Map(pruned);
  const products = new RuntimeProducts();
  const { activationsAfter, activations, seed } = context;
  if (!activations || !activationsAfter) return forms;
  const consumers = map.graph.layers.filter((layer): layer is Linear => (isKind(layer, "conv") || isKind(layer, "dense")) && keptPositions(map, layer.inputs[0], removed) !== undefined);
  for (const [index, layer] of consumers.entries()) {
    context.signal?.throwIfAborted();
    context.onProgress?.(index / consumers.length, `fitting ${layer.name}`);
    const form = forms.get(layer.id) as ConvForm | DenseForm;
    const [outputs = 0, ...rest] = form.weight.shape;
    const columns = rest.reduce((a, b) => a * b, 1);
    const groups = form.kind === "conv" ? form.groups : 1;
    const reduced = { ...layer, form } as LiftedLayer<ConvForm | DenseForm>;
    const after = await activationsAfter({ replace: forms });
    const before = inputPatches(map.graph, layer, { activations, seed });
    const now = inputPatches(map.graph, reduced, { activations: after, seed });
    if (!before || !now) continue;
    const kept = keptPositions(map, layer.outputs[0], removed);
    const whole = await originalRows(layer, kept);
    const sliced = matrix(outputs, columns, await form.weight.read());
    const sums = new LeastSquares(columns + 1, outputs, products);
    if (groups > 1) continue;
    const iterator = now[Symbol.asyncIterator]();
    for await (const old of before) {
      const next = await iterator.next();
      if (next.done) break;
      const target = await products.multiply(old, whole, { transposeB: true });
      const have = await products.multiply(next.value, sliced, { transposeB: true });
      await sums.add(withOnes(next.value), matrix(target.rows, target.columns, target.data.map((v, i) => v - (have.data[i] ?? 0))));
    }
    const delta = transposed(sums.solve());
    const weight = sliced.data.slice();
    const bias = new Float32Array((await form.bias?.read()) ?? new Float32Array(outputs));
    for (let o = 0; o < outputs; o++) {
      for (let c = 0; c < columns; c++) weight[o * columns + c] = (weight[o * columns + c] ?? 0) + (delta.data[o * (columns + 1) + c] ?? 0);
      bias[o] = (bias[o] ?? 0) + (delta.data[o * (columns + 1) + columns] ?? 0);
    }
    const isBiased = form.bias !== undefined;
    forms.set(layer.id, { ...form, weight: newWeights(form.weight.shape, weight), ...(isBiased && { bias: newWeights([outputs], bias) }) } as Form);
    if (!isBiased) {
      const next = map.graph.onlyConsumer(layer.outputs[0]);
      if (next && isKind(next, "batch-norm")) {
        const norm = (forms.get(next.id) ?? next.form) as BatchNormForm;
        const mean = await norm.mean.read();
        forms.set(next.id, { ...norm, mean: newWeights([outputs], mean.map((m, o) => m - (bias[o] ?? 0))) });
      }
    }
  }
  return forms;
}

async function originalRows({ form: { weight } }: Linear, kept: readonly number[] | undefined): Promise<Matrix> {
  const elements = await weight.read();
  const [outputs = 0] = weight.shape;
  const columns = elements.length / outputs;
  const rows = kept ?? Array.from({ length: outputs }, (_, index) => index);
  const result = matrix(rows.length, columns);
  for (const [to, from] of rows.entries()) result.data.set(elements.subarray(from * columns, (from + 1) * columns), to * columns);
  return result;
}

function withOnes({ rows, columns, data }: Matrix): Matrix {
  const result = matrix(rows, columns + 1);
  for (let row = 0; row < rows; row++) {
    result.data.set(data.subarray(row * columns, (row + 1) * columns), row * (columns + 1));
    result.data[row * (columns + 1) + columns] = 1;
  }
  return result;
}
