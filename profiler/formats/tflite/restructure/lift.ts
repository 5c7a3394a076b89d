import type { InferredNode } from "../../../operators/infer.ts";
import type { Lifted, LiftScope } from "../../../restructure/format-side.ts";
import { NotLiftable } from "../../../restructure/native-layer.ts";
import { LIFT_ELEMENTWISE } from "./lift-elementwise.ts";
import { LIFT_LAYOUT } from "./lift-layout.ts";
import { LIFT_PRODUCTS } from "./lift-products.ts";
import { LIFT_WINDOWS } from "./lift-windows.ts";
import { TfliteLayer } from "./tflite-layer.ts";

/** Form of a builtin operator. @throws {NotLiftable} with the reason why it is none */
export type Lift = (layer: TfliteLayer) => Lifted;

const LIFTS: Readonly<Record<string, Lift>> = {
  ...LIFT_ELEMENTWISE,
  ...LIFT_LAYOUT,
  ...LIFT_PRODUCTS,
  ...LIFT_WINDOWS,
};

/** What an operator of a TFLite model is in neutral words; `opaque` with the reason where they do not say it. */
export function liftNode(inferred: InferredNode, scope: LiftScope): Lifted {
  const { node, problems } = inferred;
  const inputs = node.inputs.filter((id) => id >= 0);
  const opaque = (why: string): Lifted => ({ form: { kind: "opaque", why }, inputs });
  if (node.bodies.length > 0) return opaque(`${node.op} runs graphs of its own`);
  const lift = node.domain === "" ? LIFTS[node.op] : undefined;
  if (lift === undefined) return opaque(`${node.op} is not one of the layers that are restructured`);
  if (problems.some(({ code }) => code === "shape-error")) return opaque("its shapes do not fit together");
  try {
    return lift(new TfliteLayer(inferred, scope));
  } catch (error) {
    if (error instanceof NotLiftable) return opaque(error.message);
    throw error;
  }
}
