import { ownEntry } from "../../../own-entry.ts";
import type { Operation } from "../../../operators/operation.ts";
import type { DataType } from "../../../model/data-type.ts";
import type { Dimension, Shape } from "../../../model/shape.ts";
import { OPERATIONS_PER_ELEMENT, type ElementFunction } from "../../../operators/operations-per-element.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { UNKNOWN, type InferredType } from "../../../operators/inferred-type.ts";
import { product, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { inferredType, mapShape, sameAs } from "./inferred-types.ts";

type Infer = (view: NodeView) => readonly InferredType[];

/** One element from one. */
function perElement(cost: ElementFunction, infer: Infer): OperatorRule {
  return {
    describe: (view) => ({
      outputs: infer(view),
      operation: { kind: "elementwise", geometry: { opsPerElement: OPERATIONS_PER_ELEMENT[cost] } },
    }),
    inPlace: [0],
  };
}

/** Rows of features; a single list is one row. */
function rowsOf(shape: Shape): Dimension {
  return shape.length < 2 ? 1 : (shape[0] ?? 1);
}

function labelType(view: NodeView): DataType {
  return texts(view, "classlabels_strings") > 0 ? "string" : "int64";
}

function texts(view: NodeView, attribute: string): number {
  const value = view.attribute(attribute);
  if (typeof value === "string") return 1;
  return Array.isArray(value) ? value.length : 0;
}

/** Number of classes: however the labels are given. */
function classes(view: NodeView): number {
  return (
    texts(view, "classlabels_strings") ||
    (view.ints("classlabels_ints") ?? view.ints("classlabels_int64s") ?? []).length
  );
}

/** A label and a row of scores for each row of features. */
const classified =
  (columns: (view: NodeView) => Dimension): Infer =>
  (view) => {
    const rows = mapShape(view.shape(0), rowsOf);
    if (rows === undefined) return [inferredType(labelType(view), undefined), inferredType("float32", undefined)];
    return [inferredType(labelType(view), [rows]), inferredType("float32", [rows, columns(view)])];
  };

/** A row of targets for each row of features. */
const regressed =
  (columns: (view: NodeView) => Dimension): Infer =>
  (view) => [
    inferredType(
      "float32",
      mapShape(view.shape(0), (shape) => [rowsOf(shape), columns(view)]),
    ),
  ];

/** Products of each row with vectors that stand in attributes. */
function withVectors(infer: Infer, attribute: string): OperatorRule {
  return { describe: (view) => ({ outputs: infer(view), operation: productOf(view, attribute) }) };
}

function productOf(view: NodeView, attribute: string): Operation {
  const shape = view.shape(0);
  const inner = shape?.at(-1);
  if (shape === undefined || inner === undefined) return { kind: "unknown" };
  view.note("The coefficients are attributes, which are not counted as parameters.");
  const coefficients = view.ints(attribute)?.length ?? 0;
  const vectors = typeof inner === "number" ? coefficients / inner : NaN;
  const columns = Number.isInteger(vectors) ? vectors : UNKNOWN_SIZE;
  return { kind: "dense", geometry: { batch: 1, rows: rowsOf(shape), inner, columns, hasBias: true } };
}

/** Comparisons along paths whose length depends on the data. */
const trees = (infer: Infer): OperatorRule => ({ infer, kind: "unknown" });

/** One of the columns that decide between two classes each, unless probabilities are asked for. */
function svmColumns(view: NodeView): Dimension {
  const count = classes(view);
  const isProbability = (view.ints("prob_a") ?? []).length > 0;
  return isProbability || count <= 2 ? count : UNKNOWN_SIZE;
}

function labelled(view: NodeView): readonly InferredType[] {
  const table = view.tensor("values_tensor");
  const dataType: DataType | undefined =
    table?.dataType ??
    (texts(view, "values_strings") > 0 ? "string" : undefined) ??
    (view.ints("values_int64s") && "int64") ??
    (view.ints("values_floats") && "float32") ??
    // Version 1 maps texts to their place in a list and back.
    (view.dataType(0) === "string" ? "int64" : "string");
  return [inferredType(dataType, view.shape(0))];
}

/** Columns picked from each row; a single list counts as one row. */
function extracted(view: NodeView): readonly InferredType[] {
  const [data, columns] = [view.shape(0), view.shape(1)];
  const shape = data && columns && [...(data.length === 1 ? [1] : data.slice(0, -1)), product(columns)];
  return [inferredType(view.dataType(0), shape)];
}

function joined(view: NodeView): readonly InferredType[] {
  const widths = view.ints("inputdimensions") ?? [];
  const width = widths.reduce((total, size) => total + size, 0);
  return [
    inferredType(
      "float32",
      mapShape(view.shape(0), (shape) => [rowsOf(shape), width]),
    ),
  ];
}

function encoded(view: NodeView): readonly InferredType[] {
  const categories = texts(view, "cats_strings") || (view.ints("cats_int64s") ?? []).length;
  return [
    inferredType(
      "float32",
      mapShape(view.shape(0), (shape) => [...shape, categories]),
    ),
  ];
}

const CAST_MAP_TYPES: Readonly<Record<string, DataType>> = {
  TO_FLOAT: "float32",
  TO_INT64: "int64",
  TO_STRING: "string",
};

function castMap(view: NodeView): readonly InferredType[] {
  const dataType = ownEntry(CAST_MAP_TYPES, view.text("cast_to", "TO_FLOAT"));
  const isSparse = view.text("map_form", "DENSE") === "SPARSE";
  return [inferredType(dataType, [1, isSparse ? view.int("max_map", 1) : UNKNOWN_SIZE])];
}

function vectorized(view: NodeView): readonly InferredType[] {
  const words = texts(view, "string_vocabulary") || (view.ints("int64_vocabulary") ?? []).length;
  return [inferredType(undefined, [1, words])];
}

function categorized(view: NodeView): readonly InferredType[] {
  return [inferredType(view.dataType(0) === "string" ? "int64" : "string", view.shape(0))];
}

const float32 = (view: NodeView): readonly InferredType[] => [inferredType("float32", view.shape(0))];
const unchanged = (view: NodeView): readonly InferredType[] => [sameAs(view)];

/** Domain ai.onnx.ml: what scikit-learn's models and their preparation of features become. */
export const ML: Readonly<Record<string, OperatorRule>> = {
  ArrayFeatureExtractor: { infer: extracted, kind: "gather", configuration: [1] },
  Binarizer: perElement("arithmetic", unchanged),
  CastMap: { infer: castMap, kind: "data-movement" },
  CategoryMapper: perElement("function", categorized),
  DictVectorizer: { infer: vectorized, kind: "data-movement" },
  FeatureVectorizer: { infer: joined, kind: "data-movement" },
  Imputer: perElement("select", unchanged),
  LabelEncoder: perElement("function", labelled),
  LinearClassifier: withVectors(classified(classes), "coefficients"),
  LinearRegressor: withVectors(
    regressed((view) => view.int("targets", 1)),
    "coefficients",
  ),
  Normalizer: {
    // Norm and quotient: a product or comparison, a sum and a division.
    describe: (view) => ({ outputs: float32(view), operation: { kind: "norm", geometry: { opsPerElement: 3 } } }),
    inPlace: [0],
  },
  OneHotEncoder: { infer: encoded, kind: "gather" },
  SVMClassifier: withVectors(classified(svmColumns), "support_vectors"),
  SVMRegressor: withVectors(
    regressed(() => 1),
    "support_vectors",
  ),
  Scaler: perElement("affine", float32),
  TreeEnsemble: trees((view) => [
    inferredType(
      view.dataType(0),
      mapShape(view.shape(0), (shape) => [rowsOf(shape), view.int("n_targets", 1)]),
    ),
  ]),
  TreeEnsembleClassifier: trees(classified(classes)),
  TreeEnsembleRegressor: trees(regressed((view) => view.int("n_targets", 1))),
  ZipMap: { infer: () => [{ ...UNKNOWN, dataType: "float32", container: "sequence" }], kind: "data-movement" },
};
