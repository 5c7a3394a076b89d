import { Builder, ByteBuffer } from "flatbuffers";
import {
  Buffer as BufferTable,
  BufferT,
  BuiltinOperator,
  BuiltinOptions,
  BuiltinOptions2,
  MetadataT,
  Model,
  ModelT,
  OperatorCodeT,
  OperatorT,
  QuantizationDetails,
  QuantizationParametersT,
  SignatureDefT,
  SubGraphT,
  TensorMapT,
  TensorT,
  type BlockwiseQuantizationT,
  type SparsityParametersT,
} from "../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { TENSOR_TYPES } from "../../profiler/formats/tflite/data-types.ts";
import type { DataType } from "../../profiler/model/data-type.ts";
import { encodeElements, encodedBytes, type TensorData } from "./tensor-data.ts";

/** A TFLite model in the words of a test. Tensors are referred to by index or, where names are unique, by name. */
export interface TfliteSpec extends SubgraphSpec {
  /** Behind the main one: subgraphs 1, 2, … */
  readonly subgraphs?: readonly SubgraphSpec[];
  readonly signatures?: readonly SignatureSpec[];
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, Uint8Array>>;
  /** "outside": behind the flatbuffer, found by Buffer.offset and size, as models over 2 GiB store them. */
  readonly weights?: "inside" | "outside";
}

export interface SubgraphSpec {
  readonly name?: string;
  readonly tensors: readonly TensorSpec[];
  readonly operators: readonly OperatorSpec[];
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly TensorRef[];
}

export type TensorRef = number | string;

export interface TensorSpec {
  readonly name?: string;
  /** Default float32. */
  readonly type?: DataType;
  readonly shape: readonly number[];
  /** With −1 for dynamic dimensions; none by default. */
  readonly signature?: readonly number[];
  readonly data?: TensorData;
  /** Tensors of one name here have one buffer, whichever subgraphs they are in. */
  readonly buffer?: string;
  readonly isVariable?: boolean;
  readonly hasRank?: boolean;
  readonly quantization?: {
    readonly scales?: readonly number[];
    readonly zeroPoints?: readonly number[];
    readonly axis?: number;
    readonly blockwise?: BlockwiseQuantizationT;
  };
  readonly sparsity?: SparsityParametersT;
}

type Options = NonNullable<OperatorT["builtinOptions"] | OperatorT["builtinOptions2"]>;

export interface OperatorSpec {
  /** The schema's name of a builtin operator, or the code of a custom one. */
  readonly op: keyof typeof BuiltinOperator | { readonly custom: string };
  readonly version?: number;
  /** −1 for an omitted optional input. */
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly TensorRef[];
  /** `Object.assign(new Conv2DOptionsT(), { strideW: 2, strideH: 2 })`. */
  readonly options?: Options;
  readonly customOptions?: Uint8Array;
}

export interface SignatureSpec {
  readonly key: string;
  readonly subgraph: number;
  readonly inputs?: Readonly<Record<string, number>>;
  readonly outputs?: Readonly<Record<string, number>>;
}

/** A file that is made while it is read: its weights never stand in memory together. */
export interface TfliteFile {
  readonly size: number;
  /** The whole file from its start, in segments of at most a few MiB. */
  chunks(): Iterable<Uint8Array>;
  /** The same in parts: what stands in memory, and data that is made when it is asked for. */
  readonly segments: readonly TfliteSegment[];
}

export type TfliteSegment = Uint8Array | { readonly length: number; readonly chunks: () => Iterable<Uint8Array> };

/** The whole file: for models whose weights fit in memory. */
export function tfliteModel(spec: TfliteSpec): Uint8Array {
  const file = tfliteFile(spec);
  const bytes = new Uint8Array(file.size);
  let position = 0;
  for (const chunk of file.chunks()) {
    bytes.set(chunk, position);
    position += chunk.length;
  }
  return bytes;
}

/** Lays the model out: the tables first, all tensors' data behind them. */
export function tfliteFile(spec: TfliteSpec): TfliteFile {
  const payloads = new Payloads();
  const model = describe(spec, payloads);
  const builder = new Builder(4096);
  builder.finish(model.pack(builder), "TFL3");
  const tables = builder.asUint8Array().slice();
  const placed = payloads.place(tables, spec.weights === "outside");
  const segments = [...lay(tables, placed)];
  return {
    size: segments.reduce((sum, { length }) => sum + length, 0),
    segments,
    *chunks() {
      for (const segment of segments) yield* segment instanceof Uint8Array ? [segment] : segment.chunks();
    },
  };
}

interface Payload {
  readonly buffer: number;
  readonly bytes: number;
  readonly read: () => Iterable<Uint8Array>;
}

interface PlacedPayload extends Payload {
  /** Of the first data byte. */
  readonly at: number;
  readonly hasLength: boolean;
}

/** Bytes that the schema's force_align asks for in front of a buffer's data. */
const DATA_ALIGNMENT = 16;
const LENGTH_BYTES = 4;
/** Slots of Buffer's fields in its vtable. */
const SLOT = { data: 4, offset: 6, size: 8 };

/** Buffers of the file in order; 0 is the empty one that every tensor without data refers to. */
class Payloads {
  readonly tables: BufferT[] = [new BufferT()];
  readonly #payloads: Payload[] = [];

  readonly #named = new Map<string, number>();

  add(bytes: number, read: () => Iterable<Uint8Array>, name?: string): number {
    const known = name === undefined ? undefined : this.#named.get(name);
    if (known !== undefined) return known;
    const buffer = this.tables.length;
    if (name !== undefined) this.#named.set(name, buffer);
    // Placeholders that are no default, so that the fields exist and can be filled in once the tables' size is known.
    this.tables.push(new BufferT([], 2n, 2n));
    this.#payloads.push({ buffer, bytes, read });
    return buffer;
  }

  place(tables: Uint8Array, isOutside: boolean): readonly PlacedPayload[] {
    const view = new ByteBuffer(tables);
    const model = Model.getRootAsModel(view);
    let end = tables.length;
    return this.#payloads.map((payload) => {
      const at = Math.ceil((end + LENGTH_BYTES) / DATA_ALIGNMENT) * DATA_ALIGNMENT;
      const table = model.buffers(payload.buffer, new BufferTable());
      if (table === null) throw new Error("the buffer just written is missing");
      const field = (slot: number): number => table.bb_pos + view.__offset(table.bb_pos, slot);
      view.writeUint64(field(SLOT.offset), isOutside ? BigInt(at) : 0n);
      view.writeUint64(field(SLOT.size), isOutside ? BigInt(payload.bytes) : 0n);
      if (!isOutside) view.writeUint32(field(SLOT.data), at - LENGTH_BYTES - field(SLOT.data));
      end = at + payload.bytes;
      return { ...payload, at, hasLength: !isOutside };
    });
  }
}

function* lay(tables: Uint8Array, payloads: readonly PlacedPayload[]): Iterable<TfliteSegment> {
  yield tables;
  let position = tables.length;
  for (const payload of payloads) {
    const gap = new Uint8Array(payload.at - position);
    if (payload.hasLength) new DataView(gap.buffer).setUint32(gap.length - LENGTH_BYTES, payload.bytes, true);
    yield gap;
    yield { length: payload.bytes, chunks: payload.read };
    position = payload.at + payload.bytes;
  }
}

function describe(spec: TfliteSpec, payloads: Payloads): ModelT {
  const codes = new Map<string, number>();
  const model = new ModelT(3);
  model.subgraphs = [spec, ...(spec.subgraphs ?? [])].map((subgraph) => {
    const indices = new Map(subgraph.tensors.map((tensor, index) => [tensor.name, index]));
    const indexOf = (reference: TensorRef): number => {
      const index = typeof reference === "number" ? reference : indices.get(reference);
      if (index === undefined) throw new Error(`no tensor is called ${String(reference)}`);
      return index;
    };
    return new SubGraphT(
      subgraph.tensors.map((tensor) => tensorTable(tensor, payloads)),
      subgraph.inputs.map(indexOf),
      subgraph.outputs.map(indexOf),
      subgraph.operators.map((operator) => operatorTable(operator, indexOf, codeIndex(operator, codes, model))),
      subgraph.name ?? null,
    );
  });
  model.description = spec.description ?? null;
  model.metadata = Object.entries(spec.metadata ?? {}).map(
    ([name, bytes]) =>
      new MetadataT(
        name,
        payloads.add(bytes.length, () => [bytes]),
      ),
  );
  model.signatureDefs = (spec.signatures ?? []).map(
    ({ key, subgraph, inputs, outputs }) => new SignatureDefT(tensorMap(inputs), tensorMap(outputs), key, subgraph),
  );
  model.buffers = payloads.tables;
  return model;
}

function tensorMap(names: Readonly<Record<string, number>> = {}): TensorMapT[] {
  return Object.entries(names).map(([name, index]) => new TensorMapT(name, index));
}

function codeIndex(operator: OperatorSpec, codes: Map<string, number>, model: ModelT): number {
  const { op, version = 1 } = operator;
  const key = JSON.stringify([op, version]);
  const known = codes.get(key);
  if (known !== undefined) return known;
  const builtin = typeof op === "string" ? BuiltinOperator[op] : BuiltinOperator.CUSTOM;
  // As converters write it: numbers that need more than the old one-byte field leave its placeholder there.
  const deprecated = Math.min(builtin, BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES);
  model.operatorCodes.push(new OperatorCodeT(deprecated, typeof op === "string" ? null : op.custom, version, builtin));
  codes.set(key, codes.size);
  return codes.size - 1;
}

function tensorTable(spec: TensorSpec, payloads: Payloads): TensorT {
  const type = spec.type ?? "float32";
  const { data } = spec;
  const table = Object.assign(new TensorT([...spec.shape]), { type: TENSOR_TYPES.indexOf(type) });
  table.buffer =
    data === undefined
      ? 0
      : payloads.add(encodedBytes(type, spec.shape, data), () => encodeElements(type, spec.shape, data), spec.buffer);
  table.name = spec.name ?? null;
  table.shapeSignature = [...(spec.signature ?? [])];
  table.isVariable = spec.isVariable ?? false;
  table.hasRank = spec.hasRank ?? spec.shape.length > 0;
  table.sparsity = spec.sparsity ?? null;
  if (spec.quantization !== undefined) {
    const { scales = [], zeroPoints = [], axis = 0, blockwise } = spec.quantization;
    table.quantization = new QuantizationParametersT([], [], [...scales], zeroPoints.map(BigInt));
    table.quantization.quantizedDimension = axis;
    if (blockwise !== undefined) {
      table.quantization.detailsType = QuantizationDetails.BlockwiseQuantization;
      table.quantization.details = blockwise;
    }
  }
  return table;
}

function operatorTable(spec: OperatorSpec, indexOf: (reference: TensorRef) => number, code: number): OperatorT {
  const table = new OperatorT(code, spec.inputs.map(indexOf), spec.outputs.map(indexOf));
  table.customOptions = [...(spec.customOptions ?? [])];
  if (spec.options === undefined) return table;
  // The union's tag is the table's name; the object API's classes add a T to it.
  const name = spec.options.constructor.name.replace(/T$/, "");
  if (name in BuiltinOptions) {
    const tag = { builtinOptionsType: BuiltinOptions[name as keyof typeof BuiltinOptions] };
    return Object.assign(table, tag, { builtinOptions: spec.options });
  }
  const tag = { builtinOptions2Type: BuiltinOptions2[name as keyof typeof BuiltinOptions2] };
  return Object.assign(table, tag, { builtinOptions2: spec.options });
}
