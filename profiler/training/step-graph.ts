import type { TensorId } from "../model/model.ts";
import type { Weights } from "../neutral/weights.ts";
import type { NeutralGraph } from "../neutral/neutral-graph.ts";
import { adam } from "./adam.ts";
import { isPerClass } from "../runtime/difference.ts";
import { GraphWriter, type NumberSource } from "./graph-writer.ts";
import { sizeOf, type GraphTensor } from "./onnx-graph.ts";
import { batchShape, type PlanOptions, type TrainingPlan } from "./plan.ts";
import { reshaped } from "./rules/sums.ts";
import { storedFormOf } from "./stored-forms.ts";
import { Tape, type Value } from "./tape.ts";

/** A tensor that training brings to the teacher's. */
export interface Target {
  readonly id: TensorId;
  /** Mean square of what the teacher gives: errors are measured in it. */
  readonly energy: number;
  /** Its error, and that energy, are those of its softmax, of one number a class: what the model answers. Only where it is measured, not trained. */
  readonly isBeforeSoftmax?: boolean;
  /** In the sum of all errors. */
  readonly weight: number;
  /** The samples' classes are its: see `NAMES.classes`. */
  readonly isLabelled?: boolean;
}

export interface StepGraphOptions extends Pick<PlanOptions, "sizes" | "batch" | "grids"> {
  readonly targets: readonly Target[];
  /** Weight of the cross entropy of the labelled target's softmax with the samples' classes, in the sum of all errors; 0 when left out. */
  readonly crossEntropy?: number;
}

/** Names of a graph's inputs and outputs. */
export const NAMES = {
  weights: "weights",
  first: "first moment",
  second: "second moment",
  rate: "rate",
  newWeights: "new weights",
  newFirst: "new first moment",
  newSecond: "new second moment",
  /** Mean square errors over the targets' energies, one a target. */
  errors: "errors",
  /** Samples of the batch of which an output's largest number stands where the teacher's does, one an output that gives a number a class. */
  agreeing: "agreeing",
  /** How much of a sample is of each class: one row a sample. */
  classes: "classes",
  /** Samples of the batch of which the labelled target's largest number stands at their class. */
  right: "right",
  /** Mean over the batch, in nats. */
  crossEntropy: "cross entropy",
  fed: (id: TensorId): string => `tensor ${id}`,
  target: (id: TensorId): string => `target ${id}`,
} as const;

/** A graph that can be run. */
export interface BuiltGraph {
  readonly bytes: Uint8Array;
  /** Shapes of its inputs by their names. */
  readonly inputs: ReadonlyMap<string, readonly number[]>;
}

/**
 * A training step as one ONNX graph: forward, backward and Adam.
 * @param sizes how far each weight moves at a rate of 1
 */
export async function stepGraph(
  lifted: NeutralGraph,
  plan: TrainingPlan,
  options: StepGraphOptions,
  sizes: Float32Array,
): Promise<BuiltGraph> {
  const { tape, graph, weights, parts, errors } = await forward(lifted, plan, options);
  const gradients = tape.gradients(errors.seeds(options.crossEntropy ?? 0));
  const flat = plan.parameters.map(({ size }, index) => {
    const gradient = gradients.get(parts[index]?.name ?? "");
    return gradient ? reshaped(graph, gradient, [size]) : graph.constant([size], new Float32Array(size));
  });
  const gradient = flat.length === 1 && flat[0] ? flat[0] : graph.node("Concat", flat, weights.shape, { axis: 0 });
  const moment = (name: string): GraphTensor => graph.input(name, weights.shape);
  const state = { weights, first: moment(NAMES.first), second: moment(NAMES.second) };
  const after = adam(graph, state, gradient, graph.input(NAMES.rate, []), graph.constant(weights.shape, sizes));
  graph.output(NAMES.newWeights, after.weights);
  graph.output(NAMES.newFirst, after.first);
  graph.output(NAMES.newSecond, after.second);
  return { bytes: graph.bytes(), inputs: graph.inputs };
}

/** A graph that measures. */
export interface ErrorGraph extends BuiltGraph {
  /** Outputs that give a number a class: without any, nothing is said of the answers' agreement. */
  readonly classifying: number;
  /** Names of what it gives. */
  readonly outputs: readonly string[];
}

/** The forward pass with its errors, and how often both models say the same class. */
export async function errorGraph(
  lifted: NeutralGraph,
  plan: TrainingPlan,
  options: StepGraphOptions,
): Promise<ErrorGraph> {
  const { graph, errors } = await forward(lifted, plan, options);
  const agreeing = errors.agreeing(options.batch);
  if (agreeing) graph.output(NAMES.agreeing, agreeing);
  const labelled = errors.labelled();
  if (labelled) {
    graph.output(NAMES.right, labelled.right);
    graph.output(NAMES.crossEntropy, labelled.crossEntropy);
  }
  const outputs = [
    NAMES.errors,
    ...(agreeing ? [NAMES.agreeing] : []),
    ...(labelled ? [NAMES.right, NAMES.crossEntropy] : []),
  ];
  return { bytes: graph.bytes(), inputs: graph.inputs, classifying: agreeing?.shape[0] ?? 0, outputs };
}

interface Forward {
  readonly tape: Tape;
  readonly graph: Tape["graph"];
  readonly weights: GraphTensor;
  /** Parameters by their position in the plan. */
  readonly parts: readonly Value[];
  readonly errors: Errors;
}

async function forward(lifted: NeutralGraph, plan: TrainingPlan, options: StepGraphOptions): Promise<Forward> {
  const tape = new Tape();
  const { graph } = tape;
  const size = plan.parameters.reduce((sum, parameter) => sum + parameter.size, 0);
  const weights = graph.input(NAMES.weights, [size]);
  const parts = split(tape, weights, plan);
  const rounded = new Map<Weights, Value>();
  for (const [index, { weights: held }] of plan.parameters.entries()) {
    const part = parts[index];
    if (part) rounded.set(held, (await storedFormOf(held)).through(tape, part));
  }
  const numbers: NumberSource = { trained: (_, __, held) => rounded.get(held), read: (held) => held.read() };
  const writer = new GraphWriter(tape, lifted, numbers, options.grids);
  for (const id of plan.fed) {
    const shape = batchShape(options, id) ?? [];
    writer.give(id, tape.fixed(graph.input(NAMES.fed(id), shape)));
  }
  const targets = new Set(options.targets.map(({ id }) => id));
  for (const layer of plan.layers) {
    for (const id of layer.inputs) {
      const { constant } = lifted.tensor(id);
      if (constant && !writer.has(id)) writer.give(id, tape.constant(constant.shape, await constant.read()));
    }
    await writer.write(
      layer,
      layer.outputs.some((id) => targets.has(id)),
    );
  }
  const errors = new Errors(tape, writer, options.targets);
  graph.output(NAMES.errors, errors.all());
  return { tape, graph, weights, parts, errors };
}

/** The vector of all parameters as tensors of their shapes. */
function split({ graph }: Tape, weights: GraphTensor, { parameters }: TrainingPlan): readonly Value[] {
  const sizes = graph.setting(parameters.map(({ size }) => size));
  const names =
    parameters.length === 1 ? [weights.name] : graph.nodes("Split", [weights, sizes], parameters.length, { axis: 0 });
  return parameters.map(({ size, weights: { shape } }, index) => {
    const part = { name: names[index] ?? "", shape: [size] };
    return { ...graph.node("Reshape", [part, graph.setting(shape)], shape), isTrained: true };
  });
}

/** ONNX's number of the type. */
const FLOAT = 1;

/** Distances to the teacher: mean squares over the energies of what it gives. */
class Errors {
  readonly #differences: readonly {
    readonly target: Target;
    readonly value: Value;
    readonly wanted: GraphTensor;
    readonly difference: GraphTensor;
  }[];

  constructor(
    private readonly tape: Tape,
    writer: GraphWriter,
    targets: readonly Target[],
  ) {
    const { graph } = tape;
    this.#differences = targets.map((target) => {
      const value = writer.logical(target.id);
      const wanted = graph.input(NAMES.target(target.id), value.shape);
      const [a, b] =
        target.isBeforeSoftmax === true ? [value, wanted].map((each) => probabilities(graph, each)) : [value, wanted];
      return { target, value, wanted, difference: graph.node("Sub", [a ?? value, b ?? wanted], value.shape) };
    });
  }

  all(): GraphTensor {
    const { graph } = this.tape;
    const each = this.#differences.map(({ target, difference }) => {
      const { shape } = difference;
      const square = graph.node("Mul", [difference, difference], shape);
      const axes = graph.setting([...shape.keys()]);
      const mean = graph.node("ReduceMean", [square, axes], [], { keepdims: 0 });
      return reshaped(graph, graph.node("Mul", [mean, graph.scalar(1 / target.energy)], []), [1]);
    });
    return joined(graph, each);
  }

  /** Of each output with one number a class, so many samples of which both models say the same one; undefined where there is none. */
  agreeing(batch: number): GraphTensor | undefined {
    const { graph } = this.tape;
    const each = this.#differences.flatMap(({ value, wanted }) => {
      if (!isPerClass(value.shape, batch)) return [];
      return [agreeing(graph, rowsOf(graph, value), rowsOf(graph, wanted))];
    });
    return each.length === 0 ? undefined : joined(graph, each);
  }

  /** How the labelled target answers for the samples' classes; undefined where there is none. */
  labelled(): { readonly right: GraphTensor; readonly crossEntropy: GraphTensor } | undefined {
    const { graph } = this.tape;
    const value = this.#labelled;
    if (value === undefined) return undefined;
    const rows = rowsOf(graph, value);
    const [batch = 1] = rows.shape;
    const classes = graph.input(NAMES.classes, rows.shape);
    const logarithms = graph.node("LogSoftmax", [rows], rows.shape, { axis: 1 });
    const product = graph.node("Mul", [classes, logarithms], rows.shape);
    const sum = graph.node("ReduceSum", [product, graph.setting([0, 1])], [], { keepdims: 0 });
    const crossEntropy = reshaped(graph, graph.node("Mul", [sum, graph.scalar(-1 / batch)], []), [1]);
    return { right: agreeing(graph, rows, classes), crossEntropy };
  }

  /**
   * Gradients of the weighted sum of the errors by each target.
   * @param crossEntropy weight of the cross entropy in that sum
   */
  seeds(crossEntropy: number): ReadonlyMap<string, GraphTensor> {
    const { graph } = this.tape;
    const seeds = this.#differences.map(({ target: { energy, weight }, value, difference }): [string, GraphTensor] => {
      const factor = graph.scalar((2 * weight) / (energy * sizeOf(value.shape)));
      return [value.name, graph.node("Mul", [difference, factor], value.shape)];
    });
    const value = this.#labelled;
    if (value === undefined || crossEntropy === 0) return new Map(seeds);
    const rows = rowsOf(graph, value);
    const said = graph.node("Softmax", [rows], rows.shape, { axis: 1 });
    const excess = graph.node("Sub", [said, graph.input(NAMES.classes, rows.shape)], rows.shape);
    const factor = graph.scalar(crossEntropy / (rows.shape[0] ?? 1));
    const gradient = reshaped(graph, graph.node("Mul", [excess, factor], rows.shape), value.shape);
    return new Map(
      seeds.map(([name, seed]) => [
        name,
        name === value.name ? graph.node("Add", [seed, gradient], value.shape) : seed,
      ]),
    );
  }

  get #labelled(): Value | undefined {
    return this.#differences.find(({ target }) => target.isLabelled)?.value;
  }
}

function joined(graph: Tape["graph"], each: readonly GraphTensor[]): GraphTensor {
  const [first] = each;
  return each.length === 1 && first ? first : graph.node("Concat", each, [each.length], { axis: 0 });
}

/** One row a sample. */
function rowsOf(graph: Tape["graph"], tensor: GraphTensor): GraphTensor {
  const [batch = 1] = tensor.shape;
  return reshaped(graph, tensor, [batch, sizeOf(tensor.shape) / batch]);
}

/** Number of the rows whose largest elements stand in the same place. */
function agreeing(graph: Tape["graph"], a: GraphTensor, b: GraphTensor): GraphTensor {
  const [batch = 1] = a.shape;
  const [one, other] = [a, b].map((rows) => graph.node("ArgMax", [rows], [batch], { axis: 1, keepdims: 0 }));
  const same = graph.node("Equal", [one ?? a, other ?? b], [batch]);
  const counted = graph.node("Cast", [same], [batch], { to: FLOAT });
  return graph.node("ReduceSum", [counted, graph.setting([0])], [1], { keepdims: 1 });
}

/** Each sample's, which has one number a class. */
function probabilities(graph: Tape["graph"], tensor: GraphTensor): GraphTensor {
  const rows = rowsOf(graph, tensor);
  return reshaped(graph, graph.node("Softmax", [rows], rows.shape, { axis: 1 }), tensor.shape);
}
