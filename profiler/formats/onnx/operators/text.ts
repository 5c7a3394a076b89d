import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { OPERATIONS_PER_ELEMENT } from "../../../operators/operations-per-element.ts";
import { broadcastShapes } from "../../../shapes/broadcast.ts";
import { inferredType, mapShape, runtimeSize, sameAs } from "./inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";

/** One operation a text: how long the texts are, only the run can tell. */
function onTexts(infer: (view: NodeView) => readonly InferredType[]): OperatorRule {
  return {
    describe: (view) => ({
      outputs: infer(view),
      operation: { kind: "elementwise", geometry: { opsPerElement: OPERATIONS_PER_ELEMENT.function } },
    }),
  };
}

/** Texts lose their case and, where stop words are named, become fewer. */
function normalized(view: NodeView): readonly InferredType[] {
  const stopWords = view.attribute("stopwords");
  if (!Array.isArray(stopWords) || stopWords.length === 0) return [sameAs(view)];
  return [
    inferredType(
      "string",
      mapShape(view.shape(0), (shape) => [...shape.slice(0, -1), runtimeSize(view, "words")]),
    ),
  ];
}

/** The longest text decides how many parts there is room for; the second output tells how many each has. */
function split(view: NodeView): readonly InferredType[] {
  const shape = view.shape(0);
  return [inferredType("string", shape && [...shape, runtimeSize(view, "parts")]), inferredType("int64", shape)];
}

/** Counts of n-grams, of as many as the attributes number. */
function counted(view: NodeView): readonly InferredType[] {
  const indexes = view.ints("ngram_indexes") ?? [];
  const size = indexes.reduce((most, index) => Math.max(most, index + 1), 0);
  return [
    inferredType(
      "float32",
      mapShape(view.shape(0), (shape) => [...shape.slice(0, -1), size]),
    ),
  ];
}

/** Operators on texts. */
export const TEXT: Readonly<Record<string, OperatorRule>> = {
  StringNormalizer: onTexts(normalized),
  StringConcat: onTexts((view) => [inferredType("string", broadcastShapes([view.shape(0), view.shape(1)]))]),
  StringSplit: onTexts(split),
  RegexFullMatch: onTexts((view) => [inferredType("bool", view.shape(0))]),
  TfIdfVectorizer: onTexts(counted),
};
