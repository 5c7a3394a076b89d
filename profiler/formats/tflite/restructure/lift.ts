import { liftByTable } from "../../../neutral/lift-by-table.ts";
import { LIFT_ELEMENTWISE } from "./lift-elementwise.ts";
import { LIFT_LAYOUT } from "./lift-layout.ts";
import { LIFT_PRODUCTS } from "./lift-products.ts";
import type { Lift } from "./lift-rule.ts";
import { LIFT_WINDOWS } from "./lift-windows.ts";
import { TfliteLayer } from "./tflite-layer.ts";

const LIFTS: Readonly<Record<string, Lift>> = {
  ...LIFT_ELEMENTWISE,
  ...LIFT_LAYOUT,
  ...LIFT_PRODUCTS,
  ...LIFT_WINDOWS,
};

/** What an operator of a TFLite model is in neutral words; `opaque` with the reason where they do not say it. */
export const liftNode = liftByTable(LIFTS, (inferred, scope) => new TfliteLayer(inferred, scope));
