import { ownEntry } from "../../../own-entry.ts";
import { isFloat, type DataType } from "../../../model/data-type.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { castValue } from "../../../shapes/values.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import { liftIdentity, liftUnary } from "../../../neutral/element-forms.ts";
import { computedWeights } from "../../../neutral/weights.ts";
import type { NativeLayer } from "../../../neutral/native-layer.ts";
import type { Fold, Operators } from "../../../neutral/operator.ts";
import { dataTypeOf } from "../data-types.ts";
import { inferredType } from "./inferred-types.ts";

/** The same numbers in another type. */
function cast(target: (view: NodeView) => DataType | undefined): OperatorRule {
  return {
    infer: (view) => {
      const dataType = target(view);
      const value = view.value(0);
      return [inferredType(dataType, view.shape(0), value && dataType ? castValue(value, dataType) : undefined)];
    },
    kind: "data-movement",
    configuration: [1],
    inPlace: [0],
    carries: 0,
  };
}

/** The type is a number of TensorProto.DataType, and its name ("INT64") before opset 6. */
function castTarget(view: NodeView): DataType | undefined {
  const name = view.text("to");
  return name === undefined ? dataTypeOf(view.int("to")) : ownEntry(NAMED_TYPES, name);
}

const NAMED_TYPES: Readonly<Record<string, DataType>> = {
  FLOAT: "float32",
  UINT8: "uint8",
  INT8: "int8",
  UINT16: "uint16",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  STRING: "string",
  BOOL: "bool",
  FLOAT16: "float16",
  DOUBLE: "float64",
  UINT32: "uint32",
  UINT64: "uint64",
  COMPLEX64: "complex64",
  COMPLEX128: "complex128",
};

/** The number of the type alone: names are of versions that are not edited. */
function liftCast(layer: NativeLayer): Lifted {
  const { view } = layer;
  const isSame = dataTypeOf(view.int("to")) === view.dataType(0) && view.dataType(0) !== undefined;
  return isSame ? liftIdentity(layer) : liftUnary(layer);
}

const foldCast: Fold = (_, { shape, dataType }, input) => {
  const weights = input();
  if (weights === undefined || !isFloat(weights.dataType) || !isFloat(dataType)) return undefined;
  return weights.dataType === dataType ? weights : computedWeights(shape, () => weights.read(), dataType);
};

export const CASTING: Operators = {
  Cast: { ...cast(castTarget), lift: liftCast, fold: foldCast },
  CastLike: cast((view) => view.dataType(1)),
  // The same bytes under another type of the same width: other numbers, so nothing is known of them.
  BitCast: {
    infer: (view) => [inferredType(castTarget(view), view.shape(0))],
    kind: "reshape",
    isView: true,
    inPlace: [0],
  },
};
