import { liftByTable } from "../../../neutral/lift-by-table.ts";
import { BUILTIN } from "../operators/index.ts";
import { TfliteLayer } from "./tflite-layer.ts";

/** What an operator of a TFLite model is in neutral words; `opaque` with the reason where they do not say it. */
export const liftNode = liftByTable(BUILTIN, (inferred, scope) => new TfliteLayer(inferred, scope));
