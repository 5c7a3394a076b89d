import type { TensorId } from "../model/model.ts";
import type { FormKind } from "../neutral/forms.ts";
import type { Weights } from "../neutral/weights.ts";
import type { LayerId, NeutralGraph, NeutralLayer, NeutralSizes } from "../neutral/neutral-graph.ts";
import { GraphWriter, type NumberSource } from "./graph-writer.ts";
import { sizeOf } from "./onnx-graph.ts";
import { isTrainable, ParameterList, type Parameter, type TrainedRoles } from "./parameters.ts";
import type { ActivationGrid } from "./rounded-activations.ts";
import { NoGradient } from "./rules/rule.ts";
import { Tape } from "./tape.ts";

/** A layer that no gradient comes through: what is behind it, towards the input, is not trained. */
export interface Stop {
  readonly layer: string;
  readonly op: string;
  readonly why: string;
}

/** What is trained of a graph. */
export interface TrainingPlan {
  /** Layers of the training graph, in an order in which they can run. */
  readonly layers: readonly NeutralLayer[];
  /** Tensors that training does not change, which its graph reads: they are computed once. */
  readonly fed: readonly TensorId[];
  /** Of the tensors that were asked for, those that training changes. */
  readonly targets: readonly TensorId[];
  readonly parameters: readonly Parameter[];
  readonly stops: readonly Stop[];
}

export interface PlanOptions {
  /** Tensors by which the model is judged. */
  readonly targets: readonly TensorId[];
  /** Shapes of all tensors for one sample. */
  readonly sizes: NeutralSizes;
  /** Samples of a step. */
  readonly batch: number;
  readonly roles: TrainedRoles;
  /** Activations that the model rounds; none when left out. */
  readonly grids?: ReadonlyMap<TensorId, ActivationGrid>;
  /** Layers that are trained; all when left out. */
  readonly only?: ReadonlySet<LayerId>;
}

/** Finds out which layers a gradient reaches, without reading a weight. */
export async function planTraining(lifted: NeutralGraph, options: PlanOptions): Promise<TrainingPlan> {
  const needed = layersBehind(lifted, options.targets);
  const ordered = lifted.layers.filter(({ id, form: { kind } }) => needed.has(id) && !BOOKKEEPING.has(kind));
  const parameters = new ParameterList();
  const holders = new Set<LayerId>();
  const source: NumberSource = {
    trained: (layer, role, weights) => {
      if (isTrainable(layer.form, role, weights, options.roles) && (options.only?.has(layer.id) ?? true)) {
        parameters.add(layer, role, weights);
        holders.add(layer.id);
      }
      return tape.trained({ name: `${layer.id}.${role}`, shape: weights.shape });
    },
    read: (weights: Weights) => Promise.resolve(new Float32Array(sizeOf(weights.shape)).fill(1)),
  };
  const tape = new Tape();
  const writer = new GraphWriter(tape, lifted, source, options.grids);
  const isGiven = (id: TensorId): boolean => !ordered.some((layer) => layer.id === lifted.producer(id)?.id);
  const stops = new Map<LayerId, Stop>();
  const frozen = new Set<LayerId>();
  for (const layer of ordered) {
    for (const id of layer.inputs) if (!writer.has(id) && isGiven(id)) give(writer, lifted, options, id);
    try {
      await writer.write(
        layer,
        layer.outputs.some((id) => options.targets.includes(id)),
      );
    } catch (error) {
      if (!(error instanceof NoGradient)) throw error;
      stops.set(layer.id, { layer: layer.name, op: layer.op, why: error.message });
      for (const each of layersBehind(lifted, layer.outputs)) frozen.add(each);
      for (const id of layer.outputs) give(writer, lifted, options, id);
    }
  }
  const active = activeLayers(lifted, ordered, (id) => !frozen.has(id) && holders.has(id), frozen);
  const layers = ordered.filter(({ id }) => active.has(id));
  const isMade = (id: TensorId): boolean => active.has(lifted.producer(id)?.id ?? -1);
  const fed = new Set(
    layers.flatMap(({ inputs }) => inputs.filter((id) => !isMade(id) && !lifted.tensor(id).constant)),
  );
  return {
    layers,
    fed: [...fed],
    targets: options.targets.filter(isMade),
    parameters: parameters.within(active),
    stops: ordered.flatMap((layer) => {
      const stop = stops.get(layer.id);
      return stop && blocks(lifted, layer, holders) ? [stop] : [];
    }),
  };
}

/** Layers that make no activation. */
const BOOKKEEPING: ReadonlySet<FormKind> = new Set<FormKind>(["constant", "shape"]);

/** Whether something trainable is behind a layer. */
function blocks(lifted: NeutralGraph, layer: NeutralLayer, holders: ReadonlySet<LayerId>): boolean {
  return [...layersBehind(lifted, layer.outputs)].some((id) => holders.has(id));
}

/** Layers that are trained, and those that what is trained goes through. */
function activeLayers(
  lifted: NeutralGraph,
  ordered: readonly NeutralLayer[],
  isTrained: (id: LayerId) => boolean,
  frozen: ReadonlySet<LayerId>,
): ReadonlySet<LayerId> {
  const active = new Set<LayerId>();
  for (const { id, inputs } of ordered) {
    const isReached = inputs.some((input) => active.has(lifted.producer(input)?.id ?? -1));
    if (!frozen.has(id) && (isTrained(id) || isReached)) active.add(id);
  }
  return active;
}

function layersBehind(lifted: NeutralGraph, tensors: readonly TensorId[]): ReadonlySet<LayerId> {
  const found = new Set<LayerId>();
  const pending = [...tensors];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const layer = lifted.producer(id);
    if (layer === undefined || found.has(layer.id)) continue;
    found.add(layer.id);
    pending.push(...layer.inputs);
  }
  return found;
}

/** Shape of a tensor for a batch of samples; undefined where it is not known, or samples do not lie along its first axis. */
export function batchShape(
  { sizes, batch }: Pick<PlanOptions, "sizes" | "batch">,
  id: TensorId,
): readonly number[] | undefined {
  const [first, ...rest] = sizes[id] ?? [];
  const isKnown = rest.every((size) => typeof size === "number");
  return first === 1 && isKnown ? [batch, ...rest.filter((size) => typeof size === "number")] : undefined;
}

/** What reads a tensor of unknown sizes stops there. */
function give(writer: GraphWriter, lifted: NeutralGraph, options: PlanOptions, id: TensorId): void {
  const shape = lifted.tensor(id).constant?.shape ?? batchShape(options, id);
  if (shape !== undefined) writer.give(id, { name: `tensor${id}`, shape, isTrained: false });
}
