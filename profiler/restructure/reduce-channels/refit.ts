import { matrix, type Matrix } from "../../numeric/matrix.ts";
import { RuntimeProducts, type Products } from "../../numeric/products.ts";
import { SmallProducts } from "../../numeric/small-products.ts";
import { newWeights, type BatchNormForm, type Form, type Weights } from "../forms.ts";
import { isKind, type LayerId, type LiftedLayer } from "../lifted.ts";
import { inputPatches } from "../patches.ts";
import type { RewriteContext } from "../restructuring.ts";
import type { ChannelMap } from "./channel-map.ts";
import { Correction } from "./correction.ts";
import type { Unit } from "./groups.ts";
import {
  columnsOf,
  isDepthwise,
  isLinear,
  linearSizes,
  rowsOf,
  type LinearForm,
  type LinearLayer,
} from "./linear-layer.ts";
import { keptPositions, sliced } from "./prune.ts";

/**
 * Layers that lost input channels, fitted one after the other to what the layers before them now give (He et al., ICCV 2017): each gets
 * the weights and bias that bring its outputs, before its activation, nearest to those of the whole network on the calibration samples.
 * A bias that a layer does not have is taken over by the mean of the batch normalization behind it. Quantized layers are left alone:
 * their scales fit the weights they have.
 * @param pruned all layers that changed
 */
export async function refitted(
  map: ChannelMap,
  removed: ReadonlySet<Unit>,
  pruned: ReadonlyMap<LayerId, Form>,
  context: RewriteContext,
): Promise<ReadonlyMap<LayerId, Form>> {
  const forms = new Map(pruned);
  const products = { large: new RuntimeProducts(), small: new SmallProducts() };
  const readers = map.graph.layers
    .filter(isLinear)
    .filter(({ inputs, form }) => keptPositions(map, inputs[0], removed) !== undefined && !form.weight.quantization);
  for (const [index, layer] of readers.entries()) {
    context.signal?.throwIfAborted();
    context.onProgress?.(index / readers.length, `fitting ${layer.name}`);
    const fit = new Refit(
      map,
      layer,
      removed,
      linearSizes(layer.form).columns < SMALL ? products.small : products.large,
    );
    for (const [id, form] of await fit.forms(forms, context)) forms.set(id, form);
  }
  return forms;
}

/** Inputs of one output (a depthwise kernel) below which the runtime is not worth a call. */
const SMALL = 32;

/** One layer to be fitted. */
class Refit {
  /** Takes over a bias that the layer does not have. */
  readonly #norm: LiftedLayer<BatchNormForm> | undefined;

  constructor(
    private readonly map: ChannelMap,
    private readonly layer: LinearLayer,
    private readonly removed: ReadonlySet<Unit>,
    private readonly products: Products,
  ) {
    const next = map.graph.onlyConsumer(layer.outputs[0]);
    this.#norm = next && isKind(next, "batch-norm") && layer.form.activation === undefined ? next : undefined;
  }

  /**
   * The layer with new weights, and the normalization that took over its bias.
   * @param current all layers that changed so far, this one among them
   */
  async forms(
    current: ReadonlyMap<LayerId, Form>,
    { activations, activationsAfter, seed, signal }: RewriteContext,
  ): Promise<ReadonlyMap<LayerId, Form>> {
    const { layer, map } = this;
    const form = current.get(layer.id);
    if (!activations || !activationsAfter || (form?.kind !== "conv" && form?.kind !== "dense")) return new Map();
    const reduced: LiftedLayer<LinearForm> = { ...layer, form };
    const source = await activationsAfter({ replace: current });
    const before = inputPatches(map.graph, layer, { activations, seed });
    const after = inputPatches(map.graph, reduced, { activations: source, seed });
    if (!before || !after) return new Map();
    const groups = await this.#groups(form);
    const fitsBias = form.bias !== undefined || this.#norm !== undefined;
    const corrections = groups.map(
      ({ given }) => new Correction(given.weight.columns + (fitsBias ? 1 : 0), given.weight.rows, this.products),
    );
    for await (const [old, now] of together(before, after)) {
      signal?.throwIfAborted();
      for (const [index, { wanted, given }] of groups.entries()) {
        const missing = difference(await this.#product(old, wanted), await this.#product(now, given));
        await corrections[index]?.add(columnsOf(now, given.begin, given.weight.columns, fitsBias), missing);
      }
    }
    const changes: Matrix[] = [];
    for (const correction of corrections) changes.push(await correction.solve());
    return this.#corrected(form, current, changes);
  }

  /** What each group of the reduced layer was, and what it is now. Outputs that went are no longer wanted. */
  async #groups(form: LinearForm): Promise<readonly FittedGroup[]> {
    const { layer, map, removed } = this;
    const kept = keptPositions(map, layer.outputs[0], removed);
    // A group of a depthwise layer is a channel: those that went have left gaps.
    const places = isDepthwise(layer.form) ? keptPositions(map, layer.inputs[0], removed) : undefined;
    const { columns: columnsBefore } = linearSizes(layer.form);
    const { outputs, groups, columns } = linearSizes(form);
    const before = matrix(outputs, columnsBefore, await sliced(layer.form.weight, 0, kept).read());
    const after = matrix(outputs, columns, await form.weight.read());
    const rows = outputs / groups;
    return Array.from({ length: groups }, (_, group) => ({
      wanted: { weight: rowsOf(before, group * rows, rows), begin: (places?.[group] ?? group) * columnsBefore },
      given: { weight: rowsOf(after, group * rows, rows), begin: group * columns },
    }));
  }

  #product(patches: Matrix, { weight, begin }: Part): Promise<Matrix> {
    return this.products.multiply(columnsOf(patches, begin, weight.columns), weight, { transposeB: true });
  }

  async #corrected(
    form: LinearForm,
    current: ReadonlyMap<LayerId, Form>,
    changes: readonly Matrix[],
  ): Promise<ReadonlyMap<LayerId, Form>> {
    const { outputs, columns } = linearSizes(form);
    const weight = Float32Array.from(await form.weight.read());
    const shift = new Float32Array(outputs);
    let output = 0;
    for (const change of changes) {
      for (let row = 0; row < change.rows; row += 1, output += 1) {
        const from = row * change.columns;
        for (let column = 0; column < columns; column += 1)
          weight[output * columns + column] =
            (weight[output * columns + column] ?? 0) + (change.data[from + column] ?? 0);
        shift[output] = change.columns > columns ? (change.data[from + columns] ?? 0) : 0;
      }
    }
    const { shape, dataType } = form.weight;
    const bias = form.bias && (await shifted(form.bias, shift, 1));
    const fitted: LinearForm = { ...form, weight: newWeights(shape, weight, dataType), bias };
    const forms = new Map<LayerId, Form>([[this.layer.id, fitted]]);
    if (bias !== undefined || this.#norm === undefined) return forms;
    const before = current.get(this.#norm.id);
    const norm = before?.kind === "batch-norm" ? before : this.#norm.form;
    return forms.set(this.#norm.id, { ...norm, mean: await shifted(norm.mean, shift, -1) });
  }
}

/** Outputs of one group, before and after. */
interface FittedGroup {
  readonly wanted: Part;
  readonly given: Part;
}

/** Weights of some outputs, and the first column of the patches that they see. */
interface Part {
  readonly weight: Matrix;
  readonly begin: number;
}

async function shifted(weights: Weights, shift: Float32Array, sign: 1 | -1): Promise<Weights> {
  const elements = await weights.read();
  const sum = elements.map((value, index) => value + sign * (shift[index] ?? 0));
  return newWeights(weights.shape, sum, weights.dataType);
}

function difference(a: Matrix, b: Matrix): Matrix {
  return matrix(
    a.rows,
    a.columns,
    a.data.map((value, index) => value - (b.data[index] ?? 0)),
  );
}

/** Two runs on the same samples, batch by batch. */
async function* together<T>(left: AsyncIterable<T>, right: AsyncIterable<T>): AsyncGenerator<readonly [T, T]> {
  const others = right[Symbol.asyncIterator]();
  try {
    for await (const value of left) {
      const other = await others.next();
      if (other.done === true) return;
      yield [value, other.value];
    }
  } finally {
    await others.return?.();
  }
}
