import { tfliteFile, type OperatorSpec, type TensorSpec } from "../builders/tflite-builder.ts";
import { runStep, type Network, type Value } from "./network.ts";
import { addMissingBiases, foldBatchNorms, fuseActivations, trimPositions } from "./passes.ts";
import { toBytes, writeSegments, type Fill, type FileSegment } from "./file-segments.ts";
import { nhwc, TFLITE_STEPS, type TfliteContext } from "./tflite-steps.ts";
import { elementAt } from "./weights.ts";

export interface TfliteOptions {
  /** "outside": behind the flatbuffer, as files over 2 GiB have them. Default "inside". */
  readonly weights?: "inside" | "outside";
  /** Leaves the batch open: −1 in the signature of every input. Default false. */
  readonly isDynamic?: boolean;
}

/** The network as a converter leaves it in a TFLite file: batch normalisation folded, ReLUs fused, images N×H×W×C. */
export function toTflite(network: Network, options: TfliteOptions = {}): readonly FileSegment[] {
  const { weights = "inside", isDynamic = false } = options;
  const { inputs, outputs, steps } = converted(network);
  const tensors: TensorSpec[] = [];
  const operators: OperatorSpec[] = [];
  const names = new Map(outputs.map((output, index) => [output, outputs.length === 1 ? "output" : `output${index}`]));
  // Tensors are told apart by name: module paths, written as TensorFlow does, without the leading slash.
  const nameOf = (value: Value): string => names.get(value) ?? value.name.replace(/^\//, "");
  const add = (tensor: TensorSpec & { readonly name: string }): string => {
    tensors.push(tensor);
    return tensor.name;
  };
  for (const { value } of inputs) {
    const shape = nhwc(value);
    const signature = isDynamic ? { signature: [-1, ...shape.slice(1)] } : {};
    add({ name: nameOf(value), shape, ...signature, type: value.type === "float" ? "float32" : "int32" });
  }
  const context: TfliteContext = {
    nameOf,
    output: (value) => add({ name: nameOf(value), shape: nhwc(value) }),
    constant: (value, weight) => add({ name: nameOf(value), shape: nhwc(value), data: elementAt(weight) }),
    intermediate: (name, shape) => add({ name: name.slice(1), shape }),
    weight: (weight) => add({ name: weight.weight.name, shape: weight.shape, data: elementAt(weight) }),
    integers: (name, shape, values) => add({ name: name.slice(1), shape, type: "int32", data: values }),
    float: (name, value) => add({ name: name.slice(1), shape: [], data: [value] }),
    operator: (op, from, to, operatorOptions) => {
      operators.push({ op, inputs: from, outputs: [to], ...(operatorOptions && { options: operatorOptions }) });
    },
  };
  for (const step of steps) runStep(TFLITE_STEPS, step, context);
  const entry = { inputs: inputs.map(({ value }) => nameOf(value)), outputs: outputs.map(nameOf) };
  return tfliteFile({ name: network.name, tensors, operators, ...entry, weights }).segments.map(inMemoryIfSmall);
}

/** Shapes, axes and paddings are small: they have to be there in a hollow file too, whose weights read as zeros. */
const SMALL_BYTES = 4096;

function inMemoryIfSmall(segment: FileSegment): FileSegment {
  return segment.length > SMALL_BYTES ? segment : toBytes([segment]);
}

/** What `toTflite` writes, still as a network: its parameters are the file's. */
export function converted(network: Network): Network {
  return fuseActivations(trimPositions(addMissingBiases(foldBatchNorms(network))));
}

export async function writeTfliteFile(
  network: Network,
  path: string,
  { fill, ...options }: TfliteOptions & { readonly fill?: Fill } = {},
): Promise<void> {
  await writeSegments(toTflite(network, options), path, fill);
}
