import type { ByteSource } from "../bytes/byte-source.ts";
import type { MissingData } from "../errors.ts";
import type { FormatId } from "./format.ts";
import { isFloat, type DataType } from "./data-type.ts";
import type { SparseTraversal } from "./sparse-traversal.ts";

/** A model as its file says it: native operators and attributes, nothing computed. Both formats read into this. */
export interface Model {
  readonly format: FormatId;
  /** As the caller named the file. */
  readonly file: string;
  /** Bytes of the model's file and of the data files it refers to. */
  readonly fileBytes: number;
  /**
   * Where a run may start, the one that is looked at first: see `withEntry`. ONNX: the main graph. TFLite: the main subgraph, then every other
   * subgraph that has a signature or is no body of a control-flow operator.
   */
  readonly entries: readonly [Entry, ...Entry[]];
  /** Graphs of the file that operators alone run: they can be looked at by themselves. */
  readonly bodies?: readonly Entry[];
  /** The models of the bundle that this one is in, and its own name there. */
  readonly bundle?: { readonly models: readonly string[]; readonly model: string };
  /** Operator set versions by domain ("" is ONNX's default domain); empty for TFLite. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Who wrote the file, its description and metadata: shown, never interpreted. */
  readonly properties: ReadonlyMap<string, string>;
  /** What the reader noticed that the user should know. */
  readonly warnings: readonly string[];
  /** The file, which spans and ranges are places in: what writers copy from. */
  readonly source?: ByteSource;
  /** Data files of an ONNX model, by the path that it gives. */
  readonly dataFiles?: ReadonlyMap<string, ByteSource>;
  /** Those of them that are read by more than the main graph's dense initializers, which are all that an edit may write elsewhere. */
  readonly fixedData?: ReadonlySet<ByteSource>;
  /** Those of them that are not there, or too short: their weights cannot be read. */
  readonly missingData?: readonly MissingData[];
}

export interface Entry {
  /** Signature key or graph name, which no other entry of the model has. */
  readonly name: string;
  readonly graph: Graph;
  /** Number of its subgraph in the file (TFLite). */
  readonly subgraph?: number;
  /** Keys of the signatures that start here. */
  readonly signatures?: readonly string[];
  /** Of a graph that operators alone run: what of which operator it is, such as WHILE's body. */
  readonly body?: { readonly op: string; readonly label: string };
}

/** Index into a graph's `tensors`; `ABSENT` stands for an omitted optional input or output. */
export type TensorId = number;
export const ABSENT: TensorId = -1;

export interface Graph {
  readonly name: string;
  readonly tensors: readonly Tensor[];
  /** In file order. */
  readonly nodes: readonly Node[];
  /** What the caller must give, initializers that are listed as inputs left out. */
  readonly inputs: readonly TensorId[];
  readonly outputs: readonly TensorId[];
}

export interface Tensor {
  readonly id: TensorId;
  readonly name: string;
  /** What the file says of type and shape, where it says anything. A computed shape wins over it. */
  readonly declared?: DeclaredType;
  readonly constant?: Constant;
  readonly quantization?: Quantization;
  /** State that lives from one run to the next (TFLite variable tensors). */
  readonly isVariable?: true;
  /** Memory that an operator works in, which nothing fills before (TFLite custom operators). */
  readonly isScratch?: true;
  /** In an edited model: it is not in the file, or stands for another one there that had its name. */
  readonly isNew?: true;
  /** In a model that is about to be written: its numbers go to another place than the file says. */
  readonly isMoved?: true;
  /** In an edited model: its type and its scheme are not the file's any more. */
  readonly isRetyped?: true;
  /** In a body that uses a tensor of the graph around it (ONNX): that tensor's id there. */
  readonly outer?: TensorId;
}

export interface DeclaredType {
  readonly dataType: DataType | undefined;
  /** undefined: unknown rank. */
  readonly shape: readonly DeclaredDimension[] | undefined;
  /** A list of such tensors, or an optional one, instead of one tensor. */
  readonly container?: "sequence" | "optional" | "map";
  /** Not the file's word any more: an edit changed the sizes. */
  readonly isEdited?: true;
}

/** A size, the name of a dynamic one, or null for a dynamic one without a name. TFLite's dynamic ones carry the size they were converted with. */
export type DeclaredDimension = number | string | null | { readonly dynamic: true; readonly example: number };

/** Numbers that are in the file. Their bytes stay there; only small ones come along, since shapes are computed from them. */
export interface Constant {
  readonly dataType: DataType;
  readonly shape: readonly number[];
  /** Bytes as they are stored: packed and, for sparse tensors, only what is stored. */
  readonly storedBytes: number;
  /** Elements, row-major: present where `bringsValues` says so, of a numeric type. Integers beyond 2^53 are rounded. */
  readonly values?: readonly number[];
  readonly storage: Storage;
  readonly isSparse?: true;
}

/** Shapes, axes, pads, scales: what shape inference ever looks at is far smaller than this; weights are larger. */
const SMALL_CONSTANT_ELEMENTS = 1024;

/** A mean or a bound of each channel, shaped to broadcast, has no more; a float tensor of so many axes and more elements is a filter. */
const LARGEST_FLOAT_SETTING = 16;
const FILTER_RANK = 3;

/** Whether a constant's elements come along with the model: those of filters never say anything about shapes. */
export function bringsValues(dataType: DataType, rank: number, elements: number): boolean {
  if (elements > SMALL_CONSTANT_ELEMENTS) return false;
  return elements <= LARGEST_FLOAT_SETTING || rank < FILTER_RANK || !isFloat(dataType);
}

/** Where a constant's bytes are and how they are coded there. */
export type Storage =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly encoding: Encoding }
  | {
      readonly kind: "range";
      readonly source: ByteSource;
      readonly offset: number;
      readonly length: number;
      readonly encoding: Encoding;
    }
  | {
      readonly kind: "sparse";
      /** Without a traversal values and their indices (ONNX); with one values, and segments and indices of each compressed level. */
      readonly parts: readonly Storage[];
      readonly traversal?: SparseTraversal;
    }
  | { readonly kind: "none" };

/**
 * How elements are laid out in a range: `raw` little-endian elements of the data type, or protobuf's typed fields, which hold one
 * varint or wider element each: packed one after the other, or (in old files) each behind a tag of its own.
 */
export type Encoding = "raw" | `${"packed" | "unpacked"}-${TypedElement}`;

/** Element types of protobuf's typed fields. Types narrower than 8 bits share an int32 as they share a byte. */
export type TypedElement = "float" | "double" | "varint-int32" | "varint-int64" | "varint-uint64";

export interface Quantization {
  /** One for the tensor, one per slice along `axis`, or one per block of `blockSize` elements along `axis`. */
  readonly granularity: "tensor" | "channel" | "block";
  readonly axis?: number;
  readonly blockSize?: number;
  /** Empty where there are so many that they stay in the file: `stored` has them then. */
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  /** Scales and zero points that are tensors of the file: one axis of them for each of the quantized tensor's. */
  readonly stored?: { readonly scales: Constant; readonly zeroPoints?: Constant };
}

/** One operator as the file has it. */
export interface Node {
  /** Tells it from the others of its graph, through edits too: its position in the file, and a number above all those for what an edit adds. */
  readonly index: number;
  /** As in the file; often empty, and always in TFLite. */
  readonly name: string;
  /** "" for the format's own operators; "com.microsoft" and others for extensions; "custom" for TFLite's custom operators. */
  readonly domain: string;
  readonly op: string;
  /** Version of the operator set (ONNX) or of the operator (TFLite). */
  readonly version: number;
  readonly inputs: readonly TensorId[];
  readonly outputs: readonly TensorId[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** Graphs that this node runs: branches, loop bodies, the inlined body of a function call. */
  readonly bodies: readonly Body[];
  /** What the exporter noted about the node, by its keys (ONNX metadata_props). */
  readonly metadata?: ReadonlyMap<string, string>;
  /**
   * The node's own bytes in the file, where it has a range of its own (ONNX). An edit that changes more of the node than the tensors it
   * reads and makes takes it away.
   */
  readonly span?: { readonly offset: number; readonly length: number };
  /** The operator's position in its subgraph of the file, where it has no range of its own (TFLite); taken away as `span` is. */
  readonly origin?: number;
  /**
   * In an edited model, of a new node: bytes of the file's node that it came from. What the file notes about that one (description,
   * metadata, devices) holds for it too.
   */
  readonly notes?: { readonly offset: number; readonly length: number };
  /** In an edited model: it reads or makes other tensors than its bytes in the file say. */
  readonly isRewired?: true;
  /** In an edited model: the layer's name that edits find it by, the same through all of them. */
  readonly identity?: string;
}

export interface Body {
  readonly role: "call" | "then" | "else" | "loop" | "scan" | "condition" | "once" | "region";
  /** Attribute (ONNX) or option (TFLite) that holds it, or the function's name: shown in paths. */
  readonly label: string;
  readonly graph: Graph;
}

/** ONNX attributes and TFLite options; enums of TFLite by their names ("SAME", "RELU6"). */
export type Attribute = number | string | boolean | readonly number[] | readonly string[] | Constant;

export function isConstant(attribute: Attribute): attribute is Constant {
  return typeof attribute === "object" && "storage" in attribute;
}
