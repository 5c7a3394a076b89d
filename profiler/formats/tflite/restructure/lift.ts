import type { Lifted } from "../../../restructure/format-side.ts";
import { liftByTable } from "../../../restructure/lift-by-table.ts";
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
export const liftNode = liftByTable(LIFTS, (inferred, scope) => new TfliteLayer(inferred, scope));
