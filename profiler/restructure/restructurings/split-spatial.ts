import { matrix, scaledColumns, transposed, type Matrix } from "../../numeric/matrix.ts";
import { truncatedSvd } from "../../numeric/svd.ts";
import { bareConv, stepsAlong } from "../matching/conv-steps.ts";
import type { ConvForm } from "../../neutral/forms.ts";
import { newWeights, plannedLike, plannedWeights, type Weights } from "../../neutral/weights.ts";
import type { NeutralGraph, NeutralLayer } from "../../neutral/neutral-graph.ts";
import { LinearFit, sizeOf } from "../approximation/linear-fit.ts";
import { describeKernels, findConvs, matchDivisibleConv } from "../matching/match-conv.ts";
import { RANK_OPTIONS, RANK_STRENGTHS, extentOf, rankBySize, type RankScale } from "../approximation/rank.ts";
import { tiedTo } from "../matching/shared-weights.ts";
import { matched, defineRestructuring } from "../restructuring.ts";
import type { Rewrite } from "../../neutral/rewrite.ts";

const ID = "split-spatial";

/**
 * An N×N convolution as an N×1 convolution to r channels and a 1×N convolution from them: Jaderberg, Vedaldi, Zisserman: "Speeding up
 * Convolutional Neural Networks with Low Rank Expansions", BMVC 2014, scheme 2, in the closed form of Tai et al., ICLR 2016: the SVD of
 * the weights laid out as (inputs · rows) × (outputs · columns). With calibration samples the horizontal filters are then fitted to the
 * layer's outputs by least squares.
 */
export const SPLIT_SPATIAL = defineRestructuring({
  id: ID,
  title: "Split kernel",
  summary: "Replaces an N×N convolution by an N×1 and a 1×N convolution.",
  guarantee: "approximate",
  literature: ["Jaderberg et al., BMVC 2014", "Tai et al., ICLR 2016"],
  answers: { "macs-share": 3, "large-kernel": 2 },
  fitsToSamples: true,
  takesTied: true,
  options: RANK_OPTIONS,
  suggested: { cost: 0.5 },
  strengths: RANK_STRENGTHS,
  find: (graph) => findConvs(graph, match, describeKernels),
  predict: (graph, target, options) => {
    const layer = matched(ID, target, match(graph, target));
    const rank = rankBySize(options, scaleOf(layer.form));
    if (rank === undefined) return undefined;
    const { outputs, inputs, rows, columns } = sizesOf(layer.form);
    const { dataType } = layer.form.weight;
    const vertical = plannedWeights([rank, inputs, rows, 1], dataType);
    const horizontal = plannedWeights([outputs, rank, 1, columns], dataType);
    return twoLayers(layer, vertical, horizontal, plannedLike(layer.form.bias));
  },
  rewrite: async (graph, target, options, context) => {
    const layer = matched(ID, target, match(graph, target));
    const { outputs, inputs, rows, columns } = sizesOf(layer.form);
    const { weight, bias } = layer.form;
    const fit = await LinearFit.of(graph, layer, context, tiedTo(graph, layer.id));
    const unfolded = unfold(layer.form, fit.weight);
    const { products } = fit;
    const settings = { products, seed: context.seed, ...(context.signal && { signal: context.signal }) };
    const { u, s, v } = await truncatedSvd(unfolded, extentOf(options, scaleOf(layer.form)), settings);
    const rank = s.length;
    const roots = s.map(Math.sqrt);
    const vertical = transposed(scaledColumns(u, roots));
    const closed = horizontalOf(transposed(scaledColumns(v, roots)), outputs, columns);
    const fitted = context.activations && (await fit.refit(featuresOf(vertical, layer.form)));
    const newBias = bias && newWeights([outputs], fitted?.bias ?? (await bias.read()), bias.dataType);
    return twoLayers(
      layer,
      newWeights([rank, inputs, rows, 1], vertical.data, weight.dataType),
      newWeights([outputs, rank, 1, columns], fitted?.weight.data ?? closed, weight.dataType),
      newBias,
    );
  },
});

function match(graph: NeutralGraph, target: string): NeutralLayer<ConvForm> | string {
  const layer = matchDivisibleConv(graph, target);
  if (typeof layer === "string") return layer;
  const { shape } = layer.form.weight;
  if (shape.length !== 4) return "its kernel does not have two axes";
  return shape.slice(2).every((size) => size > 1) ? layer : "its kernel is one wide already";
}

interface Sizes {
  readonly outputs: number;
  readonly inputs: number;
  readonly rows: number;
  readonly columns: number;
}

function sizesOf({ weight }: ConvForm): Sizes {
  const [outputs = 0, inputs = 0, rows = 1, columns = 1] = weight.shape;
  return { outputs, inputs, rows, columns };
}

function scaleOf(form: ConvForm): RankScale {
  const { outputs, inputs, rows, columns } = sizesOf(form);
  const full = Math.min(inputs * rows, outputs * columns);
  return { full, weights: sizeOf(form.weight), weightsPerRank: inputs * rows + outputs * columns };
}

/** outputs × (inputs · rows · columns) as (inputs · rows) × (outputs · columns). */
function unfold(form: ConvForm, weight: Matrix): Matrix {
  const { outputs, inputs, rows, columns } = sizesOf(form);
  const result = matrix(inputs * rows, outputs * columns);
  for (let output = 0; output < outputs; output++) {
    for (let row = 0; row < inputs * rows; row++) {
      const from = (output * inputs * rows + row) * columns;
      result.data.set(weight.data.subarray(from, from + columns), row * result.columns + output * columns);
    }
  }
  return result;
}

/** rank × (outputs · columns) as outputs × rank × columns. */
function horizontalOf(factor: Matrix, outputs: number, columns: number): Float32Array {
  const result = new Float32Array(factor.data.length);
  for (let output = 0; output < outputs; output++) {
    for (let channel = 0; channel < factor.rows; channel++) {
      const from = channel * factor.columns + output * columns;
      result.set(factor.data.subarray(from, from + columns), (output * factor.rows + channel) * columns);
    }
  }
  return result;
}

/** What the horizontal filters see of a patch, as a map: (rank · columns) × (inputs · rows · columns). */
function featuresOf(vertical: Matrix, form: ConvForm): Matrix {
  const { columns } = sizesOf(form);
  const features = matrix(vertical.rows * columns, vertical.columns * columns);
  for (let channel = 0; channel < vertical.rows; channel++) {
    for (let column = 0; column < columns; column++) {
      for (let tap = 0; tap < vertical.columns; tap++) {
        const place = (channel * columns + column) * features.columns + tap * columns + column;
        features.data[place] = vertical.data[channel * vertical.columns + tap] ?? 0;
      }
    }
  }
  return features;
}

function twoLayers(
  layer: NeutralLayer<ConvForm>,
  vertical: Weights,
  horizontal: Weights,
  bias: Weights | undefined,
): Rewrite {
  const inner = `${layer.name}_vertical`;
  const { form, name, inputs, outputs } = layer;
  return {
    remove: [layer.id],
    insert: [
      {
        name: inner,
        form: bareConv(
          vertical,
          stepsAlong(form, (axis) => axis === 0),
        ),
        inputs,
        outputs: [inner],
      },
      {
        name,
        form: { ...form, ...stepsAlong(form, (axis) => axis === 1), weight: horizontal, bias },
        inputs: [inner],
        outputs,
      },
    ],
  };
}
