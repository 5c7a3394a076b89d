import { toFloat16 } from "../../../model/encode-elements.ts";
import { fromFloat16 } from "../../../model/raw-elements.ts";
import type { LinearForm } from "../../../neutral/forms.ts";
import { computedWeights, type Weights } from "../../../neutral/weights.ts";
import type { Rewrite } from "../../../neutral/rewrite.ts";
import type { WeightedLayer } from "../../approximation/follow-samples.ts";
import { defineRestructuring, matched } from "../../restructuring.ts";
import { findingsAt, layersAt, weightedLayers, worthwhile } from "./weighted-layers.ts";

const ID = "weights-float16";

const BYTES = 2;

/** Weights as half-precision floats: half the file, next to no error. */
export const WEIGHTS_FLOAT16 = defineRestructuring({
  id: ID,
  title: "Weights in float16",
  summary: "Stores weights as half-precision floats, which halves the file; the layer computes in float as before.",
  guarantee: "approximate",
  keepsSharing: true,
  keepsMacs: true,
  literature: ["IEEE 754-2008: binary16"],
  answers: {},
  options: [],
  find: (graph) => {
    const halved = new Set(weightedLayers(graph).flatMap((layer) => (isHalved(layer) ? [layer.name] : [])));
    const findings = findingsAt(graph, worthwhile(graph, BYTES));
    return findings.map((each) => (halved.has(each.target) ? { target: each.target, reason: IS_HALVED } : each));
  },
  predict: (graph, target) => rewritten(matched(ID, target, layersAt(graph, target, worthwhile(graph, BYTES)))),
  rewrite: (graph, target) =>
    Promise.resolve(rewritten(matched(ID, target, layersAt(graph, target, worthwhile(graph, BYTES))))),
});

const IS_HALVED = "its weights are in float16 already";

function isHalved({ form }: WeightedLayer): boolean {
  return form.weight.dataType === "float16";
}

/** Nothing is read before it is written. */
function rewritten(layers: readonly WeightedLayer[]): Rewrite {
  return {
    replace: new Map(
      layers.map(({ id, form }): [number, LinearForm] => [id, { ...form, weight: halved(form.weight) }]),
    ),
  };
}

function halved(weight: Weights): Weights {
  const read = async (): Promise<Float32Array> =>
    (await weight.read()).map((value) => fromFloat16(toFloat16(clamped(value))));
  return { ...computedWeights(weight.shape, read), coding: { kind: "float16" } };
}

/** The largest float16. */
const LARGEST = 65504;

function clamped(value: number): number {
  return Math.min(LARGEST, Math.max(-LARGEST, value));
}
