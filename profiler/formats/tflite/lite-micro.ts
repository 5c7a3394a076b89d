import { ownEntry } from "../../own-entry.ts";
import type { DataType } from "../../model/data-type.ts";
import { ABSENT, type Graph, type Model, type Node, type Tensor, type TensorId } from "../../model/model.ts";
import { KERNELS, OTHER_KERNELS, type Kernel } from "./lite-micro-kernels.ts";

interface Places {
  readonly data: number;
  readonly weights: number;
  readonly bias: number;
}

const USUAL: Places = { data: 0, weights: 1, bias: 2 };

/** Operators that multiply activations by weights, and where they have which. */
const PRODUCTS: Readonly<Record<string, Places>> = {
  CONV_2D: USUAL,
  DEPTHWISE_CONV_2D: USUAL,
  FULLY_CONNECTED: USUAL,
  TRANSPOSE_CONV: { data: 2, weights: 1, bias: 3 },
};

/**
 * Why LiteRT Micro (TensorFlow Lite for Microcontrollers) does not run operators of a model that computes its products in int8; nothing for
 * models in floats, which are not meant for it. By the source of tflite-micro: no such file was run on a microcontroller here. It asks for
 * no operator's version, and takes sizes from the file: dynamic ones have those of their examples.
 * @returns by node, those of bodies among them, in the order of the file
 */
export function liteMicroRefusals({ entries: [{ graph }] }: Model): ReadonlyMap<Node, string> {
  const graphs = [...withBodies(graph)];
  const types = graphs.flatMap(({ nodes, tensors }) =>
    nodes.flatMap(({ op, inputs }) => {
      const places = ownEntry(PRODUCTS, op);
      return places ? [typeOf(tensors[inputs[places.data] ?? ABSENT])] : [];
    }),
  );
  const refusals = new Map<Node, string>();
  const inIntegers = types.filter((type) => type === "int8").length;
  if (2 * inIntegers <= types.length) return refusals;
  for (const each of graphs)
    for (const node of each.nodes) {
      const reason = whyNot(node, each);
      if (reason !== undefined) refusals.set(node, reason);
    }
  return refusals;
}

function* withBodies(graph: Graph): Generator<Graph> {
  yield graph;
  for (const { bodies } of graph.nodes) for (const body of bodies) yield* withBodies(body.graph);
}

function whyNot(node: Node, { tensors }: Graph): string | undefined {
  const { op, domain, inputs } = node;
  if (inputs.some((id) => tensors[id]?.constant?.isSparse)) return "it has no sparse tensors";
  if (domain === "custom") return OTHER_KERNELS.has(op) ? undefined : `it has no kernel for the custom operator ${op}`;
  const kernel = ownEntry(KERNELS, op);
  if (kernel === undefined) return OTHER_KERNELS.has(op) ? undefined : `it has no kernel for ${op}`;
  const tensor = (id: TensorId | undefined): Tensor | undefined => tensors[id ?? ABSENT];
  return (
    whyNotShaped(node, kernel, tensor) ??
    whyNotWeights(node, tensor) ??
    kernel.check?.({ node, tensor, typeOf, axesOf })
  );
}

function whyNotShaped(
  { op, inputs }: Node,
  { data = 0, types, mostAxes, axes, mostInputs, constants = [] }: Kernel,
  tensor: (id: TensorId | undefined) => Tensor | undefined,
): string | undefined {
  const read = tensor(inputs[data]);
  const type = typeOf(read);
  if (types && type !== undefined && !types.includes(type)) return `its ${op} takes ${listed(types)}, not ${type}`;
  const rank = axesOf(read);
  if (mostAxes !== undefined && rank !== undefined && rank > mostAxes)
    return `its ${op} takes up to ${mostAxes} axes, and there are ${rank}`;
  if (axes !== undefined && rank !== undefined && rank !== axes)
    return `its ${op} takes ${axes} axes, and there are ${rank}`;
  if (mostInputs !== undefined && inputs.length > mostInputs)
    return `its ${op} takes up to ${mostInputs} tensors, and there are ${inputs.length}`;
  const computed = constants.find((place) => tensor(inputs[place])?.constant === undefined);
  return computed === undefined ? undefined : `input ${computed} of its ${op} must stand in the file, and is computed`;
}

/** Activations and weights of both int8, or weights of int4: nothing hybrid. Scales for each output lie along the axis of these. */
function whyNotWeights(
  { op, inputs }: Node,
  tensor: (id: TensorId | undefined) => Tensor | undefined,
): string | undefined {
  const places = ownEntry(PRODUCTS, op);
  if (places === undefined) return undefined;
  const weights = tensor(inputs[places.weights]);
  const [data, stored] = [typeOf(tensor(inputs[places.data])), typeOf(weights)];
  if (data === undefined || stored === undefined) return undefined;
  const isTaken =
    data === "float32" ? stored === "float32" : stored === "int8" || (stored === "int4" && data === "int8");
  if (!isTaken) return `its ${op} takes no activations of ${data} with weights of ${stored}`;
  if (data === "float32") return undefined;
  const { quantization } = weights ?? {};
  if (quantization === undefined) return `its ${op} needs a scale of the weights`;
  if (quantization.zeroPoints.some((zeroPoint) => zeroPoint !== 0))
    return `its ${op} takes weights with zero points of 0`;
  if (quantization.granularity === "block") return `its ${op} takes no scales for blocks of weights`;
  const bias = typeOf(tensor(inputs[places.bias]));
  return data !== "int8" || bias === undefined || bias === "int32"
    ? undefined
    : `its ${op} takes a bias of int32, not ${bias}`;
}

function typeOf(tensor: Tensor | undefined): DataType | undefined {
  return tensor?.constant?.dataType ?? tensor?.declared?.dataType;
}

function axesOf(tensor: Tensor | undefined): number | undefined {
  return (tensor?.constant?.shape ?? tensor?.declared?.shape)?.length;
}

function listed(types: readonly DataType[]): string {
  return types.length < 2 ? types.join("") : `${types.slice(0, -1).join(", ")} or ${types.at(-1)}`;
}
