import type { DeclaredDimension, DeclaredType } from "../../model/model.ts";
import { dataTypeOf } from "./data-types.ts";
import { dimensionFault, dimensionNameFault, rankFault } from "./dimensions.ts";
import type { onnx } from "./schema/onnx.ts";

type TypeProto = onnx.TypeProto.$Properties;
type ShapeProto = onnx.TensorShapeProto.$Properties;

/**
 * The type that a file declares for a value; of a sequence, an optional or a map, the type of what it holds.
 * @param fault makes the error of a dimension that cannot be
 */
export function declaredType(type: TypeProto, fault: (expected: string) => Error): DeclaredType {
  const tensor = type.tensorType ?? type.sparseTensorType;
  if (tensor)
    return {
      dataType: dataTypeOf(tensor.elemType),
      shape: tensor.shape ? declaredShape(tensor.shape, fault) : undefined,
    };
  const [container, element] = containerOf(type);
  if (container === undefined) return { dataType: undefined, shape: undefined };
  return { ...(element ? declaredType(element, fault) : { dataType: undefined, shape: undefined }), container };
}

function containerOf({
  sequenceType,
  optionalType,
  mapType,
}: TypeProto): readonly [DeclaredType["container"], TypeProto | null | undefined] {
  if (sequenceType) return ["sequence", sequenceType.elemType];
  if (optionalType) return ["optional", optionalType.elemType];
  return mapType ? ["map", mapType.valueType] : [undefined, undefined];
}

function declaredShape(shape: ShapeProto, fault: (expected: string) => Error): readonly DeclaredDimension[] {
  const dimensions = shape.dim ?? [];
  const tooMany = rankFault(dimensions.length);
  if (tooMany !== undefined) throw fault(tooMany);
  return dimensions.map(({ dimValue, dimParam }) => {
    if (typeof dimValue !== "number") {
      const unnamable = dimensionNameFault(dimParam ?? "");
      if (unnamable !== undefined) throw fault(unnamable);
      return dimParam === "" ? null : (dimParam ?? null);
    }
    const what = dimensionFault(dimValue);
    if (what !== undefined) throw fault(what);
    return dimValue;
  });
}
