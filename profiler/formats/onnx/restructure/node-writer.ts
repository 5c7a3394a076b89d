import { ownEntry } from "../../../own-entry.ts";
import { ABSENT, type Attribute, type TensorId } from "../../../model/model.ts";
import { isFloat, type DataType } from "../../../model/data-type.ts";
import type { Shape } from "../../../model/shape.ts";
import type { LayerToLower } from "../../../neutral/adapter.ts";
import type { FormKind } from "../../../neutral/forms.ts";
import type { Weights } from "../../../neutral/weights.ts";
import { GraphIndex } from "../../../operators/graph-index.ts";
import type { GraphBuilder } from "../../../neutral/graph-builder.ts";
import { dataTypeCode } from "../data-types.ts";
import { writeCoded } from "./coded-weights.ts";
import { storedTypeOf, writeQuantized, writeQuantizedBias } from "./quantized-weights.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";

type Attributes = Readonly<Record<string, Attribute>>;

/** Which input of a node has the weights of a role. */
const PLACES: Readonly<Record<string, number>> = {
  weight: 1,
  bias: 2,
  scale: 1,
  shift: 2,
  mean: 3,
  variance: 4,
  slopes: 1,
};

const WITH_WEIGHT_AND_BIAS: ReadonlySet<FormKind> = new Set(["conv", "conv-transpose", "dense"]);

/** What exporters leave between a weight and its layer. */
const LAYOUT_ONLY: ReadonlySet<string> = new Set([
  "Flatten",
  "Identity",
  "Reshape",
  "Squeeze",
  "Transpose",
  "Unsqueeze",
]);

function haveSameRoles(a: FormKind, b: FormKind): boolean {
  return a === b || (WITH_WEIGHT_AND_BIAS.has(a) && WITH_WEIGHT_AND_BIAS.has(b));
}

/** Writes the nodes of one layer: its own node under its name, and others beside it. */
export class NodeWriter {
  /** Version of the default operator set. */
  readonly opset: number;

  constructor(
    readonly layer: LayerToLower,
    readonly draft: GraphBuilder,
  ) {
    this.opset = draft.opset();
  }

  get input(): TensorId {
    return this.layer.inputs[0] ?? ABSENT;
  }

  get output(): TensorId {
    return this.layer.outputs[0] ?? ABSENT;
  }

  /** The layer's own node. */
  node(
    op: string,
    inputs: readonly TensorId[],
    attributes: Attributes = {},
    outputs = this.layer.outputs,
    domain = "",
  ): void {
    const name = this.layer.before?.node.name ?? this.layer.name;
    this.#add(op, name, this.layer.name, inputs, attributes, outputs, domain);
  }

  /** A node beside the layer's own. */
  helper(role: string, op: string, inputs: readonly TensorId[], attributes: Attributes, output: TensorId): void {
    const name = `${this.layer.name}.${role}`;
    this.#add(op, name, name, inputs, attributes, [output]);
  }

  #add(
    op: string,
    name: string,
    identity: string,
    inputs: readonly TensorId[],
    attributes: Attributes,
    outputs: readonly TensorId[],
    domain = "",
  ): void {
    const all = new Map(Object.entries(attributes));
    this.draft.addNode({ op, domain, name, inputs, outputs, attributes: all }, identity);
  }

  /** A new activation between the layer's nodes. */
  tensor(role: string): TensorId {
    return this.draft.addTensor(`${this.layer.name}.${role}`);
  }

  /** Weights in the layout they have: those of the file where they stand there, else a new constant. */
  weights(role: string, weights: Weights, channelAxis = 0): Promise<TensorId> {
    const stored = this.stored(weights);
    if (stored !== undefined) return Promise.resolve(stored);
    const as = `${this.#floatType()} ${storedTypeOf(this, weights)} ${channelAxis}`;
    return this.draft.once(weights, as, () => this.#newWeights(role, weights, channelAxis));
  }

  #newWeights(role: string, weights: Weights, channelAxis: number): Promise<TensorId> {
    if (weights.coding) return this.#coded(role, weights);
    const storedType = storedTypeOf(this, weights);
    if (!isFloat(storedType)) return writeQuantized(this, role, weights, { dataType: storedType, channelAxis });
    return this.#floats(role, weights);
  }

  /** Decoding makes float32: a layer that computes in another type gets them by one Cast more, which is folded as the decoding is. */
  async #coded(role: string, weights: Weights): Promise<TensorId> {
    const name = `${this.layer.name}.${role}`;
    const decoded = await writeCoded(this.draft, name, weights, this.#before(role));
    const type = this.#floatType();
    if (type === "float32") return decoded;
    const cast = this.draft.addTensor(name);
    this.helper(`${role}.cast`, "Cast", [decoded], { to: dataTypeCode(type) }, cast);
    return cast;
  }

  #floats(role: string, weights: Weights): Promise<TensorId> {
    const { constant, shape, dataType } = weights;
    const name = `${this.layer.name}.${role}`;
    const instead = this.#before(role);
    if (constant) return Promise.resolve(this.draft.addTensor(name, { constant }, instead));
    // New numbers come as float32, whatever the layer computes in.
    const type = dataType === "float32" ? this.#floatType() : dataType;
    return this.draft.addConstant(name, { shape, dataType: type, read: () => weights.read() }, instead);
  }

  /**
   * A bias of float numbers, or of integers with the scales of input and weights multiplied.
   * @param weightTensor the weights that it goes with, as they are written
   */
  async bias(bias: Weights, weightTensor: TensorId): Promise<TensorId> {
    const isKept = this.draft.tensors[weightTensor]?.isNew !== true;
    const stored = this.stored(bias);
    if (stored !== undefined && (isKept || isFloat(bias.dataType))) return stored;
    const wasFloat = this.layer.before !== undefined && isFloat(bias.dataType);
    const integers = wasFloat ? undefined : await writeQuantizedBias(this, bias, weightTensor);
    if (integers !== undefined) return integers;
    if (bias.dataType === "int32" && bias.quantization)
      return writeQuantized(this, "bias", bias, { dataType: "int32", channelAxis: 0 });
    const floats: Weights = isFloat(bias.dataType)
      ? bias
      : { shape: bias.shape, dataType: "float32", read: () => bias.read() };
    return this.draft.once(bias, this.#floatType(), () => this.#floats("bias", floats));
  }

  /** The tensor of the file that holds these very weights. */
  stored(weights: Weights): TensorId | undefined {
    const stored = this.draft.lifted.find((tensor) => tensor.constant === weights);
    return stored && this.draft.tensors[stored.id] ? stored.id : undefined;
  }

  /** The tensor that the layer had its weights of that role in. */
  #before(role: string): TensorId | undefined {
    const { before = this.layer.instead, form } = this.layer;
    if (before === undefined || !haveSameRoles(before.form.kind, form.kind)) return undefined;
    const isConstant = (id: TensorId): boolean => this.draft.lifted[id]?.constant !== undefined;
    const place = role === "operand" ? before.node.inputs.findIndex(isConstant) : ownEntry(PLACES, role);
    const id = place === undefined ? undefined : before.node.inputs[place];
    return id === undefined ? undefined : this.#initializerOf(id);
  }

  /** The one that the file stores, where it only brings it into another layout. */
  #initializerOf(id: TensorId): TensorId {
    const { before } = this.draft;
    const producer = before.nodes[GraphIndex.of(before).makerOf(id) ?? ABSENT];
    const [source = ABSENT] = producer && LAYOUT_ONLY.has(producer.op) ? producer.inputs : [];
    return this.draft.lifted[source]?.constant === undefined ? id : this.#initializerOf(source);
  }

  setting(role: string, values: readonly number[], shape?: readonly number[]): TensorId {
    return this.draft.addSetting(`${this.layer.name}.${role}`, "int64", values, shape);
  }

  /** A number of the type that the layer computes in. */
  scalar(role: string, value: number): TensorId {
    return this.draft.addSetting(`${this.layer.name}.${role}`, this.#floatType(), [value], []);
  }

  #floatType(): "float32" | "float16" | "float64" {
    const type: DataType | undefined = this.draft.lifted[this.input]?.dataType;
    return type === "float16" || type === "float64" ? type : "float32";
  }

  /** Of an activation that was there before; new ones have no known sizes, but a rank. */
  shape(tensor: TensorId): Shape | undefined {
    return this.draft.lifted[tensor]?.shape;
  }

  rank(tensor: TensorId): number | undefined {
    return this.draft.rankOf(tensor);
  }

  /** @throws {LoweringError} when the model's operator set is older */
  needsOpset(version: number, what: string): void {
    if (this.opset >= version) return;
    throw new LoweringError(
      `${this.layer.name}: ${what} needs operator set ${version}, and the model uses ${this.opset}`,
    );
  }
}
