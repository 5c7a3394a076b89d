import type { ComputeType } from "../hardware/hardware-profile.ts";
import type { LayerTensor } from "../layers/layer.ts";
import type { DataType } from "../model/data-type.ts";
import type { WeightEncoding } from "../model/weight-encoding.ts";
import type { Quantization } from "../model/model.ts";
import type { PortShape } from "../model/shape.ts";

/** What the file says of one layer beside its costs: plain data, small whatever the layer's weights are. */
export interface LayerDetails {
  readonly index: number;
  readonly domain: string;
  readonly op: string;
  /** Version of the operator set (ONNX) or of the operator (TFLite). */
  readonly version: number;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** What the exporter noted about the node. */
  readonly metadata: readonly (readonly [name: string, value: string])[];
  readonly inputs: readonly TensorDetails[];
  readonly outputs: readonly TensorDetails[];
  /** Type the layer computes in; null where none is known. */
  readonly computedIn: DataType | null;
  /** Whose peak rate bounds its arithmetic. */
  readonly computeType: ComputeType;
}

export interface TensorDetails {
  readonly name: string;
  /** Position among the node's inputs or outputs. */
  readonly position: number;
  readonly dtype: DataType | null;
  readonly shape: PortShape | null;
  /** What the operator uses it as: "weight", "running mean"; null where the name of the operator does not tell. */
  readonly role: string | null;
  /** "configuration": says how to compute (shape, axes, scale). */
  readonly use: LayerTensor["use"];
  /** State that lives from one run to the next. */
  readonly isVariable: boolean;
  /** Set when the tensor follows from constants alone. */
  readonly constant: ConstantDetails | null;
  readonly quantization: QuantizationDetails | null;
}

export interface ConstantDetails {
  readonly storedType: DataType;
  /** null when a symbolic size leaves it unknown. */
  readonly elements: number | null;
  readonly storedBytes: number | null;
  /** How the stored bits become the numbers that are computed with. */
  readonly encoding: WeightEncoding;
  /** The elements of a small constant, shortened; null for a large one. */
  readonly values: string | null;
  /** Whether the file holds elements that statistics can be made of. */
  readonly isReadable: boolean;
}

export interface QuantizationDetails {
  readonly granularity: Quantization["granularity"];
  readonly axis: number | null;
  readonly blockSize: number | null;
  /** How many scales there are; the first ones follow. 0: they are in a tensor of their own that was not read. */
  readonly count: number;
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  /** null without any scale at hand. */
  readonly smallestScale: number | null;
  readonly largestScale: number | null;
  /** All scales in order, the largest of neighbours where they are many: what a plot shows. */
  readonly plotted: readonly number[];
}
