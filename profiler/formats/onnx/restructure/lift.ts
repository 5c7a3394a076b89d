import type { FormatAdapter, LiftScope } from "../../../neutral/adapter.ts";
import type { InferredNode } from "../../../operators/infer.ts";
import { liftByTable } from "../../../neutral/lift-by-table.ts";
import { NativeLayer } from "../../../neutral/native-layer.ts";
import { DEFAULT_DOMAIN } from "../operators/index.ts";
import { LIFT_QUANTIZED } from "./lift-quantized.ts";

const QUANTIZED = Object.fromEntries(Object.entries(LIFT_QUANTIZED).map(([op, lift]) => [op, { lift }]));

/** What a node of an ONNX graph is in neutral words; `opaque` with the reason where they do not say it. */
export const liftNode: FormatAdapter["lift"] = (inferred, scope) =>
  (Object.hasOwn(LIFT_QUANTIZED, inferred.node.op) ? liftQuantized : liftDefault)(inferred, scope);

const layerOf = (inferred: InferredNode, scope: LiftScope): NativeLayer => new NativeLayer(inferred, scope);
const liftDefault = liftByTable(DEFAULT_DOMAIN, layerOf);
/** ONNX has some of them in its own domain, ONNX Runtime's quantizer writes all. */
const liftQuantized = liftByTable(QUANTIZED, layerOf, new Set(["", "com.microsoft"]));
