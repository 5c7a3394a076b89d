import type { NeutralGraph } from "../../../neutral/neutral-graph.ts";
import { defineRestructuring, matched } from "../../restructuring.ts";
import type { WeightedLayer } from "../../approximation/follow-samples.ts";
import { plannedForm } from "./compressed-form.ts";
import { compressLayers } from "./compress-layers.ts";
import { plannedStorage, quantizedStorage, type QuantizedWeights } from "./quantized-layer.ts";
import { findingsAt, layersAt, scaleBytes, worthwhile } from "./weighted-layers.ts";

const ID = "quantize-weights";

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
  keepsSharing: true,
  keepsMacs: true,
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
      description: "Bits of each weight.",
      type: "choice",
      choices: [
        { value: "8", title: "8 bits" },
        { value: "7", title: "7 bits, in a byte each: never saturates on x86, and compresses better" },
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
        "Largest number of weights of an output that share a scale and a zero point; 0 for one scale for each output. Blocks help at 4 bits and below.",
      type: "integer",
      minimum: 0,
      default: 0,
      needs: "scales of blocks",
    },
    {
      id: "products",
      title: "Products",
      description:
        "What multiplies weights. Integers round activations to 8 bits at each run. TFLite files: 8 bits, of convolutions and dense layers, not of depthwise ones. ONNX files: 4 or 8 bits of dense layers, in blocks (MatMulNBits), which stay packed in memory; on x86 with VNNI a product of 768 × 3,072 took 0.1 of the time of floats for one row, 0.6 for 197.",
      type: "choice",
      choices: [
        { value: "float", title: "floats, decoded before" },
        { value: "integer", title: "integers as stored, where the runtime has kernels for it" },
      ],
      default: "float",
    },
  ],
  find: (graph) => findingsAt(graph, wholeModel(graph, { bits: 8, block: 0 })),
  predict: (graph, target, options) => {
    const how = howOf(options);
    const layers = matched(ID, target, layersAt(graph, target, wholeModel(graph, how)));
    return {
      replace: new Map(
        layers.map((layer) => [layer.id, plannedForm(layer.form, plannedStorage(layer, how, graph.layout))]),
      ),
    };
  },
  rewrite: (graph, target, options, context) => {
    const how = howOf(options);
    const layers = matched(ID, target, layersAt(graph, target, wholeModel(graph, how)));
    return compressLayers(graph, layers, context, (problem, layer) =>
      quantizedStorage(problem, layer, how, graph.layout),
    );
  },
});

function howOf({
  bits,
  block,
  products,
}: {
  readonly bits: string;
  readonly block: number;
  readonly products: string;
}): QuantizedWeights {
  return { bits: Number(bits), block, inProducts: products === "integer" };
}

function wholeModel(
  graph: NeutralGraph,
  { bits, block }: Pick<QuantizedWeights, "bits" | "block">,
): readonly WeightedLayer[] {
  return worthwhile(graph, bits / 8, (form) => scaleBytes(form, block));
}
