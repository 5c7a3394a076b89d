import type { Tensor as RuntimeTensor } from "onnxruntime-node";
import { ONNX_OPERATORS } from "../../../../profiler/formats/onnx/operators/index.ts";
import { bytesOf, type DataType } from "../../../../profiler/model/data-type.ts";
import type { Attribute, Constant, Node } from "../../../../profiler/model/model.ts";
import type { Dimension, Shape } from "../../../../profiler/model/shape.ts";
import { NodeView } from "../../../../profiler/operators/node-view.ts";
import { describeNode, type Description } from "../../../../profiler/operators/operator-rule.ts";
import type { InferredType } from "../../../../profiler/operators/inferred-type.ts";
import { encodeRaw } from "../../../builders/raw-tensor.ts";
import {
  float,
  floats,
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type AttributeValue,
} from "../../../builders/onnx-builder.ts";

/** One operator with its inputs: what inference says of it and what ONNX Runtime makes of it are held against each other. */
export interface OperatorCase {
  readonly op: string;
  readonly opset?: number;
  /** null is an omitted optional input. */
  readonly inputs: readonly (Operand | null)[];
  readonly attributes?: Readonly<Record<string, CaseAttribute>>;
  readonly outputs?: number;
  readonly domain?: string;
}

export interface Operand {
  readonly dataType: DataType;
  readonly shape: readonly number[];
  /** Counting from 0 by default. */
  readonly values?: readonly number[];
}

export type CaseAttribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  /** Floats that happen to be whole. */
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly tensor: Operand };

export interface Result {
  readonly dataType: string;
  readonly shape: readonly number[];
  readonly values: readonly (number | string)[];
}

export const operand = (dataType: DataType, shape: readonly number[], values?: readonly number[]): Operand =>
  values === undefined ? { dataType, shape } : { dataType, shape, values };
export const f32 = (shape: readonly number[], values?: readonly number[]): Operand => operand("float32", shape, values);
/** A list of integers; a number alone is a scalar. */
export const i64 = (values: number | readonly number[]): Operand =>
  typeof values === "number" ? operand("int64", [], [values]) : operand("int64", [values.length], values);

const LATEST = 22;

/** The outputs as the rule tells them, from inputs whose values are known or not. */
export function inferCase(given: OperatorCase, knowsValues: boolean): readonly InferredType[] {
  const inferredTypes = given.inputs.map((input): InferredType | undefined => {
    if (input === null) return undefined;
    const inferredType = { dataType: input.dataType, shape: input.shape };
    return knowsValues ? { ...inferredType, value: elementsOf(input) } : inferredType;
  });
  return inferTypes(given, inferredTypes);
}

/** The outputs as the rule tells them of inferred types that no file has: symbolic sizes, unknown ranks. */
export function inferTypes(
  given: Omit<OperatorCase, "inputs">,
  inferredTypes: readonly (InferredType | undefined)[],
): readonly InferredType[] {
  return describeCase(given, inferredTypes).outputs;
}

export function describeCase(
  given: Omit<OperatorCase, "inputs">,
  inferredTypes: readonly (InferredType | undefined)[],
): Description {
  const rule = ONNX_OPERATORS.get(given.domain ?? "")?.[given.op];
  if (rule === undefined) throw new Error(`no rule for ${given.op}`);
  return describeNode(rule, viewOf(given, inferredTypes));
}

export function viewOf(
  given: Omit<OperatorCase, "inputs">,
  inferredTypes: readonly (InferredType | undefined)[],
): NodeView {
  const outputNames = Array.from({ length: given.outputs ?? 1 }, (_, index) => `y${index}`);
  const node: Node = {
    index: 0,
    name: "",
    domain: given.domain ?? "",
    op: given.op,
    version: given.opset ?? LATEST,
    inputs: inferredTypes.map((inferredType, index) => (inferredType === undefined ? -1 : index)),
    outputs: outputNames.map((_, index) => inferredTypes.length + index),
    attributes: new Map(Object.entries(given.attributes ?? {}).map(([name, held]) => [name, nativeAttribute(held)])),
    bodies: [],
  };
  return new NodeView(
    node,
    inferredTypes,
    outputNames.map((name) => ({ name })),
  );
}

export function inferredType(
  dataType: DataType | undefined,
  shape: Shape | undefined,
  elements?: readonly Dimension[],
): InferredType {
  return elements === undefined ? { dataType, shape } : { dataType, shape, value: elements };
}

/** The case as a file of one node. */
export function modelBytes(given: OperatorCase): Uint8Array {
  const names = given.inputs.map((input, index) => (input === null ? "" : `x${index}`));
  const outputs = Array.from({ length: given.outputs ?? 1 }, (_, index) => `y${index}`);
  const attributes = Object.entries(given.attributes ?? {}).map(([name, held]) => [name, fileAttribute(held)] as const);
  const options = given.domain === undefined ? {} : { domain: given.domain };
  return onnxModel({
    opset: { "": given.opset ?? LATEST, "ai.onnx.ml": 3 },
    irVersion: 8,
    graph: graph([node(given.op, names, outputs, Object.fromEntries(attributes), options)], {
      inputs: given.inputs.flatMap((input, index) =>
        input === null ? [] : [value(`x${index}`, input.dataType, input.shape)],
      ),
      outputs,
    }),
  });
}

/** What ONNX Runtime computes of the case, in the order of its outputs. */
export async function runCase(given: OperatorCase): Promise<readonly Result[]> {
  const feeds = given.inputs.flatMap((input, index) => (input === null ? [] : [[`x${index}`, input] as const]));
  return [...(await runModel(modelBytes(given), Object.fromEntries(feeds))).values()];
}

/** What ONNX Runtime computes of a model, by output. */
export async function runModel(
  bytes: Uint8Array,
  inputs: Readonly<Record<string, Operand>>,
): Promise<ReadonlyMap<string, Result>> {
  process.env.ORT_DISABLE_TELEMETRY = "1";
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(bytes, {
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 4,
    intraOpNumThreads: 1,
  });
  try {
    const feeds = Object.entries(inputs).map(([name, input]) => [name, runtimeTensor(Tensor, input)] as const);
    const results = await session.run(Object.fromEntries(feeds));
    return new Map(
      session.outputNames.map((name) => {
        const held = results[name];
        if (held === undefined) throw new Error(`no output ${name}`);
        const values = Array.from(held.data as ArrayLike<number | bigint | boolean | string>, (element) =>
          typeof element === "string" ? element : Number(element),
        );
        return [name, { dataType: held.type, shape: held.dims, values }];
      }),
    );
  } finally {
    await session.release();
  }
}

function runtimeTensor(RuntimeType: typeof RuntimeTensor, input: Operand): RuntimeTensor {
  const elements = elementsOf(input);
  switch (input.dataType) {
    case "float32":
      return new RuntimeType("float32", Float32Array.from(elements), input.shape);
    case "float64":
      return new RuntimeType("float64", Float64Array.from(elements), input.shape);
    case "int64":
      return new RuntimeType("int64", BigInt64Array.from(elements.map(BigInt)), input.shape);
    case "int32":
      return new RuntimeType("int32", Int32Array.from(elements), input.shape);
    case "uint8":
      return new RuntimeType("uint8", Uint8Array.from(elements), input.shape);
    case "int8":
      return new RuntimeType("int8", Int8Array.from(elements), input.shape);
    case "bool":
      return new RuntimeType("bool", Uint8Array.from(elements), input.shape);
    default:
      throw new Error(`no feed of type ${input.dataType}`);
  }
}

function elementsOf({ dataType, shape, values }: Operand): readonly number[] {
  if (values !== undefined) return values;
  const count = shape.reduce((product, size) => product * size, 1);
  return Array.from({ length: count }, (_, index) => (dataType === "bool" ? index % 2 : index));
}

function nativeAttribute(held: CaseAttribute): Attribute {
  if (typeof held !== "object") return held;
  if ("float" in held) return held.float;
  if ("floats" in held) return held.floats;
  return "tensor" in held ? constantOf(held.tensor) : held;
}

export function fileAttribute(held: CaseAttribute): AttributeValue {
  if (typeof held !== "object") return held;
  if ("float" in held) return float(held.float);
  if ("floats" in held) return floats(held.floats);
  if (!("tensor" in held)) return held;
  return tensor("", held.tensor.dataType, held.tensor.shape, elementsOf(held.tensor));
}

function constantOf(held: Operand): Constant {
  const values = elementsOf(held);
  return {
    dataType: held.dataType,
    shape: held.shape,
    storedBytes: bytesOf(held.dataType, values.length) ?? 0,
    values,
    storage: { kind: "bytes", bytes: encodeRaw(held.dataType, values), encoding: "raw" },
  };
}
