import { liftByTable } from "../../../neutral/lift-by-table.ts";
import { BUILTIN } from "../operators/index.ts";
import { LIFT_LAYOUT } from "./lift-layout.ts";
import { LIFT_WINDOWS } from "./lift-windows.ts";
import { TfliteLayer } from "./tflite-layer.ts";

const LIFTS = Object.entries({ ...LIFT_LAYOUT, ...LIFT_WINDOWS });
const OPERATORS = { ...BUILTIN, ...Object.fromEntries(LIFTS.map(([op, lift]) => [op, { lift }])) };

/** What an operator of a TFLite model is in neutral words; `opaque` with the reason where they do not say it. */
export const liftNode = liftByTable(OPERATORS, (inferred, scope) => new TfliteLayer(inferred, scope));
