import { ownEntry } from "../own-entry.ts";
import { count } from "../counters.ts";
import { LimitError } from "../errors.ts";
import {
  ABSENT,
  type Body,
  type DeclaredType,
  type Graph,
  type Model,
  type Node,
  type Tensor,
  type TensorId,
} from "../model/model.ts";
import { companionRuns, spliced } from "../model/runs.ts";
import type { Dimension } from "../model/shape.ts";
import { symbol } from "../model/size-expression.ts";
import { UNKNOWN_SIZE } from "../shapes/dimension.ts";
import { constantType } from "./constant-type.ts";
import { CALL_RULE } from "./call-rule.ts";
import { disagreement, lostInput, plausible } from "./check-type.ts";
import { EditedGraph } from "./edited-graph.ts";
import { executionOrder } from "./execution-order.ts";
import { foldedConstant } from "./folded-constant.ts";
import type { InferredBody, InferredGraph, InferredNode, Problem } from "./inferred-graph.ts";
import { NodeView } from "./node-view.ts";
import { PreviousInference } from "./previous-inference.ts";
import { describeNode, type Description, type OperatorRule, type OperatorTable } from "./operator-rule.ts";
import { UNKNOWN, type InferredType } from "./inferred-type.ts";

export type { InferredBody, InferredGraph, InferredNode, Problem } from "./inferred-graph.ts";

/** What stays the same over all graphs of one inference. */
export interface InferenceContext {
  readonly model: Model;
  readonly operators: OperatorTable;
  /** Whether to compare with the shapes in the file: pointless once the caller has given an input another size. */
  readonly checksDeclared: boolean;
  /** Whether the file's own word stands for sizes that no rule can compute: not where a format writes placeholders for them. */
  readonly completesFromFile?: boolean;
  /** What names of sizes in the file stand for; themselves when left out. */
  readonly sizeOf?: (declared: string) => Dimension;
}

/**
 * Types, shapes, small values and constants of every tensor of a graph, from its inputs' alone: what the file itself says of
 * intermediate tensors is only compared with.
 * @param inputs inferred types of the graph's inputs, in their order
 * @param scope prefix of the tensors' keys, different for each graph that the caller infers
 * @param previous of a graph that this one was edited from, inferred with the same operators and scope: nodes that are the same there and get
 * the same are not asked again, and what they make is the very object that it was
 * @throws {LimitError} when loops in loops take too many rounds
 */
export function inferGraph(
  context: InferenceContext,
  graph: Graph,
  inputs: readonly InferredType[],
  scope = "",
  previous?: InferredGraph,
): InferredGraph {
  count("inferences");
  const known = previous && PreviousInference.of(previous);
  const effort = new Effort(context.model.file);
  const edited = known && EditedGraph.of(known, graph);
  const inference = new GraphInference(context, graph, scope, effort, undefined, known, edited);
  return edited ? inference.runEdited(edited, inputs) : inference.run(inputs, [], []);
}

/** The graph around a body, as far as it is inferred when the body's node is reached. */
interface Surroundings {
  readonly inferredTypes: readonly InferredType[];
  readonly keys: readonly string[];
}

/** Each widening gives up at least one size of a body's inputs; bodies that need more than this do not occur outside broken files. */
const MOST_WIDENINGS = 16;

/** Loops in loops, each widened for each widening of the one around it, would never end. More than twice what inlined calls may make. */
const MOST_INFERRED_NODES = 500_000;

/** How many nodes one inference has come to, those of a body again for each time that it is inferred. */
class Effort {
  #nodes = 0;

  constructor(private readonly file: string) {}

  /** @throws {LimitError} */
  add({ nodes }: Graph): void {
    this.#nodes += nodes.length;
    if (this.#nodes <= MOST_INFERRED_NODES) return;
    throw new LimitError(
      `${this.file}: the shapes in its loops take more than ${MOST_INFERRED_NODES} nodes to follow (MOST_INFERRED_NODES)`,
    );
  }
}

class GraphInference {
  readonly #inferredTypes: InferredType[];
  readonly #keys: string[];

  constructor(
    readonly context: InferenceContext,
    readonly graph: Graph,
    /** Makes keys unique: one for each place where a body runs. */
    readonly scope: string,
    readonly effort: Effort,
    readonly surroundings?: Surroundings,
    readonly previous?: PreviousInference,
    /** Of a graph that was edited. */
    edited?: EditedGraph,
  ) {
    effort.add(graph);
    this.#inferredTypes = edited?.typesBefore() ?? graph.tensors.map((tensor) => this.#stored(tensor));
    this.#keys =
      edited?.keys(scope) ??
      graph.tensors.map(
        ({ id, outer }) => (outer === undefined ? previous?.key(id) : surroundings?.keys[outer]) ?? `${scope}#${id}`,
      );
  }

  /** @param inputKeys @param outputKeys keys that inputs and outputs have outside, where they are the same tensors there */
  run(
    inputs: readonly InferredType[],
    inputKeys: readonly (string | undefined)[],
    outputKeys: readonly string[],
  ): InferredGraph {
    this.graph.outputs.forEach((id, position) => {
      const tensor = this.graph.tensors[id];
      if (!tensor?.constant && tensor?.outer === undefined) this.#keys[id] = outputKeys[position] ?? this.#key(id);
    });
    this.graph.inputs.forEach((id, position) => {
      const given = inputs[position] ?? UNKNOWN;
      this.#inferredTypes[id] = this.previous?.same(id, given) ?? given;
      this.#keys[id] = inputKeys[position] ?? this.#key(id);
    });
    const order = executionOrder(this.graph);
    const inOrder = order.map((node) => this.#infer(node));
    const nodes = order === this.graph.nodes ? inOrder : inFileOrder(this.graph, inOrder);
    return { graph: this.graph, inferredTypes: this.#inferredTypes, keys: this.#keys, nodes };
  }

  /** As `run`, with a look at nothing but what an edit touched and what that makes a difference to. */
  runEdited(edited: EditedGraph, inputs: readonly InferredType[]): InferredGraph {
    const types = this.#inferredTypes;
    const { tensors } = this.graph;
    for (const id of edited.changedTensors()) {
      const tensor = tensors[id];
      types[id] = tensor ? this.#stored(tensor) : UNKNOWN;
    }
    this.graph.inputs.forEach((id, position) => {
      const given = inputs[position] ?? UNKNOWN;
      types[id] = edited.previous.same(id, given) ?? given;
      edited.settle(id, types[id]);
    });
    const infer = (node: Node): InferredNode => {
      const found = this.#infer(node);
      for (const id of node.outputs) if (id !== ABSENT) edited.settle(id, types[id]);
      return found;
    };
    const before = edited.found;
    const again = (position: number): InferredNode | undefined => {
      const found = before[position];
      return found && edited.isTouched(position) ? infer(found.node) : found;
    };
    const runs = companionRuns(edited.runs, before, again, infer);
    const nodes = spliced(runs, before, (found) => found);
    const edit = { before: edited.previous.inferred, runs };
    return { graph: this.graph, inferredTypes: types, keys: this.#keys, nodes, edit };
  }

  /** Of a tensor that no node makes. */
  #stored(tensor: Tensor): InferredType {
    const known = this.previous?.stored(tensor);
    if (known) return known;
    const { constant, name, outer, isVariable, isScratch, declared } = tensor;
    if (outer !== undefined) return this.surroundings?.inferredTypes[outer] ?? UNKNOWN;
    if (constant) return constantType(constant, tensor);
    // State lives in the file's own tensors: no node computes its size.
    return (isVariable || isScratch) && declared ? asDeclared(declared, name, this.context) : UNKNOWN;
  }

  #infer(node: Node): InferredNode {
    const known = this.previous?.node(node, this.#inferredTypes, this.graph);
    if (known) {
      for (const id of node.outputs) if (id !== ABSENT) this.#inferredTypes[id] = this.previous?.made(id) ?? UNKNOWN;
      return known;
    }
    count("inferredNodes");
    const rule = this.#rule(node);
    const view = this.#view(node);
    const problems: Problem[] = [];
    if (rule === undefined) problems.push({ code: "unknown-operator", message: `no rule for ${node.op}` });
    else if (rule.unknownBecause !== undefined)
      problems.push({ code: "unknown-operator", message: rule.unknownBecause, isExplained: true });
    const bodies = node.bodies.map((body) => this.#inferBody(node, view, rule, body, problems));
    const { outputs: computed, operation } =
      this.#attempt(problems, () => rule && describeWithBodies(rule, view, bodies)) ?? undescribed(rule);
    const outputs = node.outputs.map((id, position) =>
      id === ABSENT ? UNKNOWN : this.#conclude(node, rule, view, problems, position, computed[position] ?? UNKNOWN),
    );
    const loss = lostInput(operation, view.shape(0), outputs[0]);
    if (loss !== undefined) problems.push({ code: "shape-error", message: loss });
    return { node, rule, view, operation, bodies, problems };
  }

  /** Takes one output over: checked, folded, compared with the file's own word. */
  #conclude(
    node: Node,
    rule: OperatorRule | undefined,
    view: NodeView,
    problems: Problem[],
    position: number,
    computed: InferredType,
  ): InferredType {
    const id = node.outputs[position] ?? ABSENT;
    const tensor = this.graph.tensors[id];
    const name = tensor?.name ?? "";
    const checked = plausible(computed);
    if (checked.problem) problems.push({ code: "shape-error", message: `output ${name}: ${checked.problem}` });
    let inferredType = checked.inferredType;
    if (tensor?.declared) {
      const isKnown = rule !== undefined && rule.unknownBecause === undefined;
      if (isKnown && this.context.checksDeclared) {
        const message = disagreement(inferredType, tensor.declared);
        if (message) problems.push({ code: "shape-disagrees", message: `output ${name}: ${message}` });
        const isContradictory = problems.some(({ code }) => code !== "shape-disagrees");
        const isMissing = isContradictory || this.context.completesFromFile !== true;
        const completed = isMissing ? undefined : completedBy(tensor.declared, inferredType, this.context);
        if (completed) view.note("Sizes that follow from nothing that is known are the file's own.");
        inferredType = completed ?? inferredType;
      } else if (!isKnown) {
        inferredType = asDeclared(tensor.declared, name, this.context);
        if (inferredType.shape) view.note("The operator is unknown: its output shape is the file's own.");
      }
    }
    // An inferred type of its own even where a rule hands an input's on: inferred types are told apart by identity (see #inferBody).
    inferredType = rule && !rule.control ? folded(rule, view, name, position, inferredType) : { ...inferredType };
    inferredType = this.previous?.same(id, inferredType) ?? inferredType;
    this.#inferredTypes[id] = inferredType;
    return inferredType;
  }

  #inferBody(
    node: Node,
    view: NodeView,
    rule: OperatorRule | undefined,
    body: Body,
    problems: Problem[],
  ): InferredBody {
    const control = rule?.control;
    let inputs = this.#attempt(problems, () => control?.bodyInputs(view, body)) ?? [];
    // A body input that is one of the node's input inferred types, the very object, is that tensor under another name.
    const keys = inputs.map((inferredType) => {
      const position = inferredType === UNKNOWN ? -1 : view.inputs.indexOf(inferredType);
      return position < 0 ? undefined : this.#key(node.inputs[position] ?? ABSENT);
    });
    const scope = `${this.scope}#${node.index}/${body.label}`;
    const surroundings = { inferredTypes: this.#inferredTypes, keys: this.#keys };
    const trips = control?.trips ? this.#attempt(problems, () => control.trips?.(view, body)) : 1;
    const isPassedOut = body.role === "call" || body.role === "then" || body.role === "else";
    const outputKeys = isPassedOut ? node.outputs.map((id) => (id === ABSENT ? "" : this.#key(id))) : [];
    const previous = this.previous?.body(node, body);
    const run = () =>
      new GraphInference(this.context, body.graph, scope, this.effort, surroundings, previous).run(
        inputs,
        keys,
        outputKeys,
      );
    let graph = run();
    for (let round = 0; control?.widened && round < MOST_WIDENINGS; round += 1) {
      const outputs = graph.graph.outputs.map((id) => graph.inferredTypes[id] ?? UNKNOWN);
      const next = this.#attempt(problems, () => control.widened?.(view, body, inputs, outputs));
      if (next === undefined) break;
      inputs = next;
      graph = run();
    }
    return { body, graph, trips };
  }

  #view(node: Node): NodeView {
    const inputs = node.inputs.map((id) => (id === ABSENT ? undefined : this.#inferredTypes[id]));
    const outputs = node.outputs.map((id) => this.graph.tensors[id]);
    return new NodeView(node, inputs, outputs);
  }

  #rule(node: Node): OperatorRule | undefined {
    if (node.bodies.some(({ role }) => role === "call")) return CALL_RULE;
    const rules = this.context.operators.get(node.domain);
    return rules && Object.hasOwn(rules, node.op) ? ownEntry(rules, node.op) : undefined;
  }

  /** A rule that finds its inputs contradictory costs its own row only; everything else of the model stays readable. */
  #attempt<T>(problems: Problem[], compute: () => T): T | undefined {
    try {
      return compute();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const code = error.name === "ShapeError" ? "shape-error" : "internal-error";
      // The shapes and the costs of a node may stumble over the same contradiction.
      const isKnown = problems.some((problem) => problem.code === code && problem.message === error.message);
      if (!isKnown) problems.push({ code, message: error.message });
      return undefined;
    }
  }

  #key(id: TensorId): string {
    return this.#keys[id] ?? "";
  }
}

/** What bodies make is what their node makes. */
function describeWithBodies(rule: OperatorRule, view: NodeView, bodies: readonly InferredBody[]): Description {
  const { control, kind = "control" } = rule;
  if (!control?.outputs) return describeNode(rule, view);
  return { outputs: control.outputs(view, bodies.map(outputTypes)), operation: { kind } };
}

/** Of an operator without a rule, or whose inputs contradict each other: its kind where the rule says it of all. */
function undescribed(rule: OperatorRule | undefined): Description {
  return { outputs: [], operation: { kind: rule?.kind ?? "unknown" } };
}

function inFileOrder({ nodes }: Graph, inferred: readonly InferredNode[]): readonly InferredNode[] {
  const byNode = new Map(inferred.map((one) => [one.node, one]));
  return nodes.flatMap((node) => byNode.get(node) ?? []);
}

function outputTypes({ graph }: InferredBody): readonly InferredType[] {
  return graph.graph.outputs.map((id) => graph.inferredTypes[id] ?? UNKNOWN);
}

/** A result of constants alone is a constant. */
function folded(
  rule: OperatorRule,
  view: NodeView,
  name: string,
  position: number,
  computed: InferredType,
): InferredType {
  const inferredType = ownResult(rule, view, computed);
  if (inferredType.constant !== undefined) return inferredType;
  const constant = foldedConstant(rule, view, name, position, inferredType);
  return constant ? { ...inferredType, constant } : inferredType;
}

/** Many rules hand an input's inferred type on for its type; its numbers come along only where the rule says that it carries them. */
function ownResult(rule: OperatorRule, { inputs }: NodeView, computed: InferredType): InferredType {
  const { dataType, shape, value, constant, container, items } = computed;
  const own: Draft = { dataType, shape };
  const isCarried = rule.carries !== undefined;
  if (value !== undefined && (isCarried || !inputs.some((input) => input?.value === value))) own.value = value;
  if (constant !== undefined && !inputs.some((input) => input?.constant === constant)) own.constant = constant;
  if (container !== undefined) own.container = container;
  if (items !== undefined) own.items = items;
  return own;
}

type Draft = { -readonly [Key in keyof InferredType]: InferredType[Key] };

/**
 * What the file says of sizes that a rule cannot compute, those that only the run can tell among them; undefined where it says nothing of
 * them.
 */
function completedBy(
  declared: DeclaredType,
  inferredType: InferredType,
  { sizeOf = symbol }: InferenceContext,
): InferredType | undefined {
  const { shape } = inferredType;
  if (inferredType.container !== undefined || declared.container !== undefined || declared.shape === undefined)
    return undefined;
  const told = declared.shape.map((size) => {
    if (typeof size === "number") return size;
    const named = typeof size === "string" ? sizeOf(size) : UNKNOWN_SIZE;
    return typeof named === "number" ? named : UNKNOWN_SIZE;
  });
  if (shape !== undefined && shape.length !== told.length) return undefined;
  const sizes = told.map((size, axis): Dimension => {
    const known = shape?.[axis] ?? UNKNOWN_SIZE;
    return typeof size === "number" && typeof known !== "number" ? size : known;
  });
  const isMore = sizes.some((size, axis) => size !== UNKNOWN_SIZE && size !== shape?.[axis]);
  return isMore ? { ...inferredType, shape: sizes } : undefined;
}

function asDeclared(
  { dataType, shape, container }: DeclaredType,
  name: string,
  { sizeOf = symbol }: InferenceContext,
): InferredType {
  const inferredType = {
    dataType,
    shape: shape?.map((dimension, axis) => {
      if (typeof dimension === "number") return dimension;
      if (typeof dimension === "string") return sizeOf(dimension);
      return dimension === null ? symbol(`${name}[${axis}]`) : dimension.example;
    }),
  };
  return container ? { ...inferredType, container } : inferredType;
}
