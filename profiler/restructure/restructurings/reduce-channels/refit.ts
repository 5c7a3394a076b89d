import { RidgeRegression, type LinearModel } from "../../../numeric/ridge-regression.ts";
import { matrix, type Matrix } from "../../../numeric/matrix.ts";
import type { Products } from "../../../numeric/products.ts";
import { RuntimeProducts } from "../../../runtime/runtime-products.ts";
import { SmallProducts } from "../../../numeric/small-products.ts";
import type { Form } from "../../../neutral/forms.ts";
import { newWeights, type Weights } from "../../../neutral/weights.ts";
import type { LayerId } from "../../../neutral/neutral-graph.ts";
import { patchesOfLayers, type Patches } from "../../approximation/patches.ts";
import type { RewriteContext } from "../../restructuring.ts";
import type { ChannelMap, Unit } from "./channel-map.ts";
import { runsOf, stagesOf } from "./fit-order.ts";
import { columnsOf, isDepthwise, linearSizes, rowsOf, type LinearForm, type LinearLayer } from "./linear-layer.ts";
import { keptPositions, sliced, type KeptPositions } from "./prune.ts";
import { linearForm, normBehind, readersOf, shiftedOutputs, type Reader } from "./readers.ts";

/**
 * Layers that lost input channels, fitted one after the other to what the layers before them now give (He et al., ICCV 2017): each gets
 * the weights and bias that bring its outputs, before its activation, nearest to those of the whole network on the calibration samples.
 * A bias that a layer does not have is taken over by the mean of the batch normalization behind it. Quantized layers are fitted in
 * float, and their new weights get scales of their own when they are written. Layers that share their weights are fitted as one, to what
 * all of them see, when the first one's turn comes.
 * @param pruned all layers that changed
 */
export async function refitted(
  map: ChannelMap,
  removed: ReadonlySet<Unit>,
  pruned: ReadonlyMap<LayerId, Form>,
  context: RewriteContext,
): Promise<ReadonlyMap<LayerId, Form>> {
  const { activations, activationsAfter, seed, signal, onProgress } = context;
  const forms = new Map(pruned);
  if (!activations || !activationsAfter) return forms;
  const { graph } = map;
  const kept = keptPositions(map, removed);
  const readers = readersOf(map, kept, pruned);
  const fits = new Map(readers.map((reader): [LinearLayer, Refit] => [reader.layers[0], new Refit(map, reader, kept)]));
  const stages = stagesOf(graph, [...fits.keys()]);
  let done = 0;
  for (const run of runsOf(graph, stages, await activations.countSamples())) {
    const waiting = run.flat().flatMap((layer) => readersFittedBy(fits.get(layer)));
    for await (const batch of patchesOfLayers(
      graph,
      waiting.map(({ reader }) => reader),
      { activations, seed },
    ) ?? []) {
      signal?.throwIfAborted();
      for (const [index, { fit }] of waiting.entries()) await fit.want(batch[index]);
    }
    for (const stage of run) {
      onProgress?.(done / fits.size, `fitting ${stage.map(({ name }) => name).join(", ")}`);
      const source = await activationsAfter({ replace: forms });
      const fitting = stage.flatMap((layer) => readersFittedBy(fits.get(layer)));
      const reduced = fitting.map(({ reader }) => ({
        ...reader,
        form: linearForm(pruned.get(reader.id)) ?? reader.form,
      }));
      for await (const batch of patchesOfLayers(graph, reduced, { activations: source, seed }) ?? []) {
        signal?.throwIfAborted();
        for (const [index, { fit }] of fitting.entries()) await fit.add(batch[index]);
      }
      for (const layer of stage) {
        signal?.throwIfAborted();
        for (const [id, form] of (await fits.get(layer)?.fitted(forms)) ?? []) forms.set(id, form);
      }
      done += stage.length;
    }
  }
  return forms;
}

function readersFittedBy(fit: Refit | undefined): readonly { readonly reader: LinearLayer; readonly fit: Refit }[] {
  return fit ? fit.layers.map((reader) => ({ reader, fit })) : [];
}

/** Inputs of one output (a depthwise kernel) below which the runtime is not worth a call. */
const SMALL = 32;

/** For large layers, and for small ones. */
const PRODUCTS: Readonly<Record<"large" | "small", Products>> = {
  large: new RuntimeProducts(),
  small: new SmallProducts(),
};

/** One layer to be fitted, or several with the same weights. */
class Refit {
  readonly layers: Reader["layers"];
  /** The first of them without what went. */
  readonly form: LinearForm;
  readonly #products: Products;
  readonly #fitsBias: boolean;
  /** For each batch that is still to be fitted, what each group of the reduced layer gave in the whole network. */
  readonly #wanted: (readonly Matrix[])[] = [];
  #corrections: readonly RidgeRegression[] | undefined;

  constructor(
    private readonly map: ChannelMap,
    { layers, form }: Reader,
    private readonly kept: KeptPositions,
  ) {
    this.layers = layers;
    this.form = form;
    this.#products = PRODUCTS[layers.every((layer) => linearSizes(layer.form).columns < SMALL) ? "small" : "large"];
    this.#fitsBias = layers.every((layer) => layer.form.bias !== undefined || normBehind(map.graph, layer));
  }

  /** @param patches of a batch in the whole network; the batches in order, before they are added */
  async want(patches: Matrix | undefined): Promise<void> {
    const parts = await this.#partsBefore();
    const outputs: Matrix[] = [];
    if (patches) for (const part of parts) outputs.push(await this.#product(patches, part));
    this.#wanted.push(outputs);
  }

  /** @param patches of the same batch in the network as it is now */
  async add(patches: Patches | undefined): Promise<void> {
    const wanted = this.#wanted.shift();
    if (!patches) return;
    const parts = await this.#partsNow();
    const { columns } = linearSizes(this.form);
    this.#corrections ??= parts.map(
      ({ weight }) => new RidgeRegression(columns, weight.rows, this.#products, { fitsIntercept: this.#fitsBias }),
    );
    for (const [group, part] of parts.entries()) {
      const before = wanted?.[group];
      if (!before) continue;
      const missing = difference(before, await this.#product(patches, part));
      await this.#corrections[group]?.add(columnsOf(patches, part.begin, columns), missing, patches.samples);
    }
  }

  /**
   * The layer with new weights, and the normalization that took over its bias.
   * @param current all layers that changed so far
   */
  async fitted(current: ReadonlyMap<LayerId, Form>): Promise<ReadonlyMap<LayerId, Form>> {
    if (!this.#corrections) return new Map();
    const changes: LinearModel[] = [];
    for (const correction of this.#corrections) changes.push(await correction.solve());
    return this.#corrected(current, changes);
  }

  #before: Promise<readonly Part[]> | undefined;

  /** Each group of the reduced layer as it was. Outputs that went are no longer wanted. */
  #partsBefore(): Promise<readonly Part[]> {
    this.#before ??= (async () => {
      const [layer] = this.layers;
      const { kept } = this;
      // A group of a depthwise layer is a channel: those that went have left gaps.
      const places = isDepthwise(layer.form) ? kept(layer.inputs[0]) : undefined;
      const { columns } = linearSizes(layer.form);
      return this.#parts(
        sliced(layer.form.weight, 0, kept(layer.outputs[0])),
        columns,
        (group) => places?.[group] ?? group,
      );
    })();
    return this.#before;
  }

  #now: Promise<readonly Part[]> | undefined;

  /** Each group of the reduced layer. */
  #partsNow(): Promise<readonly Part[]> {
    this.#now ??= this.#parts(this.form.weight, linearSizes(this.form).columns, (group) => group);
    return this.#now;
  }

  async #parts(weight: Weights, columns: number, placeOf: (group: number) => number): Promise<readonly Part[]> {
    const { outputs, groups } = linearSizes(this.form);
    const whole = matrix(outputs, columns, await weight.read());
    const rows = outputs / groups;
    return Array.from({ length: groups }, (_, group) => ({
      weight: rowsOf(whole, group * rows, rows),
      begin: placeOf(group) * columns,
    }));
  }

  #product(patches: Matrix, { weight, begin }: Part): Promise<Matrix> {
    return this.#products.multiply(columnsOf(patches, begin, weight.columns), weight, { transposeB: true });
  }

  async #corrected(
    current: ReadonlyMap<LayerId, Form>,
    changes: readonly LinearModel[],
  ): Promise<ReadonlyMap<LayerId, Form>> {
    const { outputs, columns } = linearSizes(this.form);
    const elements = Float32Array.from(await this.form.weight.read());
    const shift = new Float32Array(outputs);
    let output = 0;
    for (const { weight: change, intercept } of changes) {
      for (let row = 0; row < change.columns; row += 1, output += 1) {
        for (let column = 0; column < columns; column += 1) {
          const at = output * columns + column;
          elements[at] = (elements[at] ?? 0) + (change.data[column * change.columns + row] ?? 0);
        }
        shift[output] = intercept[row] ?? 0;
      }
    }
    const { shape, dataType } = this.form.weight;
    const weight = newWeights(shape, elements, dataType);
    const weighted = this.layers.flatMap(({ id }) => {
      const form = linearForm(current.get(id));
      return form ? [[id, { ...form, weight }] as const] : [];
    });
    const forms = new Map([...current, ...weighted]);
    const shifted = shiftedOutputs(this.map.graph, this.layers, forms, () => Promise.resolve(shift));
    return new Map([...weighted, ...shifted]);
  }
}

/** Weights of some outputs, and the first column of the patches that they see. */
interface Part {
  readonly weight: Matrix;
  readonly begin: number;
}

function difference(a: Matrix, b: Matrix): Matrix {
  return matrix(
    a.rows,
    a.columns,
    a.data.map((value, index) => value - (b.data[index] ?? 0)),
  );
}
