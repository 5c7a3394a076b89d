import type { DataType } from "../../../model/data-type.ts";
import { ABSENT, type Quantization, type TensorId } from "../../../model/model.ts";
import type { GraphBuilder } from "../../../neutral/graph-builder.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";

const QUANTIZED: ReadonlySet<DataType | undefined> = new Set<DataType>(["int8", "uint8", "int16"]);

/** Operators that hand on the very numbers they read. */
const KEEPS_NUMBERS = new Set(["RESHAPE", "TRANSPOSE"]);

/** Operators all of whose inputs are in what they make: its scheme holds for them. */
const HOLDS_INPUTS = new Set([...KEEPS_NUMBERS, "CONCATENATION"]);

/** Operators whose results lie in the range of what they read: its scheme holds for them. */
const KEEPS_RANGE = new Set([
  ...KEEPS_NUMBERS,
  ...["PAD", "PADV2", "MIRROR_PAD", "SLICE", "SPLIT", "SPLIT_V"],
  ...["MAX_POOL_2D", "AVERAGE_POOL_2D", "MEAN", "REDUCE_MAX", "RELU", "RELU6"],
]);

/** What the new tensors of a draft still need to know. */
interface Open {
  /** Layers that make tensors without a scheme, by tensor. */
  readonly makers: Map<TensorId, string>;
  /** Where the numbers of a tensor without a scheme come from, when another tensor holds the same. */
  readonly sources: Map<TensorId, TensorId>;
}

const OPEN = new WeakMap<GraphBuilder, Open>();

export function isQuantizedType(dataType: DataType | undefined): boolean {
  return QUANTIZED.has(dataType);
}

/**
 * Gives a new quantized tensor the scheme of what it is made of, or of what is made of it: where a tensor of the file holds the same
 * numbers in another shape. Any other range could only be told by running the model.
 */
export function giveRange(
  draft: GraphBuilder,
  {
    op,
    layer,
    input,
    output,
  }: { readonly op: string; readonly layer: string; readonly input: TensorId; readonly output: TensorId },
): void {
  const open = openOf(draft);
  const given = draft.tensors[input]?.quantization;
  const made = draft.tensors[output];
  if (output === ABSENT || made === undefined) return;
  if (made.quantization !== undefined) {
    if (HOLDS_INPUTS.has(op) && given === undefined) settle(draft, input, made.quantization, open);
  } else if (made.declared === undefined && given !== undefined && KEEPS_RANGE.has(op)) {
    draft.tensors[output] = { ...made, quantization: given };
  } else if (made.declared === undefined) {
    open.makers.set(output, layer);
    if (KEEPS_NUMBERS.has(op)) open.sources.set(output, input);
  }
}

function settle(draft: GraphBuilder, tensor: TensorId, quantization: Quantization, { makers, sources }: Open): void {
  for (let id: TensorId | undefined = tensor; id !== undefined; id = sources.get(id)) {
    const open = draft.tensors[id];
    if (open === undefined || !makers.delete(id)) return;
    draft.tensors[id] = { ...open, quantization };
  }
}

/** @throws {LoweringError} when a new tensor has no scheme */
export function checkRanges(draft: GraphBuilder): void {
  const [layer] = OPEN.get(draft)?.makers.values() ?? [];
  if (layer !== undefined) throw unknownRange(layer);
}

/** Of a layer that makes, or reads, a tensor without a scheme. */
export function unknownRange(layer: string): LoweringError {
  return new LoweringError(`${layer}: the model is quantized, and nothing tells the range of a new tensor`, {
    hint: "Edit the float model, then quantize it.",
  });
}

function openOf(draft: GraphBuilder): Open {
  const open = OPEN.get(draft) ?? { makers: new Map<TensorId, string>(), sources: new Map<TensorId, TensorId>() };
  OPEN.set(draft, open);
  return open;
}
