import { openInputs, sizeAt } from "../bindings.ts";
import { formatOf } from "../formats/formats.ts";
import { isFloat, type DataType } from "../model/data-type.ts";
import { ABSENT, type Graph, type Model, type TensorId } from "../model/model.ts";
import { elementsOf, isStatic, type Shape } from "../model/shape.ts";
import { executionOrder, usedTensors } from "../operators/execution-order.ts";
import { layerNames } from "../operators/layer-names.ts";
import { inferGraph, type InferredGraph, type InferredNode } from "../operators/infer.ts";
import { storedBytesOf } from "../operators/folded-constant.ts";
import { UNKNOWN, type ConstantOrigin, type InferredType } from "../operators/inferred-type.ts";
import type { ConstantType, FormatAdapter, Lifted, LiftScope } from "../neutral/adapter.ts";
import { newWeights, type Weights } from "../neutral/weights.ts";
import { NeutralGraph, type NeutralLayer, type NeutralSizes, type NeutralTensor } from "../neutral/neutral-graph.ts";
import { storedWeights } from "../neutral/stored-weights.ts";

/** A model never changes: what inference found of it holds as long as there is the model. */
const INFERRED = new WeakMap<Model, InferredGraph>();

/**
 * The main graph with every size left open that the file leaves open, inferred once for a model.
 * @param base that the model was edited from: what the edit did not change is not looked at again
 */
export function inferOpen(model: Model, base?: Model): InferredGraph {
  const known = INFERRED.get(model);
  if (known) return known;
  const inferred = inferResized(model, new Map(), base && inferOpen(base));
  INFERRED.set(model, inferred);
  return inferred;
}

/** @param resized shapes of inputs other than the file's */
function inferResized(
  model: Model,
  resized: ReadonlyMap<TensorId, Shape>,
  previous: InferredGraph | undefined,
): InferredGraph {
  const { graph } = model.entries[0];
  const open = openInputs(model);
  const context = { model, operators: formatOf(model).operators, checksDeclared: false, sizeOf: open.sizeOf };
  const inferredTypes = open.inferredTypes.map((inferredType, place): InferredType => {
    const shape = resized.get(graph.inputs[place] ?? ABSENT);
    return shape === undefined ? inferredType : { ...inferredType, shape };
  });
  return inferGraph(context, graph, inferredTypes, "entry0", previous);
}

export interface LiftOptions {
  /**
   * Weights that the file decodes itself come with their coding: for what gives layers other numbers in the same form. To all else such a
   * layer has no weights, since what changes their shape would store them as plain numbers.
   */
  readonly decodes?: boolean;
}

/**
 * The main graph of a model in neutral words. Reads no weights.
 * @param bindings sizes at which it is looked at: nothing in the graph depends on them but `NeutralGraph.sizeAt`
 * @param base that the model was edited from, where the caller has it
 */
export function liftModel(
  model: Model,
  bindings: Readonly<Record<string, number>> = {},
  base?: Model,
  { decodes = false }: LiftOptions = {},
): NeutralGraph {
  const side = formatOf(model).adapter;
  const inferred = inferOpen(model, base);
  const { graph } = inferred;
  const tensors = new Tensors(inferred, side, decodes);
  const nodes = new Map(inferred.nodes.map((node) => [node.node, node]));
  const order = executionOrder(graph);
  const names = layerNames(graph);
  const layers = order.flatMap((node): readonly NeutralLayer[] => {
    const view = nodes.get(node);
    if (view === undefined) return [];
    const { form, inputs } = bookkeeping(inferred, view) ?? side.lift(view, tensors);
    return [{ id: node.index, name: names.get(node) ?? "", op: node.op, form, inputs, outputs: node.outputs, node }];
  });
  const sizesFor = (inputs: ReadonlyMap<TensorId, Shape>): NeutralSizes =>
    inferResized(model, inputs, inferred).inferredTypes.map(({ shape }) => shape);
  return new NeutralGraph(
    side.layout,
    layers,
    liftedTensors(inferred, side, tensors),
    sizesFor,
    sizeAt(model, bindings),
    side.integerSupport?.(model),
    side.whyNoPlaces?.(model),
  );
}

function liftedTensors(
  { graph, inferredTypes, nodes }: InferredGraph,
  side: FormatAdapter,
  tensors: Tensors,
): readonly NeutralTensor[] {
  const inputs = new Set(graph.inputs);
  const outputs = new Set(graph.outputs);
  const captured = capturedTensors(graph);
  const integers = integersOf(nodes, side);
  const { layout } = side;
  return graph.tensors.map(({ id, name }): NeutralTensor => {
    const { dataType, shape } = inferredTypes[id] ?? {};
    const rank = shape?.length ?? 0;
    const standsFor = integers.get(id);
    return {
      id,
      name,
      dataType,
      shape,
      channelAxis: rank === 0 ? undefined : layout === "channels-last" ? rank - 1 : Math.min(1, rank - 1),
      isInput: inputs.has(id),
      isOutput: outputs.has(id),
      isCaptured: captured.has(id),
      constant: tensors.constant(id),
      ...(standsFor && { standsFor }),
    };
  });
}

function integersOf(nodes: readonly InferredNode[], side: FormatAdapter): ReadonlyMap<TensorId, DataType> {
  const integers = new Map<TensorId, DataType>();
  for (const node of nodes) {
    const [output] = node.node.outputs;
    const type = side.standsFor?.(node);
    if (type !== undefined && output !== undefined) integers.set(output, type);
  }
  return integers;
}

/** Tensors that bodies read from the graph around them. */
function capturedTensors({ nodes }: Graph): ReadonlySet<TensorId> {
  return new Set(
    nodes.flatMap(({ bodies }) => bodies.flatMap(({ graph }) => graph.tensors.flatMap(({ outer }) => outer ?? []))),
  );
}

/** Constants and sizes, whatever operators make them: told by what inference found. */
function bookkeeping({ inferredTypes }: InferredGraph, { node, rule, view }: InferredNode): Lifted | undefined {
  const made = node.outputs.filter((id) => id >= 0);
  const inputs = node.inputs.filter((id) => id >= 0);
  if (made.length === 0 || node.bodies.length > 0) return undefined;
  if (made.every((id) => inferredTypes[id]?.constant !== undefined))
    return { form: { kind: "constant", isSource: rule?.kind === "constant" }, inputs };
  const isArithmetic =
    inputs.length > 0 &&
    view.inputs.every((inferredType) => inferredType === undefined || inferredType.value !== undefined);
  return isArithmetic || rule?.kind === "shape" ? { form: { kind: "shape" }, inputs } : undefined;
}

/** Tensors as lifting sees them: what is known of them, and their numbers where they have any. Nothing is read before it is asked for. */
class Tensors implements LiftScope {
  readonly #known = new Map<TensorId, Weights | undefined>();
  readonly #producers = new Map<TensorId, InferredNode>();
  readonly #used: ReadonlySet<TensorId>;

  constructor(
    private readonly inferred: InferredGraph,
    private readonly side: FormatAdapter,
    readonly decodes: boolean,
  ) {
    const { graph, nodes } = inferred;
    this.#used = new Set([...graph.outputs, ...nodes.flatMap(({ node }) => usedTensors(node))]);
    for (const node of inferred.nodes) for (const output of node.node.outputs) this.#producers.set(output, node);
  }

  inferredType(tensor: TensorId): InferredType {
    return this.inferred.inferredTypes[tensor] ?? UNKNOWN;
  }

  producer(tensor: TensorId): InferredNode | undefined {
    return this.#producers.get(tensor);
  }

  isUsed(tensor: TensorId): boolean {
    return this.#used.has(tensor);
  }

  constant(tensor: TensorId | undefined): Weights | undefined {
    if (tensor === undefined || tensor < 0) return undefined;
    if (!this.#known.has(tensor)) this.#known.set(tensor, this.#find(tensor));
    return this.#known.get(tensor);
  }

  /** Real numbers that inference has worked out, as it does for small tensors. */
  #computed(id: TensorId, { shape, dataType }: ConstantType): Weights | undefined {
    const elements = this.inferredType(id).value?.filter((element) => typeof element === "number");
    if (!isFloat(dataType) || elements?.length !== elementsOf(shape)) return undefined;
    return newWeights(shape, Float32Array.from(elements ?? []), dataType);
  }

  #find(id: TensorId): Weights | undefined {
    const tensor = this.inferred.graph.tensors[id];
    if (tensor?.constant) return storedWeights(tensor.constant, tensor.quantization);
    const { constant, shape, dataType } = this.inferred.inferredTypes[id] ?? {};
    const producer = this.#producers.get(id);
    if (!constant || !producer || !shape || !isStatic(shape) || dataType === undefined) return undefined;
    const type = { shape, dataType };
    const decoded = this.decodes ? this.side.decode?.(producer, this, type) : undefined;
    const found = decoded ?? this.side.fold?.(producer, this, type) ?? this.#computed(id, type);
    return found && withStoredBytes(found, constant);
  }
}

/** What is decoded, or made from next to nothing, takes less in the file than its type says. */
function withStoredBytes(weights: Weights, { parts, encoding }: ConstantOrigin): Weights {
  const { constant, origin, storedBytes: known } = weights;
  const storedBytes = parts && storedBytesOf(parts);
  const isKnown = constant !== undefined || origin !== undefined || known !== undefined;
  return isKnown || storedBytes === undefined
    ? weights
    : { ...weights, storedBytes, isStoredSparse: encoding?.kind === "sparse" };
}
