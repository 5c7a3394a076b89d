import type { Dimension, Shape } from "../../../model/shape.ts";
import { lookedUp } from "../../../operators/decoding.ts";
import { inferredType, runtimeSize, unknownSizes } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import { UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { gatherNdShape, gatherShape } from "../../../shapes/gather.ts";
import { knownTensor } from "../../../shapes/known-tensor.ts";
import { gatherNdValue, gatherValue } from "../../../shapes/value-layout.ts";
import { listInput, outputType, shaped, typeOption, type Rules } from "./common.ts";

/** Constant indices say which elements; those that the run brings, into an embedding say, are data. */
const constantIndices = (view: NodeView): readonly number[] => (view.input(1).constant === undefined ? [] : [1]);

const GATHER: OperatorRule = {
  infer: (view) => {
    const [data, indices] = [view.shape(0), view.shape(1)];
    const axis = view.int("axis", 0);
    const batchDims = view.int("batch_dims", 0);
    const known = [knownTensor(view.input(0)), knownTensor(view.input(1))] as const;
    const value = known[0] && known[1] && batchDims === 0 ? gatherValue(known[0], known[1], axis) : undefined;
    const counted = indices && batchDims < 0 ? batchDims + indices.length : batchDims;
    return [inferredType(view.dataType(0), data && indices && gatherShape(data, indices, axis, counted), value)];
  },
  kind: "gather",
  configuration: constantIndices,
  looksUp: { table: 0, rows: 1 },
  decodes: (view, output) => {
    const codebook = view.shape(0);
    return lookedUp(view, output, { table: 0, indices: 1 }, codebook?.length === 1 ? codebook[0] : undefined);
  },
};

const GATHER_ND: OperatorRule = {
  infer: (view) => {
    const [data, indices] = [view.shape(0), view.shape(1)];
    const known = [knownTensor(view.input(0)), knownTensor(view.input(1))] as const;
    const value = known[0] && known[1] && gatherNdValue(known[0], known[1]);
    return [inferredType(view.dataType(0), data && indices && gatherNdShape(data, indices), value)];
  },
  kind: "gather",
  configuration: constantIndices,
};

/** Rows of the table in the second input, one for each number in the first. */
const EMBEDDING_LOOKUP: OperatorRule = {
  infer: (view) => {
    const [ids, table] = [view.shape(0), view.shape(1)];
    return [inferredType(outputType(view, 0, view.dataType(1)), ids && table && [...ids, ...table.slice(1)])];
  },
  kind: "gather",
  looksUp: { table: 1, rows: 0 },
};

/** Keys looked up in a sorted list; the second output says which were found. */
const HASHTABLE_LOOKUP: OperatorRule = {
  infer: (view) => {
    const [keys, values] = [view.shape(0), view.shape(2)];
    return [
      inferredType(view.dataType(2), keys && values && [keys[0] ?? UNKNOWN_SIZE, ...values.slice(1)]),
      inferredType("uint8", keys?.slice(0, 1)),
    ];
  },
  kind: "gather",
};

/** The largest k along the last axis, and where they were. */
const TOPK: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const k = view.value(1)?.[0] ?? UNKNOWN_SIZE;
    const found = shape && [...shape.slice(0, -1), k];
    return [inferredType(view.dataType(0), found), inferredType(outputType(view, 1, "int32"), found)];
  },
  kind: "sort",
  configuration: [1],
};

/** A new axis, as long as the depth, in which the index's place holds one value and all others another. */
const ONE_HOT: OperatorRule = {
  infer: (view) => {
    const indices = view.shape(0);
    const axis = indices && normalizeAxis(view.int("axis", -1), indices.length + 1);
    const depth = view.value(1)?.[0] ?? UNKNOWN_SIZE;
    return [inferredType(view.dataType(2), axis === undefined ? undefined : indices?.toSpliced(axis, 0, depth))];
  },
  kind: "gather",
  configuration: [1, 2, 3],
};

/** Coordinates of the elements at which the condition holds: a row each. */
const WHERE: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    return [inferredType("int64", shape && [runtimeSize(view, "where"), shape.length])];
  },
  kind: "gather",
};

const UNIQUE: OperatorRule = {
  infer: (view) => [
    inferredType(view.dataType(0), [runtimeSize(view, "unique")]),
    inferredType(typeOption(view, "idx_out_type") ?? "int32", view.shape(0)),
  ],
  kind: "sort",
};

/** At most as many boxes as the third input allows: the outputs have room for all, and the last says how many there are. */
function nonMaxSuppression(hasScores: boolean): OperatorRule {
  return {
    infer: (view) => {
      const room: Shape = [view.value(2)?.[0] ?? runtimeSize(view, "boxes")];
      const scores = hasScores ? [inferredType(view.dataType(1), room)] : [];
      return [inferredType("int32", room), ...scores, inferredType("int32", [])];
    },
    kind: "sort",
    configuration: [2, 3, 4, 5],
  };
}

/** Updates written into zeros of the shape in the third input. */
const SCATTER_ND: OperatorRule = {
  infer: (view) => [inferredType(view.dataType(1), listInput(view, 2))],
  kind: "gather",
  configuration: [2],
};

/** Values written at places into a tensor of the shape in the second input. */
const SPARSE_TO_DENSE: OperatorRule = {
  infer: (view) => [inferredType(view.dataType(2), listInput(view, 1))],
  kind: "gather",
  configuration: [1],
};

const EMBEDDING_LOOKUP_SPARSE: OperatorRule = {
  infer: (view) => {
    const table = view.shape(4);
    const lookups = listInput(view, 2);
    return [inferredType(view.dataType(4), table && lookups && [...lookups.slice(0, -1), ...table.slice(1)])];
  },
  kind: "gather",
  configuration: [2],
};

const [OPEN = UNKNOWN_SIZE]: readonly Dimension[] = unknownSizes(1);

/** Operators that pick, place and find elements. */
export const INDEXING: Rules = {
  GATHER,
  GATHER_ND,
  EMBEDDING_LOOKUP,
  EMBEDDING_LOOKUP_SPARSE,
  HASHTABLE_LOOKUP,
  TOPK_V2: TOPK,
  ONE_HOT,
  WHERE,
  UNIQUE,
  NON_MAX_SUPPRESSION_V4: nonMaxSuppression(false),
  NON_MAX_SUPPRESSION_V5: nonMaxSuppression(true),
  SCATTER_ND,
  SPARSE_TO_DENSE,
  // One bit, or one number, for each hash function.
  LSH_PROJECTION: {
    infer: (view) => [inferredType("int32", view.shape(0)?.slice(0, view.text("type") === "SPARSE" ? 1 : 2))],
    kind: "gather",
  },
  SKIP_GRAM: { infer: (view) => [inferredType("string", [runtimeSize(view, "grams")])], kind: "gather" },
  CONCAT_EMBEDDINGS: shaped((shape) => [shape[0] ?? OPEN, OPEN], { kind: "data-movement" }),
};
