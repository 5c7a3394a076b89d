import { isInteger, type DataType } from "../../../model/data-type.ts";
import { ABSENT, type TensorId } from "../../../model/model.ts";
import type { GraphBuilder } from "../../../neutral/graph-builder.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import { MOVERS } from "../fusion/quantized-graph.ts";
import { isFloatGraph } from "./quantized-weights.ts";
import type { InferredNode } from "../../../operators/infer.ts";

/** Type of the integers that a DequantizeLinear of an activation widens: layers behind it compute in them. */
export function dequantizedType({ node, view }: InferredNode): DataType | undefined {
  if (node.op !== "DequantizeLinear" || view.input(0).constant !== undefined) return undefined;
  const dataType = view.dataType(0);
  return dataType !== undefined && isInteger(dataType) ? dataType : undefined;
}

/** Operators that compute in integers only where what they make is quantized at once. */
const PRODUCTS: ReadonlySet<string> = new Set(["Conv", "Gemm", "MatMul"]);

/** Whether a tensor is quantized at once, or where operators have moved its numbers alone: the runtime puts the pair before them. */
function isQuantized(nodes: GraphBuilder["nodes"], tensor: TensorId): boolean {
  const readers = nodes.filter(({ inputs }) => inputs.includes(tensor));
  const [reader] = readers;
  if (reader === undefined || readers.length > 1 || reader.inputs[0] !== tensor) return false;
  if (reader.op === "QuantizeLinear") return true;
  return Object.hasOwn(MOVERS, reader.op) && isQuantized(nodes, reader.outputs[0] ?? ABSENT);
}

/**
 * A new tensor between layers that computed in integers would keep them in float, and nothing tells a range for it.
 * @throws {LoweringError}
 */
export function checkInnerRanges({ model, nodes, added, tensors }: GraphBuilder): void {
  const products = added.filter(({ op, outputs }) => PRODUCTS.has(op) && tensors[outputs[0] ?? ABSENT]?.isNew === true);
  if (products.length === 0) return;
  const dequantized = new Set<TensorId | undefined>();
  for (const { op, outputs } of isFloatGraph(model.entries[0].graph.nodes) ? added : nodes)
    if (op === "DequantizeLinear") dequantized.add(outputs[0]);
  for (const { inputs, outputs, name, identity } of products) {
    if (!inputs.slice(0, 2).every((id) => dequantized.has(id))) continue;
    if (isQuantized(nodes, outputs[0] ?? ABSENT)) continue;
    throw new LoweringError(
      `${identity ?? name}: the model is quantized, and nothing tells the range of a new tensor`,
      { hint: "Edit the float model, then quantize it." },
    );
  }
}
