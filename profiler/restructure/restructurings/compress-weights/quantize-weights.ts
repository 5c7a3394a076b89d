import { roundToGrid, type GridSpec } from "../../../compression/scales.ts";
import type { NeutralGraph } from "../../../neutral/neutral-graph.ts";
import { defineRestructuring, matched } from "../../restructuring.ts";
import type { WeightedLayer } from "../../approximation/follow-samples.ts";
import { affineCoding, plannedAffine } from "./codings.ts";
import { plannedForm } from "./compressed-form.ts";
import { compressLayers } from "./compress-layers.ts";
import { blockSizeFor, findingsAt, layersAt, worthwhile } from "./weighted-layers.ts";

const ID = "quantize-weights";

/** At so few bits the side that has a level more is worth choosing. */
const FEW_BITS = 4;

/**
 * Weights in few bits, computed with in float: scales of least squared error and least-squares rounding (Frantar et al.: "GPTQ", ICLR
 * 2023), against what the layer made before the layers in front of it were changed.
 */
export const QUANTIZE_WEIGHTS = defineRestructuring({
  id: ID,
  title: "Quantize weights",
  summary:
    "Stores weights in 8 bits or fewer, with a scale for each output or block; the layer computes in float as before.",
  guarantee: "approximate",
  fitsToSamples: true,
  literature: [
    "Frantar, Ashkboos, Hoefler, Alistarh: GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers. ICLR 2023",
    "Nagel et al.: Data-Free Quantization Through Weight Equalization and Bias Correction. ICCV 2019",
  ],
  answers: { "int8-weights": 1, "uneven-channels": 1 },
  options: [
    {
      id: "bits",
      title: "Bits",
      description: "Of each weight.",
      type: "choice",
      choices: [
        { value: "8", title: "8 bits" },
        { value: "7", title: "7 bits, in a byte each: never saturates on x86, and zips smaller" },
        { value: "6", title: "6 bits" },
        { value: "4", title: "4 bits" },
        { value: "3", title: "3 bits" },
        { value: "2", title: "2 bits" },
      ],
      default: "8",
    },
    {
      id: "block",
      title: "Block",
      description:
        "Weights of an output that share a scale and a zero point, at most; 0 for one scale an output. Blocks help at 4 bits and below.",
      type: "integer",
      minimum: 0,
      default: 0,
    },
  ],
  find: (graph) => findingsAt(graph, wholeModel(graph, 8)),
  predict: (graph, target, { bits, block }) => {
    const layers = matched(ID, target, layersAt(graph, target, wholeModel(graph, Number(bits))));
    return {
      replace: new Map(layers.map((layer) => [layer.id, plannedForm(layer.form, plan(layer, Number(bits), block))])),
    };
  },
  rewrite: (graph, target, { bits, block }, context) => {
    const layers = matched(ID, target, layersAt(graph, target, wholeModel(graph, Number(bits))));
    return compressLayers(graph, layers, context, async (problem, layer) => {
      const planned = plan(layer, Number(bits), block);
      const { weights, grid } = await roundToGrid(
        problem.target,
        problem.error,
        gridSpec(Number(bits), planned, graph.layout),
      );
      return { weights, coding: affineCoding(planned, weights, grid) };
    });
  },
});

function wholeModel(graph: NeutralGraph, bits: number): readonly WeightedLayer[] {
  return worthwhile(graph, bits / 8);
}

function plan({ form }: WeightedLayer, bits: number, block: number): ReturnType<typeof plannedAffine> {
  const blockSize = blockSizeFor(form, block);
  return plannedAffine(bits === 7 ? 8 : bits, blockSize, blockSize !== undefined);
}

/** 8 bits are symmetric, as TFLite asks; 7 bits leave a bit of the byte. */
function gridSpec(
  bits: number,
  { blockSize, hasZeroPoints }: ReturnType<typeof plannedAffine>,
  layout: NeutralGraph["layout"],
): GridSpec {
  const half = 2 ** (bits - 1);
  return {
    lowest: bits === 8 ? -127 : -half,
    highest: half - 1,
    hasZeroPoint: hasZeroPoints,
    // Scales of TFLite, whose channels come last, are positive.
    maySwapSides: bits <= FEW_BITS && layout === "channels-first",
    ...(blockSize !== undefined && { blockSize }),
  };
}
