import { binarized } from "../../../compression/binary.ts";
import { defineRestructuring, matched } from "../../restructuring.ts";
import { binaryCoding, plannedAffine } from "./codings.ts";
import { plannedForm } from "./compressed-form.ts";
import { compressLayers } from "./compress-layers.ts";
import { decodedFindingsAt, layersAt, scaleBytes, worthwhile } from "./weighted-layers.ts";

const ID = "binarize-weights";

/** Bytes a weight. */
const ONE_BIT = 1 / 8;

/**
 * Binary weights (Rastegari et al.: "XNOR-Net", ECCV 2016), with the error of each passed on to the others: a wide network keeps its answers
 * without training. Its activations stay floats: binary ones need training.
 */
export const BINARIZE_WEIGHTS = defineRestructuring({
  id: ID,
  title: "Binarize weights",
  summary:
    "Makes each weight plus or minus a magnitude of its output, stored in one bit; the layer computes in float as before.",
  guarantee: "approximate",
  keepsSharing: true,
  keepsMacs: true,
  fitsToSamples: true,
  literature: [
    "Rastegari, Ordonez, Redmon, Farhadi: XNOR-Net. ECCV 2016",
    "Frantar, Ashkboos, Hoefler, Alistarh: GPTQ. ICLR 2023",
  ],
  answers: {},
  options: [],
  find: (graph) => decodedFindingsAt(graph, worthwhile(graph, ONE_BIT, scaleBytes), "weights of one bit"),
  predict: (graph, target) => {
    const layers = matched(ID, target, layersAt(graph, target, worthwhile(graph, ONE_BIT, scaleBytes)));
    const coding = plannedAffine(1, undefined, false);
    return { replace: new Map(layers.map((layer) => [layer.id, plannedForm(layer.form, { coding })])) };
  },
  rewrite: (graph, target, _, context) => {
    const layers = matched(ID, target, layersAt(graph, target, worthwhile(graph, ONE_BIT, scaleBytes)));
    return compressLayers(graph, layers, context, async (problem) => {
      const { weights, magnitudes } = await binarized(problem.target, problem.error);
      return { weights, coding: binaryCoding(weights, magnitudes) };
    });
  },
});
