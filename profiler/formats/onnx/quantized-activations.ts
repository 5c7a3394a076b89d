import { ownEntry } from "../../own-entry.ts";
import { ABSENT, type Model, type Node, type Quantization, type TensorId } from "../../model/model.ts";

/** Where operators on integers have the scale and the zero point of what they make. */
const SCALES: Readonly<Record<string, readonly [scale: number, zeroPoint: number]>> = {
  QuantizeLinear: [1, 2],
  QLinearConv: [6, 7],
  QLinearMatMul: [6, 7],
  QLinearAdd: [6, 7],
  QLinearMul: [6, 7],
  QGemm: [7, 8],
  QLinearConcat: [0, 1],
  QLinearAveragePool: [3, 4],
  QLinearGlobalAveragePool: [3, 4],
  QLinearLeakyRelu: [3, 4],
  QLinearSigmoid: [3, 4],
  QLinearSoftmax: [3, 4],
};

/** Operators that hand on integers as they are. */
const MOVERS: ReadonlySet<string> = new Set([
  ...["MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split", "Identity", "Resize"],
  ...["Gather", "Expand", "Tile", "DepthToSpace"],
]);

/** Schemes of the integers in the main graph, where the file tells one for the tensor: what a run gives of them is no real number. */
export function quantizedActivations({ entries: [{ graph }] }: Model): ReadonlyMap<TensorId, Quantization> {
  const found = new Map<TensorId, Quantization>();
  const number = (id: TensorId | undefined): number | undefined => {
    const values = graph.tensors[id ?? ABSENT]?.constant?.values;
    return values?.length === 1 ? values[0] : undefined;
  };
  const schemeOf = ({ op, inputs }: Node): Quantization | undefined => {
    const places = Object.hasOwn(SCALES, op) ? ownEntry(SCALES, op) : undefined;
    if (places === undefined) return MOVERS.has(op) ? found.get(inputs[0] ?? ABSENT) : undefined;
    const [scale, zeroPoint] = [number(inputs[places[0]]), number(inputs[places[1]]) ?? 0];
    return scale === undefined ? undefined : { granularity: "tensor", scales: [scale], zeroPoints: [zeroPoint] };
  };
  // In an order in which they can run, as files are.
  for (const node of graph.nodes) {
    const scheme = schemeOf(node);
    if (scheme) for (const id of node.outputs) if (id !== ABSENT) found.set(id, scheme);
  }
  return found;
}
