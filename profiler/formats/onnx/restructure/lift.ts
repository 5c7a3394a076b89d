import { liftByTable } from "../../../neutral/lift-by-table.ts";
import { NativeLayer } from "../../../neutral/native-layer.ts";
import { DEFAULT_DOMAIN } from "../operators/index.ts";
import { LIFT_LAYOUT } from "./lift-layout.ts";
import { LIFT_REARRANGED } from "./lift-rearranged.ts";
import { LIFT_WINDOWS } from "./lift-windows.ts";

const LIFTS = Object.entries({ ...LIFT_LAYOUT, ...LIFT_REARRANGED, ...LIFT_WINDOWS });
const OPERATORS = { ...DEFAULT_DOMAIN, ...Object.fromEntries(LIFTS.map(([op, lift]) => [op, { lift }])) };

/** What a node of an ONNX graph is in neutral words; `opaque` with the reason where they do not say it. */
export const liftNode = liftByTable(OPERATORS, (inferred, scope) => new NativeLayer(inferred, scope));
