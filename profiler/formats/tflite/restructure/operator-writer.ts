import { ownEntry } from "../../../own-entry.ts";
import { ABSENT, type Attribute, type TensorId } from "../../../model/model.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import type { LayerToLower } from "../../../neutral/adapter.ts";
import type { GraphBuilder } from "../../../neutral/graph-builder.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import type { DraftTypes } from "./draft-types.ts";
import { giveRange, isQuantizedType } from "./ranges.ts";
import { versionOf } from "./versions.ts";

export type Attributes = Readonly<Record<string, Attribute>>;

/** Where operators have their data, when it is not the first input. */
const DATA_INPUT: Readonly<Record<string, number>> = { SPLIT: 1, TRANSPOSE_CONV: 2 };

/** Writes the operators of one layer: its own under its name, and others beside it. */
export class OperatorWriter {
  constructor(
    readonly layer: LayerToLower,
    readonly draft: GraphBuilder,
    /** Of the draft's tensors, new ones among them. */
    private readonly types: DraftTypes,
  ) {}

  get input(): TensorId {
    return this.layer.inputs[0] ?? ABSENT;
  }

  get output(): TensorId {
    return this.layer.outputs[0] ?? ABSENT;
  }

  /** Whether the layer computes in integers. */
  get isQuantized(): boolean {
    return isQuantizedType(this.inferredType(this.input).dataType);
  }

  inferredType(tensor: TensorId): InferredType {
    return this.types.inferredType(tensor);
  }

  /** @throws {LoweringError} without a known rank */
  shape(tensor: TensorId): NonNullable<InferredType["shape"]> {
    const { shape } = this.inferredType(tensor);
    if (shape === undefined) throw this.error("the rank of its input is unknown");
    return shape;
  }

  /** The layer's own operator. What its options say beside these stays as the operator before had it. */
  operator(op: string, inputs: readonly TensorId[], attributes: Attributes = {}, outputs = this.layer.outputs): void {
    const { node } = this.layer.before ?? {};
    const kept = node?.op === op ? Object.fromEntries(node.attributes) : {};
    this.#add(op, this.layer.name, inputs, { ...kept, ...attributes }, outputs);
  }

  /** An operator beside the layer's own. */
  helper(role: string, op: string, inputs: readonly TensorId[], attributes: Attributes, output: TensorId): void {
    this.#add(op, `${this.layer.name}.${role}`, inputs, attributes, [output]);
  }

  /** A new activation between the layer's operators. */
  tensor(role: string): TensorId {
    return this.draft.addTensor(`${this.layer.name}.${role}`);
  }

  /** Settings of TFLite's operators are 32-bit integers. */
  setting(role: string, values: readonly number[], shape?: readonly number[]): TensorId {
    return this.draft.addSetting(`${this.layer.name}.${role}`, "int32", values, shape);
  }

  error(reason: string): LoweringError {
    return new LoweringError(`${this.layer.name}: ${reason}`);
  }

  #add(
    op: string,
    identity: string,
    inputs: readonly TensorId[],
    attributes: Attributes,
    outputs: readonly TensorId[],
  ): void {
    const data = inputs[ownEntry(DATA_INPUT, op) ?? 0] ?? ABSENT;
    // What a DEQUANTIZE makes are floats, which need no scheme.
    if (op !== "DEQUANTIZE" && isQuantizedType(this.inferredType(data).dataType))
      for (const input of op === "CONCATENATION" ? inputs : [data])
        for (const output of outputs) giveRange(this.draft, { op, layer: this.layer.name, input, output });
    const named = new Map(Object.entries(attributes));
    const version = this.#version(op, inputs, outputs, attributes);
    this.types.infer(this.draft.addNode({ op, version, inputs, outputs, attributes: named }, identity));
  }

  /** That which the runtime needs for what is written, which may be less than what it needed before. */
  #version(
    op: string,
    inputs: readonly TensorId[],
    [output = ABSENT]: readonly TensorId[],
    attributes: Attributes,
  ): number {
    const [data, weights = ABSENT] = inputs;
    const shapes = inputs.map((id) => (id === ABSENT ? undefined : this.inferredType(id).shape));
    const scaleOf = (id: TensorId | undefined): number =>
      this.draft.tensors[id ?? ABSENT]?.quantization?.scales[0] ?? 0;
    const isPerChannel = (id: TensorId): boolean => this.draft.tensors[id]?.quantization?.granularity === "channel";
    const dataInput = inputs[ownEntry(DATA_INPUT, op) ?? 0] ?? data ?? ABSENT;
    const { dataType, shape } = this.inferredType(dataInput);
    const weight = this.inferredType(weights);
    return versionOf(op, {
      attributes,
      dataType,
      rank: shape?.length ?? 0,
      mostAxes: Math.max(0, ...shapes.map((one) => one?.length ?? 0)),
      isBroadcast: shapes[0]?.join() !== shapes[1]?.join(),
      isScaledUp: scaleOf(output) > 0 && scaleOf(data) * scaleOf(weights) >= scaleOf(output),
      inputs: inputs.length,
      isPerChannelData: isPerChannel(dataInput),
      weightType: weight.dataType,
      isPerChannel: isPerChannel(weights),
      isGrouped: op === "CONV_2D" && weight.shape?.at(-1) !== shape?.at(-1),
    });
  }
}
