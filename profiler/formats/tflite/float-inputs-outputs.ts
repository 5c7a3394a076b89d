import { RunError } from "../../errors.ts";
import type { DataType } from "../../model/data-type.ts";
import { TENSOR_TYPES } from "./data-types.ts";
import { attachModel, detachModel } from "./detached-model.ts";
import { withZeroBiases } from "./zero-biases.ts";
import {
  BuiltinOperator,
  OperatorCodeT,
  OperatorT,
  TensorT,
  TensorType,
  type ModelT,
  type SubGraphT,
} from "./schema/generated/schema_generated.ts";

/** Element types that LiteRT.js has tensors of. */
export type PortType = "float32" | "int32" | "uint8";

/** An input or output of the model as it is run. */
export interface FloatPort {
  /** Which of the runtime's inputs or outputs it is: a tensor that is asked for twice comes out once. */
  readonly place: number;
  /** As the model has it; inputN, outputN without a name, and NAME#N where a name repeats. */
  readonly name: string;
  readonly dataType: PortType;
}

export interface ModelWithFloatInputsOutputs {
  readonly bytes: Uint8Array;
  readonly inputs: readonly FloatPort[];
  readonly outputs: readonly FloatPort[];
}

/** What types become at the model's inputs and outputs. */
const PORT_TYPES: Partial<Record<DataType, PortType>> = {
  float32: "float32",
  int32: "int32",
  uint8: "uint8",
  float16: "float32",
  float64: "float32",
  int64: "int32",
  int16: "int32",
  int8: "int32",
  uint16: "int32",
  uint32: "int32",
  bool: "int32",
};

const TABLE_TYPES = {
  float32: TensorType.FLOAT32,
  int32: TensorType.INT32,
  uint8: TensorType.UINT8,
} as const satisfies Record<PortType, TensorType>;

/** Quantized types become the real numbers that they stand for; since these versions the operators know them. */
const QUANTIZED: Partial<Record<DataType, { readonly quantize: number; readonly dequantize: number }>> = {
  uint8: { quantize: 1, dequantize: 1 },
  int8: { quantize: 1, dequantize: 2 },
  int16: { quantize: 2, dequantize: 4 },
};

/** Operator codes beyond stand in a second, wider field. */
const LARGEST_NARROW_CODE = BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES;

/**
 * The main subgraph of a model with inputs and outputs that LiteRT.js has tensors for: quantized ones behind QUANTIZE and DEQUANTIZE operators, others
 * behind CAST. Convolutions without a bias get one of zeros. Signatures are left out, since they name the old ones.
 *
 * @param bytes a file that `readTflite` has read without complaint
 * @param extraOutputs tensors of the main subgraph to give out as well
 * @throws {RunError} for text and other types that no operator makes into numbers
 */
export async function withFloatInputsOutputs(
  file: string,
  bytes: Uint8Array,
  extraOutputs: readonly { readonly name: string; readonly tensor: number }[] = [],
): Promise<ModelWithFloatInputsOutputs> {
  const { tables, data } = withZeroBiases(detachModel(bytes));
  const [main] = tables.subgraphs;
  if (main === undefined) throw new RunError(`${file}: the model has no subgraph`);
  tables.signatureDefs = [];
  const ports = new PortBuilder(file, tables, main);
  const inputNames = distinctNames(main, main.inputs, "input");
  const outputNames = distinctNames(main, main.outputs, "output");
  const inputs = main.inputs.map((tensor, place) => ports.input(tensor, inputNames[place] ?? ""));
  const outputs = [
    ...main.outputs.map((tensor, place) => ports.output(tensor, outputNames[place] ?? "")),
    ...extraOutputs.map(({ name, tensor }) => ports.output(tensor, name)),
  ];
  main.inputs = inputs.map(({ tensor }) => tensor);
  main.outputs = [...new Set(outputs.map(({ tensor }) => tensor))];
  main.operators = [...ports.before, ...main.operators, ...ports.behind];
  // The runtime asks for a name of its own for each.
  main.inputs.forEach((tensor, place) => rename(main, tensor, `input${place}`));
  main.outputs.forEach((tensor, place) => rename(main, tensor, `output${place}`));
  const placed = (built: readonly BuiltPort[], places: readonly number[]): readonly FloatPort[] =>
    built.map(({ name, dataType, tensor }) => ({ name, dataType, place: places.indexOf(tensor) }));
  return {
    bytes: await attachModel({ tables, data }),
    inputs: placed(inputs, main.inputs),
    outputs: placed(outputs, main.outputs),
  };
}

interface BuiltPort extends Omit<FloatPort, "place"> {
  /** Of the main subgraph. */
  readonly tensor: number;
}

/** How an end's tensor becomes one that LiteRT.js has: an operator each way, or none where it is one already. */
interface Bridge {
  readonly type: PortType;
  readonly inward?: OperatorUse;
  readonly outward?: OperatorUse;
}

interface OperatorUse {
  readonly op: BuiltinOperator;
  readonly version: number;
}

const CAST: OperatorUse = { op: BuiltinOperator.CAST, version: 1 };

class PortBuilder {
  readonly before: OperatorT[] = [];
  readonly behind: OperatorT[] = [];

  constructor(
    private readonly file: string,
    private readonly model: ModelT,
    private readonly graph: SubGraphT,
  ) {}

  input(tensor: number, name: string): BuiltPort {
    const { type, inward } = this.#bridge(tensor, `input "${name}"`);
    if (inward === undefined) return { name, dataType: type, tensor };
    const outside = this.#tensorLike(tensor, type);
    this.before.push(new OperatorT(this.#code(inward), [outside], [tensor]));
    return { name, dataType: type, tensor: outside };
  }

  output(tensor: number, name: string): BuiltPort {
    const { type, outward } = this.#bridge(tensor, `output "${name}"`);
    if (outward === undefined) return { name, dataType: type, tensor };
    const outside = this.#tensorLike(tensor, type);
    this.behind.push(new OperatorT(this.#code(outward), [tensor], [outside]));
    return { name, dataType: type, tensor: outside };
  }

  #bridge(tensor: number, what: string): Bridge {
    const table = this.graph.tensors[tensor];
    const type = table && TENSOR_TYPES[table.type];
    const quantized = table?.quantization?.scale.length ? type && QUANTIZED[type] : undefined;
    if (quantized !== undefined) {
      const inward = { op: BuiltinOperator.QUANTIZE, version: quantized.quantize };
      return { type: "float32", inward, outward: { op: BuiltinOperator.DEQUANTIZE, version: quantized.dequantize } };
    }
    const endType = type && PORT_TYPES[type];
    if (endType === undefined)
      throw new RunError(`${this.file}: ${what} cannot be run on this machine: it is ${type ?? "no tensor"}`);
    return endType === type ? { type: endType } : { type: endType, inward: CAST, outward: CAST };
  }

  #tensorLike(tensor: number, type: PortType): number {
    const like = this.graph.tensors[tensor];
    const table = new TensorT([...(like?.shape ?? [])], TABLE_TYPES[type], EMPTY_BUFFER);
    table.shapeSignature = [...(like?.shapeSignature ?? [])];
    table.hasRank = like?.hasRank ?? false;
    return this.graph.tensors.push(table) - 1;
  }

  #code({ op, version }: OperatorUse): number {
    const codes = this.model.operatorCodes;
    const known = codes.findIndex((code) => code.builtinCode === op && code.version === version);
    if (known >= 0) return known;
    return codes.push(new OperatorCodeT(Math.min(op, LARGEST_NARROW_CODE), null, version, op)) - 1;
  }
}

/** Buffer 0 is empty by the schema's convention. */
const EMPTY_BUFFER = 0;

function rename({ tensors }: SubGraphT, tensor: number, name: string): void {
  const table = tensors[tensor];
  if (table !== undefined) table.name = name;
}

function distinctNames({ tensors }: SubGraphT, ports: readonly number[], kind: string): readonly string[] {
  const names = ports.map((id) => {
    const name = tensors[id]?.name ?? "";
    return typeof name === "string" ? name : new TextDecoder().decode(name);
  });
  return names.map((name, place) => {
    if (name === "") return `${kind}${place}`;
    return names.indexOf(name) === place ? name : `${name}#${place}`;
  });
}
