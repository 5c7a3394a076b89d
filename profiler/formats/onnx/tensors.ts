import type { ByteSource } from "../../bytes/byte-source.ts";
import { ModelFormatError } from "../../errors.ts";
import { expandSparse } from "../../model/constant-values.ts";
import { bytesOf, type DataType } from "../../model/data-type.ts";
import { bringsValues, type Constant, type Encoding, type Storage, type TypedElement } from "../../model/model.ts";
import { decodeRaw } from "../../model/raw-elements.ts";
import { rawFromTyped } from "../../model/typed-elements.ts";
import { dataTypeOf } from "./data-types.ts";
import { dimensionFault, rankFault } from "./dimensions.ts";
import { isExternal, type DataFiles } from "./external-data.ts";
import type { onnx } from "./schema/onnx.ts";

type TensorProto = onnx.TensorProto.$Properties;
type SparseTensorProto = onnx.SparseTensorProto.$Properties;
type Payload = onnx.Payload.$Properties;

/** Counts beyond this are not exact any more. */
const LARGEST_ELEMENT_COUNT = Number.MAX_SAFE_INTEGER;

/** Fields of TensorProto that hold elements, by number. `types` are those that ONNX lets it hold. */
interface ElementField {
  readonly name: string;
  readonly element?: TypedElement;
  readonly types: (type: DataType) => boolean;
}

const RAW_FIELD = 9;

const ELEMENT_FIELDS: Readonly<Record<number, ElementField>> = {
  4: { name: "float_data", element: "float", types: isOneOf("float32", "complex64") },
  5: { name: "int32_data", element: "varint-int32", types: (type) => (bytesOf(type, 1) ?? 8) < 4 || type === "int32" },
  6: { name: "string_data", types: isOneOf("string") },
  7: { name: "int64_data", element: "varint-int64", types: isOneOf("int64") },
  9: { name: "raw_data", types: (type) => type !== "string" },
  10: { name: "double_data", element: "double", types: isOneOf("float64", "complex128") },
  11: { name: "uint64_data", element: "varint-uint64", types: isOneOf("uint32", "uint64") },
};

/** A constant whose small values are still to be read from a data file. */
export type PendingConstant = { -readonly [Key in keyof Constant]: Constant[Key] };

/** Makes constants of a model's tensors. One message gives one constant, however often a function that holds it is called. */
export class TensorReader {
  /** Small constants in data files: their values are not here yet. */
  readonly pending: PendingConstant[] = [];
  readonly #constants = new Map<TensorProto | SparseTensorProto, Constant>();

  constructor(
    private readonly source: ByteSource,
    private readonly dataFiles: DataFiles,
  ) {}

  /**
   * @param place what an error calls the tensor
   * @throws {ModelFormatError} when type or shape are none, or disagree with the bytes
   * @throws {ExternalDataError} when a data file is too short
   */
  dense(tensor: TensorProto, place: string): Constant {
    return this.#once(tensor, () => {
      const type = dataTypeOf(tensor.dataType);
      if (type === undefined)
        throw this.#fault(tensor, place, `element type ${tensor.dataType ?? 0} is not one of ONNX's`);
      // Copied, since a list that grew while it was decoded has room for more than it holds.
      const shape = tensor.dims?.slice() ?? [];
      const elements = this.#elementCount(tensor, shape, place);
      return isExternal(tensor)
        ? this.#external(tensor, type, shape, elements, place)
        : this.#internal(tensor, type, shape, elements, place);
    });
  }

  /** @throws {ModelFormatError} when values, indices and shape do not fit together */
  sparse(tensor: SparseTensorProto, place: string): Constant {
    return this.#once(tensor, () => {
      const values = this.dense(tensor.values ?? {}, `${place}: values`);
      const indices = this.dense(tensor.indices ?? {}, `${place}: indices`);
      const shape = tensor.dims ?? [];
      const elements = this.#elementCount(tensor, shape, place);
      const [stored = 0] = values.shape;
      const [indexed = 0, rank = 1] = indices.shape;
      const fits = indices.shape.length === 1 || (indices.shape.length === 2 && rank === shape.length);
      if (values.shape.length !== 1 || indices.dataType !== "int64" || indexed !== stored || !fits) {
        throw this.#fault(
          tensor,
          place,
          "expected one int64 index, or one for each axis, for each value of a flat list",
        );
      }
      const constant: PendingConstant = {
        dataType: values.dataType,
        shape,
        storedBytes: values.storedBytes + indices.storedBytes,
        storage: { kind: "sparse", parts: [values.storage, indices.storage] },
        isSparse: true,
      };
      if (!bringsValues(constant.dataType, shape.length, elements)) return constant;
      if (values.values !== undefined && indices.values !== undefined) {
        constant.values = this.#expand(tensor, place, shape, values.values, indices.values);
      } else this.pending.push(constant);
      return constant;
    });
  }

  #expand(
    tensor: SparseTensorProto,
    place: string,
    shape: readonly number[],
    values: readonly number[],
    indices: readonly number[],
  ): readonly number[] {
    try {
      return [...expandSparse(shape, values, indices)];
    } catch (error) {
      if (!(error instanceof ModelFormatError)) throw error;
      throw this.#fault(tensor, `${place}: ${error.place}`, `expected ${error.expected}`);
    }
  }

  #internal(tensor: TensorProto, type: DataType, shape: readonly number[], elements: number, place: string): Constant {
    const payload = this.#payload(tensor, place);
    if (payload === undefined) {
      if (elements > 0) throw this.#fault(tensor, place, `its shape asks for ${elements} elements, but it has none`);
      return { dataType: type, shape, storedBytes: 0, values: [], storage: { kind: "none" } };
    }
    const { field, encoding, offset, length, fields, bytes } = payload;
    if (!field.types(type)) throw this.#fault(tensor, place, `${type} elements do not stand in ${field.name}`);
    if (type === "string") {
      if (fields !== elements)
        throw this.#fault(tensor, place, `its shape asks for ${elements} strings, but it has ${fields}`);
      return { dataType: type, shape, storedBytes: length, storage: { kind: "none" } };
    }
    const needed = bytesOf(type, elements) ?? 0;
    const raw = bytes === undefined || encoding === "raw" ? bytes : rawFromTyped(type, encoding, bytes);
    const [least, most] = raw === undefined ? possibleBytes(type, encoding, length, fields) : [raw.length, raw.length];
    if (needed < least || needed > most) {
      const found = least === most ? `${least}` : `${least} to ${most}`;
      throw this.#fault(
        tensor,
        place,
        `its shape [${shape.join(", ")}] of ${type} asks for ${needed} bytes, but it has ${found}`,
      );
    }
    const constant: PendingConstant = {
      dataType: type,
      shape,
      storedBytes: needed,
      storage: { kind: "range", source: this.source, offset, length, encoding },
    };
    const values = raw && bringsValues(type, shape.length, elements) ? decodeRaw(type, raw, elements) : undefined;
    if (values !== undefined) constant.values = values;
    return constant;
  }

  #external(tensor: TensorProto, type: DataType, shape: readonly number[], elements: number, place: string): Constant {
    const needed = bytesOf(type, elements);
    if (needed === undefined) throw this.#fault(tensor, place, `${type} elements do not stand in external data`);
    const range = this.dataFiles.range(tensor, needed);
    if (range.length !== needed) {
      throw this.#fault(
        tensor,
        place,
        `its shape [${shape.join(", ")}] of ${type} asks for ${needed} bytes, but its external data has ${range.length}`,
      );
    }
    const storage: Storage = { kind: "range", encoding: "raw", ...range };
    const constant: PendingConstant = { dataType: type, shape, storedBytes: needed, storage };
    if (bringsValues(type, shape.length, elements)) this.pending.push(constant);
    return constant;
  }

  /** Where the elements are; undefined when there are none. Raw bytes win over typed elements, as they do in ONNX's own readers. */
  #payload(tensor: TensorProto, place: string): PlacedPayload | undefined {
    if (tensor.payload === undefined || tensor.payload === null) return undefined;
    const payloads = tensor.payload.filter(({ length }) => (length ?? 0) > 0);
    const raw = payloads.findLast(({ field }) => field === RAW_FIELD);
    if (raw === undefined && payloads.length > 1) {
      throw this.#fault(tensor, place, "expected its elements in one place, not in several fields or pieces");
    }
    const payload = raw ?? payloads[0];
    return payload && placed(payload);
  }

  #elementCount(tensor: TensorProto | SparseTensorProto, shape: readonly number[], place: string): number {
    const tooMany = rankFault(shape.length);
    if (tooMany !== undefined) throw this.#fault(tensor, place, tooMany);
    let count = 1;
    for (const size of shape) {
      const fault = dimensionFault(size);
      if (fault !== undefined) throw this.#fault(tensor, place, fault);
      count *= size;
    }
    if (shape.includes(0)) return 0;
    if (count > LARGEST_ELEMENT_COUNT)
      throw this.#fault(tensor, place, `a shape of ${count} elements; nothing holds so many`);
    return count;
  }

  #once(tensor: TensorProto | SparseTensorProto, make: () => Constant): Constant {
    const constant = this.#constants.get(tensor) ?? make();
    this.#constants.set(tensor, constant);
    return constant;
  }

  #fault(tensor: TensorProto | SparseTensorProto, place: string, expected: string): ModelFormatError {
    return new ModelFormatError(this.source.name, place, expected, { offset: tensor.span?.offset ?? undefined });
  }
}

interface PlacedPayload {
  readonly field: ElementField;
  readonly encoding: Encoding;
  readonly offset: number;
  readonly length: number;
  /** Fields in the range when each element has a tag, else 0. */
  readonly fields: number;
  /** The range's bytes where they came along. */
  readonly bytes: Uint8Array | undefined;
}

function placed({ field: number, offset, length, fields, bytes }: Payload): PlacedPayload {
  const field = ELEMENT_FIELDS[number ?? 0] ?? { name: "no field", types: () => false };
  return {
    field,
    encoding: field.element === undefined ? "raw" : `${(fields ?? 0) > 0 ? "unpacked" : "packed"}-${field.element}`,
    offset: offset ?? 0,
    length: length ?? 0,
    fields: fields ?? 0,
    bytes: bytes && bytes.length === length ? bytes : undefined,
  };
}

/** Bytes that the elements of a range take when raw, without looking at them: from as few to as many, for varints of 1 to 10 bytes. */
function possibleBytes(type: DataType, encoding: Encoding, length: number, fields: number): readonly [number, number] {
  if (encoding === "raw" || encoding === "packed-float" || encoding === "packed-double") return [length, length];
  const width = encoding.endsWith("float") ? 4 : encoding.endsWith("double") ? 8 : (bytesOf(type, 1) ?? 1);
  return fields > 0 ? [fields * width, fields * width] : [Math.ceil(length / 10) * width, length * width];
}

function isOneOf(...types: readonly DataType[]): (type: DataType) => boolean {
  return (type) => types.includes(type);
}
