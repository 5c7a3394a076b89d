import type { Layer } from "../layers/layer.ts";
import type { Neighbours } from "../layers/neighbours.ts";
import type { Operation } from "../operators/operation.ts";

/**
 * What runtimes do inside the operator before, as ONNX Runtime 1.2x does at all optimizations and TFLite's converter did before: "free" costs
 * nothing of its own (a folded normalisation, a ReLU or a sum as the product is written), "pass" goes over the output once more.
 */
export type Absorbed = "free" | "pass";

/** Functions of a convolution's or dense layer's output that ONNX Runtime applies in the same operator (`ConvActivationFusion`). */
const FUSED: ReadonlyMap<string, Absorbed> = new Map([
  ["relu", "free"],
  ["relu6", "pass"],
  ["clip", "pass"],
  ["leakyRelu", "pass"],
  ["sigmoid", "pass"],
  ["hardSigmoid", "pass"],
  ["tanh", "pass"],
]);

/**
 * By row, of those that run inside the operator that makes what they read. Only learned latencies count so: a runtime that has no such
 * fusion shows it in the factors that are learned of its runs.
 */
export function absorbedRows(layers: readonly Layer[], { makers, readers }: Neighbours): ReadonlyMap<number, Absorbed> {
  const absorbed = new Map<number, Absorbed>();
  /** The convolution or dense layer that each row ends, if nothing else reads what it makes. */
  const ends = new Map<number, "conv" | "dense">();
  layers.forEach(({ operation, role }, row) => {
    if (role !== "compute") return;
    const before = makers(row).flatMap((maker) => ends.get(maker) ?? []);
    const own = operation.kind === "conv" || operation.kind === "dense" ? operation.kind : undefined;
    const how = own === undefined ? absorbable(operation, before) : undefined;
    if (how !== undefined) absorbed.set(row, how);
    const end = own ?? (how === undefined ? undefined : before[0]);
    if (end !== undefined && readers(row).length === 1) ends.set(row, end);
  });
  return absorbed;
}

/** @param before what the inputs end */
function absorbable(operation: Operation, before: readonly ("conv" | "dense")[]): Absorbed | undefined {
  if (before.length === 0) return undefined;
  switch (operation.kind) {
    case "norm":
      return before.includes("conv") ? "free" : undefined;
    case "elementwise":
      return operation.geometry.fn === "add" && before.includes("conv") ? "free" : undefined;
    case "activation":
      return FUSED.get(operation.geometry.activation?.fn ?? "");
    default:
      return undefined;
  }
}
