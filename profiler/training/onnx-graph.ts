import { onnx } from "../formats/onnx/schema/onnx.ts";

/** Operator set of the graphs that are built: the first with Gelu (20). */
const OPSET = 20;
const IR_VERSION = 9;

type Attribute = number | string | readonly number[];
type ElementType = "float32" | "int64";

/** A tensor of the graph with its sizes, all known. */
export interface GraphTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface NodeOptions {
  /** "com.microsoft" for ONNX Runtime's own operators. */
  readonly domain?: string;
}

/** An ONNX graph in the making, node by node, of static shapes and float32 tensors. Numbers that repeat are stored once. */
export class OnnxGraph {
  readonly #nodes: onnx.NodeProto.$Properties[] = [];
  readonly #initializers: onnx.TensorProto.$Properties[] = [];
  readonly #inputs = new Map<string, readonly number[]>();
  readonly #outputs: onnx.ValueInfoProto.$Properties[] = [];
  readonly #constants = new Map<string, string>();
  #count = 0;

  input(name: string, shape: readonly number[]): GraphTensor {
    this.#inputs.set(name, shape);
    return { name, shape };
  }

  /** Shapes of the inputs by their names. */
  get inputs(): ReadonlyMap<string, readonly number[]> {
    return this.#inputs;
  }

  /** Hands a tensor out under a name of its own. */
  output(name: string, tensor: GraphTensor): void {
    this.#nodes.push({ opType: "Identity", input: [tensor.name], output: [name] });
    this.#outputs.push(port(name, tensor.shape));
  }

  /** The same elements give the same tensor. */
  constant(shape: readonly number[], elements: Float32Array): GraphTensor {
    if (elements.length > MOST_SHARED) return { name: this.#store("float32", shape, elements), shape };
    const key = `${shape.join("x")}:${elements.join(",")}`;
    return { name: this.#shared(key, () => this.#store("float32", shape, elements)), shape };
  }

  scalar(value: number): GraphTensor {
    return this.constant([], Float32Array.of(value));
  }

  /** Whole numbers for an operator's setting: the name of a tensor of int64. */
  setting(values: readonly number[], shape: readonly number[] = [values.length]): string {
    const elements = BigInt64Array.from(values, (value) => BigInt(value));
    return this.#shared(`int64:${shape.join("x")}:${values.join(",")}`, () => this.#store("int64", shape, elements));
  }

  /** @param inputs names of tensors; "" leaves one out */
  node(
    op: string,
    inputs: readonly (GraphTensor | string)[],
    shape: readonly number[],
    attributes: Readonly<Record<string, Attribute>> = {},
    options: NodeOptions = {},
  ): GraphTensor {
    const [output = ""] = this.nodes(op, inputs, 1, attributes, options);
    return { name: output, shape };
  }

  /** @returns names of so many outputs */
  nodes(
    op: string,
    inputs: readonly (GraphTensor | string)[],
    outputs: number,
    attributes: Readonly<Record<string, Attribute>> = {},
    { domain = "" }: NodeOptions = {},
  ): readonly string[] {
    const names = Array.from({ length: outputs }, () => this.#name());
    this.#nodes.push({
      opType: op,
      domain,
      input: inputs.map((input) => (typeof input === "string" ? input : input.name)),
      output: [...names],
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    });
    return names;
  }

  /** The model as a file's bytes. */
  bytes(): Uint8Array {
    const model = {
      irVersion: IR_VERSION,
      producerName: "Edgewise",
      opsetImport: [
        { domain: "", version: OPSET },
        { domain: "com.microsoft", version: 1 },
      ],
      graph: {
        name: "training",
        node: this.#nodes,
        initializer: this.#initializers,
        input: [...this.#inputs].map(([name, shape]) => port(name, shape)),
        output: this.#outputs,
      },
    };
    return onnx.ModelProto.encode(model).finish();
  }

  #name(): string {
    this.#count += 1;
    return `t${this.#count}`;
  }

  #shared(key: string, make: () => string): string {
    const known = this.#constants.get(key) ?? make();
    this.#constants.set(key, known);
    return known;
  }

  #store(type: ElementType, shape: readonly number[], elements: Float32Array | BigInt64Array): string {
    const name = this.#name();
    this.#initializers.push({
      name,
      dims: [...shape],
      dataType: type === "int64" ? onnx.TensorProto.DataType.INT64 : onnx.TensorProto.DataType.FLOAT,
      rawData: new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength),
    });
    return name;
  }
}

/** Elements of a constant that is looked for among those that are there. */
const MOST_SHARED = 64;

function port(name: string, shape: readonly number[]): onnx.ValueInfoProto.$Properties {
  const dim = shape.map((size) => ({ dimValue: size }));
  return { name, type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT, shape: { dim } } } };
}

/** Whole numbers are written as integers, except where the attribute is one of floats. */
function attribute(name: string, value: Attribute): onnx.AttributeProto.$Properties {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof value === "string") return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (typeof value !== "number") return { name, type: AttributeType.INTS, ints: [...value] };
  const isFloat = !Number.isInteger(value) || FLOATS.has(name);
  return isFloat ? { name, type: AttributeType.FLOAT, f: value } : { name, type: AttributeType.INT, i: value };
}

/** Attributes of floats, which may be whole. */
const FLOATS = new Set(["alpha", "beta", "gamma", "epsilon"]);

/** Elements of a tensor of that shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
