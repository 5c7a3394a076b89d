import { Covariance } from "../../numeric/covariance.ts";
import { leadingDirections, type Extent } from "../../numeric/directions.ts";
import { combinationOf, solveNormalEquations } from "../../numeric/least-squares.ts";
import { matrix, type Matrix } from "../../numeric/matrix.ts";
import type { Products } from "../../numeric/products.ts";
import { RuntimeProducts } from "../../runtime/runtime-products.ts";
import { SAMPLED_RIDGE } from "../../numeric/ridge-regression.ts";
import { truncatedSvd } from "../../numeric/svd.ts";
import type { ConvForm, DenseForm } from "../../neutral/forms.ts";
import type { Weights } from "../../neutral/weights.ts";
import { isKind, type NeutralGraph, type NeutralLayer } from "../../neutral/neutral-graph.ts";
import { inputPatches } from "./patches.ts";
import type { RewriteContext } from "../restructuring.ts";

/** How vectors spread: about their mean where a bias can take it in, else about zero. */
interface Spread {
  /** undefined without samples. */
  readonly products?: Matrix;
  readonly mean?: Float64Array;
}

interface Refitted {
  readonly weight: Matrix;
  readonly bias: Float32Array;
}

/**
 * Approximations of a layer seen as one matrix, outputs × (inputs · kernel…). Error is measured where it matters: on what the layer
 * really sees when there are calibration samples, else on the weights alone. A layer without a bias gets none.
 */
export class LinearFit {
  readonly products: Products = new RuntimeProducts();

  private constructor(
    private readonly graph: NeutralGraph,
    private readonly layer: NeutralLayer<ConvForm | DenseForm>,
    private readonly context: RewriteContext,
    private readonly tied: readonly NeutralLayer<ConvForm | DenseForm>[],
    /** outputs × (inputs · kernel…) */
    readonly weight: Matrix,
    private readonly bias: Float32Array,
  ) {}

  /** @param tied layers with the same weights that get the new ones too: the fit is to what all of them see */
  static async of(
    graph: NeutralGraph,
    layer: NeutralLayer<ConvForm | DenseForm>,
    context: RewriteContext,
    tied: readonly NeutralLayer[] = [],
  ): Promise<LinearFit> {
    const { weight, bias } = layer.form;
    const [outputs = 0] = weight.shape;
    const elements = await weight.read();
    const offsets = (await bias?.read()) ?? new Float32Array(outputs);
    const linear = tied.filter((each) => isKind(each, "conv") || isKind(each, "dense"));
    return new LinearFit(graph, layer, context, linear, matrix(outputs, elements.length / outputs, elements), offsets);
  }

  /**
   * The layer as two of a given rank, or of the least that keeps a share of the outputs' variance (of the weights' energy without samples): outputs ≈ second · (first · input) + bias. With samples `second` holds the principal components
   * of the outputs (Zhang et al., TPAMI 2016, section 3.1), which is the best of all; else the left singular vectors of the weights.
   * @returns first: rank × (inputs · kernel…); second: outputs × rank, orthonormal columns
   */
  async lowRank(
    extent: Extent,
  ): Promise<{ readonly first: Matrix; readonly second: Matrix; readonly bias: Float32Array }> {
    const { products, mean } = await this.#outputSpread();
    const settings = { products: this.products, ...this.#settings() };
    const second = products
      ? (await leadingDirections(products, extent, settings)).vectors
      : (await truncatedSvd(this.weight, extent, settings)).u;
    const first = await this.products.multiply(second, this.weight, { transposeA: true });
    if (!mean) return { first, second, bias: this.bias };
    // The components describe what differs from the mean: what they miss of the mean itself goes into the bias.
    const column = matrix(mean.length, 1, Float32Array.from(mean));
    const kept = await this.products.multiply(
      second,
      await this.products.multiply(second, column, { transposeA: true }),
    );
    return {
      first,
      second,
      bias: this.bias.map((value, output) => value + (mean[output] ?? 0) - (kept.data[output] ?? 0)),
    };
  }

  /**
   * The outputs × features weights that make the layer's outputs best from features = basis · input, and the bias that goes with them.
   * @param basis features × (inputs · kernel…)
   */
  async refit(basis: Matrix): Promise<Refitted> {
    return this.#refitted(basis, await combinationOf(basis, this.weight, this.products));
  }

  /**
   * The best weights, outputs × columns, of a layer that sees nothing but some of its inputs, and the bias that goes with them. Without samples they
   * are those that it has.
   * @param columns positions in a filter, inputs · kernel…
   */
  async refitToSome(columns: readonly number[]): Promise<Refitted> {
    const { rows, columns: all, data } = this.weight;
    const own = matrix(rows, columns.length);
    for (let row = 0; row < rows; row += 1)
      for (const [at, column] of columns.entries()) own.data[row * columns.length + at] = data[row * all + column] ?? 0;
    const { products } = await this.#inputSpread();
    if (products === undefined) return { weight: own, bias: this.bias };
    const basis = matrix(columns.length, all);
    for (const [row, column] of columns.entries()) basis.data[row * all + column] = 1;
    return this.#refitted(basis, own);
  }

  /** @param start outputs × features, the best where inputs spread alike */
  async #refitted(basis: Matrix, start: Matrix): Promise<Refitted> {
    const { products, mean } = await this.#inputSpread();
    this.context.signal?.throwIfAborted();
    const weight = products ? await this.#weighted(basis, start, products) : start;
    return { weight, bias: await this.#biasFor(await this.products.multiply(weight, basis), mean) };
  }

  /**
   * outputs × features, with the error of each direction of the inputs weighed by how much they spread in it: what is missing of the
   * weights that are best where they spread alike, so that few samples change little.
   */
  async #weighted(basis: Matrix, start: Matrix, products: Matrix): Promise<Matrix> {
    const made = await this.products.multiply(start, basis);
    const missing = matrix(
      made.rows,
      made.columns,
      this.weight.data.map((value, index) => value - (made.data[index] ?? 0)),
    );
    const spread = await this.products.multiply(basis, products);
    const gram = await this.products.multiply(spread, basis, { transposeB: true });
    const moments = await this.products.multiply(spread, missing, { transposeB: true });
    const targets = this.weight.rows;
    const { data } = await solveNormalEquations(
      basis.rows,
      gram.data,
      targets,
      moments.data,
      this.products,
      SAMPLED_RIDGE,
    );
    return matrix(
      targets,
      basis.rows,
      start.data.map(
        (value, index) => value + (data[(index % basis.rows) * targets + Math.floor(index / basis.rows)] ?? 0),
      ),
    );
  }

  /** Covariance of the input patches, summed once. */
  #patches: Promise<Spread> | undefined;

  #inputSpread(): Promise<Spread> {
    this.#patches ??= this.#sumPatches();
    return this.#patches;
  }

  async #sumPatches(): Promise<Spread> {
    const patches = inputPatches(this.graph, [this.layer, ...this.tied], this.context);
    if (!patches) return {};
    const sums = new Covariance(this.weight.columns, this.products);
    for await (const batch of patches) {
      this.context.signal?.throwIfAborted();
      await sums.add(batch);
    }
    return this.#spreadOf(sums);
  }

  /** Of the outputs before the bias. */
  async #outputSpread(): Promise<Spread> {
    const patches = inputPatches(this.graph, [this.layer, ...this.tied], this.context);
    if (!patches) return {};
    const sums = new Covariance(this.weight.rows, this.products);
    for await (const batch of patches) {
      this.context.signal?.throwIfAborted();
      await sums.add(await this.products.multiply(batch, this.weight, { transposeB: true }));
    }
    return this.#spreadOf(sums);
  }

  #spreadOf(sums: Covariance): Spread {
    if (sums.samples === 0) return {};
    return this.layer.form.bias ? { products: sums.covariance(), mean: sums.mean() } : { products: sums.moments() };
  }

  /** What keeps the mean of each output when the weights change. */
  async #biasFor(approximation: Matrix, mean: Float64Array | undefined): Promise<Float32Array> {
    if (!mean) return this.bias;
    const column = matrix(mean.length, 1, Float32Array.from(mean));
    const before = await this.products.multiply(this.weight, column);
    const after = await this.products.multiply(approximation, column);
    return this.bias.map((value, output) => value + (before.data[output] ?? 0) - (after.data[output] ?? 0));
  }

  #settings(): { readonly seed: number; readonly signal?: AbortSignal } {
    const { seed, signal } = this.context;
    return { seed, ...(signal && { signal }) };
  }
}

/** How many elements a weight has. */
export function sizeOf({ shape }: Weights): number {
  return shape.reduce((product, size) => product * size, 1);
}
