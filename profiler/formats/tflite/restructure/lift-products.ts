import { NotLiftable } from "../../../neutral/native-layer.ts";
import type { Lift } from "./lift-rule.ts";

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

export const LIFT_PRODUCTS: Readonly<Record<string, Lift>> = { FULLY_CONNECTED };
