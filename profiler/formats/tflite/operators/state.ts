import type { Shape } from "../../../model/shape.ts";
import { inferredType } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { handle, outputType, type Rules } from "./common.ts";

const NOTHING: OperatorRule = { infer: () => [], kind: "control" };

const RESOURCE: OperatorRule = { infer: () => handle("resource"), kind: "control" };

/** The handle does not tell what the variable holds: the file's own word is all there is. */
const READ_VARIABLE: OperatorRule = {
  infer: (view) => {
    view.note("A variable's shape is not computed but taken from the file.");
    return [inferredType(outputType(view), declaredShape(view))];
  },
  kind: "data-movement",
  isNondeterministic: true,
};

function declaredShape(view: NodeView): Shape | undefined {
  return view.declaredOutput(0)?.shape?.map((size) => {
    if (typeof size === "number") return size;
    return typeof size === "object" && size !== null ? size.example : UNKNOWN_SIZE;
  });
}

/** Values for keys: table, keys, default value. */
const HASHTABLE_FIND: OperatorRule = {
  infer: (view) => [inferredType(view.dataType(2), view.shape(1))],
  kind: "gather",
  isNondeterministic: true,
};

/** Operators with resources that outlive a run. */
export const STATE: Rules = {
  VAR_HANDLE: RESOURCE,
  READ_VARIABLE,
  ASSIGN_VARIABLE: { ...NOTHING, writesState: true },
  HASHTABLE: RESOURCE,
  HASHTABLE_FIND,
  HASHTABLE_IMPORT: NOTHING,
  HASHTABLE_SIZE: { infer: () => [inferredType("int64", [1])], kind: "control", isNondeterministic: true },
};
