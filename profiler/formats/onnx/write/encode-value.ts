import type { DeclaredDimension, DeclaredType } from "../../../model/model.ts";
import { dataTypeCode } from "../data-types.ts";
import { onnx } from "../schema/onnx.ts";

/** A ValueInfoProto with the sizes that the model declares now; what else the file says of it stays. */
export function resizedValue(bytes: Uint8Array, declared: DeclaredType): Uint8Array {
  const proto = onnx.ValueInfoProto.decode(bytes);
  const dim = (declared.shape ?? []).map(dimension);
  if (proto.type?.tensorType) proto.type.tensorType.shape = { dim };
  return onnx.ValueInfoProto.encode(proto).finish();
}

/** A ValueInfoProto of a new tensor. */
export function encodeValue(name: string, { dataType, shape }: DeclaredType): Uint8Array {
  const tensorType = {
    ...(dataType && { elemType: dataTypeCode(dataType) }),
    ...(shape && { shape: { dim: shape.map(dimension) } }),
  };
  return onnx.ValueInfoProto.encode({ name, type: { tensorType } }).finish();
}

function dimension(size: DeclaredDimension): onnx.TensorShapeProto.Dimension.$Properties {
  if (typeof size === "number") return { dimValue: size };
  return typeof size === "string" ? { dimParam: size } : {};
}
