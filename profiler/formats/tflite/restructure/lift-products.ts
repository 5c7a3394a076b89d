import type { Weights } from "../../../neutral/forms.ts";
import { fixed, NotLiftable } from "../../../neutral/native-layer.ts";
import { permutedWeights } from "../../../neutral/stored-weights.ts";
import type { Lift } from "./lift-rule.ts";
import { explicitPads } from "./same-pads.ts";
import type { TfliteLayer } from "./tflite-layer.ts";
import { CANONICAL_AXES } from "./weight-layouts.ts";

function conv(layer: TfliteLayer, weight: Weights, groups: number): ReturnType<Lift> {
  const { view } = layer;
  const bias = layer.optionalWeights(2);
  const kernel = weight.shape.slice(2);
  const window = {
    strides: [view.int("stride_h", 1), view.int("stride_w", 1)],
    dilations: [view.int("dilation_h_factor", 1), view.int("dilation_w_factor", 1)],
  };
  const pads = explicitPads(layer, kernel, window);
  return layer.lifted({ kind: "conv", weight, bias, groups, ...window, ...pads, activation: layer.fused() });
}

/** Groups are not said: they are how often the weights' input channels fit in the input's. */
const CONV_2D: Lift = (layer) => {
  const weight = permutedWeights(ofRank4(layer.weights(1)), CANONICAL_AXES.CONV_2D);
  const channels = fixed(layer.shape().at(-1), "the number of its input channels");
  return conv(layer, weight, channels / (weight.shape[1] ?? 1));
};

/** Each output channel takes one input channel. */
const DEPTHWISE_CONV_2D: Lift = (layer) => {
  const weight = permutedWeights(ofRank4(layer.weights(1)), CANONICAL_AXES.DEPTHWISE_CONV_2D);
  return conv(layer, weight, fixed(layer.shape().at(-1), "the number of its input channels"));
};

function ofRank4(weights: Weights): Weights {
  if (weights.shape.length === 4) return weights;
  throw new NotLiftable("its weights have not four axes");
}

/** Rows are the last axis of the input, or all of it taken as rows of as many elements as the weights take. */
const FULLY_CONNECTED: Lift = (layer) => {
  const { view } = layer;
  if (view.text("weights_format", "DEFAULT") !== "DEFAULT") throw new NotLiftable("its weights are shuffled");
  const weight = layer.weights(1);
  const shape = layer.shape();
  if (shape.at(-1) !== weight.shape[1]) throw new NotLiftable("it flattens its input itself");
  if (shape.length !== 2 && !view.flag("keep_num_dims")) throw new NotLiftable("it flattens all axes but the last");
  return layer.lifted({ kind: "dense", weight, bias: layer.optionalWeights(2), activation: layer.fused() });
};

export const LIFT_PRODUCTS: Readonly<Record<string, Lift>> = { CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED };
