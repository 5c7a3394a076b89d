import { isKind, type NeutralGraph, type NeutralLayer } from "../neutral/neutral-graph.ts";
import type { BatchNormForm, ConvForm, Form, FormKind } from "../neutral/forms.ts";
import type { Weights } from "../neutral/weights.ts";
import type { TensorId } from "../model/model.ts";
import { channelsFirstForm, toChannelsFirst, toChannelsLast, worksOnLogicalAxes } from "./channels-first.ts";
import { arithmetic } from "./rules/elementwise.ts";
import { convolution, settingsOf } from "./rules/convolution.ts";
import { GRADIENT_RULES } from "./rules/index.ts";
import { reshape } from "./rules/layout.ts";
import { affineOf } from "./rules/normalization.ts";
import { throughGrid, type ActivationGrid } from "./rounded-activations.ts";
import { NoGradient, type GradientRule, type RuleScope } from "./rules/rule.ts";
import type { Tape, Value } from "./tape.ts";

/** Where the numbers of layers come from: trained ones, and those that stay. */
export interface NumberSource {
  /** @returns undefined for numbers that are not trained: then they are read */
  trained(layer: NeutralLayer, role: string, weights: Weights): Value | undefined;
  read(weights: Weights): Promise<Float32Array>;
}

/**
 * Writes layers of a lifted graph into a training graph. Maps are held channels first, whatever the model's layout. A convolution that
 * only a batch normalisation reads is written as one with the normalisation in its weights: that saves two passes over the map each way,
 * and gradients still come to both.
 */
export class GraphWriter {
  readonly #values = new Map<TensorId, Value>();

  constructor(
    readonly tape: Tape,
    private readonly lifted: NeutralGraph,
    private readonly numbers: NumberSource,
    /** Activations that the model rounds. */
    private readonly grids: ReadonlyMap<TensorId, ActivationGrid> = new Map(),
  ) {}

  /** A tensor as it was given or written; as the model has it, whatever the layout here. @throws {NoGradient} */
  logical(id: TensorId): Value {
    return this.#isHeld(this.#held(id)) ? toChannelsLast(this.tape, this.#held(id)) : this.#held(id);
  }

  has(id: TensorId): boolean {
    return this.#values.has(id);
  }

  /** Tells what a tensor is that no written layer makes. @param value with the axes of the model */
  give(id: TensorId, value: Value): void {
    this.#values.set(id, this.#isHeld(value) ? toChannelsFirst(this.tape, value) : value);
  }

  /**
   * @param alone whether the layer's output is wanted as it is: a convolution is not joined with the normalisation behind it then
   * @throws {NoGradient} when it cannot be trained through
   */
  async write(layer: NeutralLayer, alone: boolean): Promise<void> {
    if (!alone && this.#normAfter(layer)) return;
    const conv = isKind(layer, "batch-norm") ? this.lifted.producer(layer.inputs[0]) : undefined;
    const isJoined = conv !== undefined && isKind(conv, "conv") && !this.has(layer.inputs[0] ?? -1);
    const written =
      isJoined && isKind(layer, "batch-norm") ? [await this.#joined(conv, layer)] : await this.#byRule(layer);
    for (const [position, id] of layer.outputs.entries()) {
      const value = written[position];
      if (value) this.#values.set(id, this.#rounded(value, layer, id));
    }
  }

  /** As the model's integers leave it. */
  #rounded(value: Value, { form, inputs }: NeutralLayer, id: TensorId): Value {
    const grid = this.grids.get(id);
    const isOnGrid = MOVING.has(form.kind) && inputs.some((input) => this.grids.has(input));
    return grid === undefined || isOnGrid ? value : throughGrid(this.tape, value, grid);
  }

  /** Whether all that it does is to go over to integers, or back from them. */
  #converts({ form, inputs: [input = -1], outputs: [output = -1] }: NeutralLayer): boolean {
    const isOnGrid = this.grids.has(input) || this.grids.has(output);
    return form.kind === "unary" && form.fn === "recoded" && isOnGrid;
  }

  /** The normalisation that takes a convolution into it. */
  #normAfter(layer: NeutralLayer): NeutralLayer<BatchNormForm> | undefined {
    if (!isKind(layer, "conv") || layer.form.activation) return undefined;
    const after = this.lifted.onlyConsumer(layer.outputs[0]);
    return after && isKind(after, "batch-norm") ? after : undefined;
  }

  async #joined(conv: NeutralLayer<ConvForm>, norm: NeutralLayer<BatchNormForm>): Promise<Value> {
    const { tape } = this;
    const scope = await this.#scopeOf(conv);
    const { form } = conv;
    const weight = scope.weights("weight", form.weight);
    const bias = form.bias && scope.weights("bias", form.bias);
    const { scale, shift } = await affineOf(norm.form, await this.#scopeOf(norm));
    const along = [weight.shape[0] ?? 1, ...weight.shape.slice(1).map(() => 1)];
    const joined = arithmetic(tape, "multiply", weight, reshape(tape, scale, along));
    const moved = bias ? arithmetic(tape, "add", arithmetic(tape, "multiply", bias, scale), shift) : shift;
    const x = this.#held(conv.inputs[0] ?? -1);
    return convolution(tape, x, joined, moved, settingsOf(form, x));
  }

  async #byRule(layer: NeutralLayer): Promise<readonly Value[]> {
    if (this.#converts(layer)) return layer.inputs.slice(0, 1).map((id) => this.#held(id));
    const rule = GRADIENT_RULES[layer.form.kind] as GradientRule | undefined;
    if (rule === undefined) throw new NoGradient(whyNot(layer.form, layer.op));
    const inputs = layer.inputs.map((id) => this.#held(id));
    const scope = await this.#scopeOf(layer);
    if (this.lifted.layout === "channels-first") return rule(layer.form, inputs, scope);
    if (worksOnLogicalAxes(layer.form, inputs)) {
      const logical = inputs.map((input) => (this.#isHeld(input) ? toChannelsLast(this.tape, input) : input));
      const outputs = await rule(layer.form, logical, scope);
      return outputs.map((output) => (this.#isHeld(output) ? toChannelsFirst(this.tape, output) : output));
    }
    const rank = inputs[0]?.shape.length ?? 0;
    return rule(channelsFirstForm(layer.form, rank), inputs, this.#turned(layer, scope, rank));
  }

  /** Constants beside maps are stretched by the model's axes: they are turned as the maps are. */
  #turned({ form }: NeutralLayer, scope: RuleScope, rank: number): RuleScope {
    if (form.kind !== "elementwise" || rank < 3) return scope;
    return {
      ...scope,
      weights: (role, weights) => {
        const value = scope.weights(role, weights);
        const missing = Array.from({ length: rank - value.shape.length }, () => 1);
        return value.shape.length === 0
          ? value
          : toChannelsFirst(this.tape, reshape(this.tape, value, [...missing, ...value.shape]));
      },
    };
  }

  /** Numbers that stay are read before a rule asks for them. */
  async #scopeOf(layer: NeutralLayer): Promise<RuleScope> {
    const { tape, numbers } = this;
    const values = new Map<Weights, Value>();
    for (const [role, member] of Object.entries(layer.form) as [string, unknown][]) {
      if (!isWeights(member) || NEVER_TRAINED.has(role)) continue;
      values.set(
        member,
        numbers.trained(layer, role, member) ?? tape.constant(member.shape, await numbers.read(member)),
      );
    }
    return {
      tape,
      weights: (role, weights) => {
        const value = values.get(weights);
        if (value === undefined) throw new RangeError(`${layer.name} has no ${role}`);
        return value;
      },
      numbers: (weights) => numbers.read(weights),
    };
  }

  #held(id: TensorId): Value {
    const value = this.#values.get(id);
    if (value === undefined)
      throw new NoGradient(`what makes its input "${this.lifted.tensors[id]?.name ?? id}" is not known`);
    return value;
  }

  #isHeld({ shape }: Value): boolean {
    return this.lifted.layout === "channels-last" && shape.length >= 3;
  }
}

/** What is on the grid of its input. */
const MOVING: ReadonlySet<FormKind> = new Set<FormKind>(["reshape", "transpose", "slice", "split", "identity"]);

/** Statistics: they are read, but stay. */
const NEVER_TRAINED = new Set(["mean", "variance"]);

function isWeights(member: unknown): member is Weights {
  return typeof member === "object" && member !== null && "read" in member;
}

function whyNot(form: Form, op: string): string {
  return form.kind === "opaque" ? form.why : `${op} has no gradient here`;
}
