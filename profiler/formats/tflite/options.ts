import { ownEntry } from "../../own-entry.ts";
import type { Attribute } from "../../model/model.ts";
import { flexMap } from "./flexbuffer.ts";
import {
  ActivationFunctionType,
  CombinerType,
  FullyConnectedOptionsWeightsFormat,
  LSHProjectionType,
  LSTMKernelType,
  MirrorPadMode,
  Padding,
  ReduceWindowFunction,
  RngAlgorithm,
  StablehloComparisonDirection,
  StablehloComparisonType,
  TensorType,
  type OperatorT,
} from "./schema/generated/schema_generated.ts";

/** An options table of either union, unpacked. */
export type Options = NonNullable<OperatorT["builtinOptions"] | OperatorT["builtinOptions2"]>;

type Enum = Readonly<Record<number, string>>;

/** Fields that hold an enum, by their names in the schema; each name has one meaning wherever it is a single number. */
const ENUMS: Readonly<Record<string, Enum>> = {
  padding: Padding,
  fused_activation_function: ActivationFunctionType,
  weights_format: FullyConnectedOptionsWeightsFormat,
  kernel_type: LSTMKernelType,
  combiner: CombinerType,
  mode: MirrorPadMode,
  type: LSHProjectionType,
  in_data_type: TensorType,
  out_data_type: TensorType,
  output_type: TensorType,
  out_type: TensorType,
  idx_out_type: TensorType,
  key_dtype: TensorType,
  value_dtype: TensorType,
  quantized_bias_type: TensorType,
  reduce_function: ReduceWindowFunction,
  comparison_direction: StablehloComparisonDirection,
  compare_type: StablehloComparisonType,
  algorithm: RngAlgorithm,
};

/** Fields whose bytes are a flexbuffer: its entries become attributes of their own. */
const FLEXBUFFERS = new Set(["composite_attributes", "custom_attributes"]);

/** An operator's options by their names in the schema; defaults of the schema are filled in, absent vectors and texts are left out. */
export function optionAttributes(options: Options): ReadonlyMap<string, Attribute> {
  const attributes = new Map<string, Attribute>();
  for (const [field, value] of Object.entries(options) as [string, unknown][]) {
    const name = snakeCase(field);
    if (FLEXBUFFERS.has(name) && Array.isArray(value)) {
      for (const [key, entry] of flexMap(Uint8Array.from(value as number[]))) attributes.set(key, entry);
      continue;
    }
    const attribute = asAttribute(name, value);
    if (attribute !== undefined) attributes.set(name, attribute);
  }
  return attributes;
}

function asAttribute(name: string, value: unknown): Attribute | undefined {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(Number);
  switch (typeof value) {
    case "number":
      return ownEntry(ENUMS, name)?.[value] ?? value;
    case "bigint":
      return Number(value);
    case "boolean":
    case "string":
      return value;
    default:
      return undefined;
  }
}

/** The number of an enum's value by its name; undefined for a field that holds no enum. */
export function enumNumber(field: string, name: string): number | undefined {
  const entry = Object.entries(ownEntry(ENUMS, field) ?? {}).find(([, text]) => text === name);
  return entry && Number(entry[0]);
}

/** The schema's own spelling of a name that flatc writes as strideW. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
