import type { DeclaredDimension, DeclaredType } from "../../../model/model.ts";
import { dataTypeCode } from "../data-types.ts";
import { MessageWriter } from "../wire/message-writer.ts";

/** Fields of ValueInfoProto. */
export const VALUE = { name: 1, type: 2 } as const;

/** Fields of TypeProto, TypeProto.Tensor, TensorShapeProto and TensorShapeProto.Dimension. */
const TYPE = { tensorType: 1 } as const;
const TENSOR_TYPE = { elemType: 1, shape: 2 } as const;
const SHAPE = { dim: 1 } as const;
const DIMENSION = { value: 1, param: 2 } as const;

/** A ValueInfoProto of a tensor. */
export function encodeValue(name: string, declared: DeclaredType): Uint8Array {
  return new MessageWriter().text(VALUE.name, name).message(VALUE.type, encodeType(declared)).bytes;
}

/** A TypeProto. */
export function encodeType({ dataType, shape }: DeclaredType): Uint8Array {
  const tensor = new MessageWriter();
  if (dataType) tensor.int(TENSOR_TYPE.elemType, dataTypeCode(dataType));
  if (shape) {
    const sizes = new MessageWriter();
    for (const size of shape) sizes.message(SHAPE.dim, encodeDimension(size));
    tensor.message(TENSOR_TYPE.shape, sizes.bytes);
  }
  return new MessageWriter().message(TYPE.tensorType, tensor.bytes).bytes;
}

function encodeDimension(size: DeclaredDimension): Uint8Array {
  const dimension = new MessageWriter();
  if (typeof size === "number") return dimension.int(DIMENSION.value, size).bytes;
  return typeof size === "string" ? dimension.text(DIMENSION.param, size).bytes : dimension.bytes;
}
