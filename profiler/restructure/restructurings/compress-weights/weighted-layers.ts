import { bytesOf } from "../../../model/data-type.ts";
import { elementsOf } from "../../../model/shape.ts";
import type { LinearForm } from "../../../neutral/forms.ts";
import { rowShape } from "../../../neutral/weight-rows.ts";
import { isKind, type NeutralGraph, type NeutralLayer } from "../../../neutral/neutral-graph.ts";
import type { WeightedLayer } from "../../approximation/follow-samples.ts";
import { opaqueRefusals, whyOpaque } from "../../matching/opaque-refusals.ts";
import { sharingWeights } from "../../matching/shared-weights.ts";
import type { Finding } from "../../restructuring.ts";

/** What decoding a weight takes in a file, about: operators and settings. */
const DECODING_BYTES = 700;

/** What a transposed convolution has to have for its weights to be stored in another way; undefined where it has it. */
function whyNotStored({ form }: NeutralLayer): string | undefined {
  if (form.kind !== "conv-transpose") return undefined;
  if (form.groups > 1) return "it is a transposed convolution in groups, whose weights have no row for each output";
  return form.window === undefined ? "how large its output is depends on a size that only the run can tell" : undefined;
}

/** Convolutions, transposed ones and dense layers, in the order they run; of those that share their weights, the first. */
export function weightedLayers(graph: NeutralGraph): readonly WeightedLayer[] {
  const others = new Set(sharingWeights(graph).flatMap(([, ...layers]) => layers.map(({ id }) => id)));
  return graph.layers.filter(
    (layer): layer is WeightedLayer => isWeighted(layer) && whyNotStored(layer) === undefined && !others.has(layer.id),
  );
}

function isWeighted(layer: NeutralLayer): layer is WeightedLayer {
  return isKind(layer, "conv") || isKind(layer, "conv-transpose") || isKind(layer, "dense");
}

/** Itself, and the layers that share its weights. */
function readersOf(graph: NeutralGraph, layer: NeutralLayer): readonly NeutralLayer[] {
  return sharingWeights(graph).find((layers) => layers.some(({ id }) => id === layer.id)) ?? [layer];
}

/**
 * Layers that an edit of the whole model changes: those whose weights take less afterwards, with what decodes them.
 * @param bytesPerWeight about what a weight takes afterwards
 */
export function worthwhile(graph: NeutralGraph, bytesPerWeight: number): readonly WeightedLayer[] {
  return weightedLayers(graph).filter(({ form: { weight } }) => {
    const elements = elementsOf(weight.shape) ?? 0;
    const stored = bytesOf(weight.dataType, elements) ?? 0;
    return stored - elements * bytesPerWeight > DECODING_BYTES;
  });
}

const NAMES = { conv: "convolution", "conv-transpose": "transposed convolution", dense: "dense" } as const;

/** The whole model, where there are layers for it, and each layer. */
export function findingsAt(graph: NeutralGraph, whole: readonly WeightedLayer[]): readonly Finding<object>[] {
  const layers = weightedLayers(graph);
  const singles = layers.map((layer) => {
    const readers = readersOf(graph, layer);
    const shared = readers.length > 1 ? `, shared by ${readers.length} layers` : "";
    const what = NAMES[layer.form.kind];
    return {
      target: layer.name,
      layers: readers.map(({ id }) => id),
      why: `${what}, ${layer.form.weight.shape.join("×")} weights${shared}`,
    };
  });
  const refusals = [
    ...opaqueRefusals(graph, "conv"),
    ...opaqueRefusals(graph, "dense"),
    ...graph.layers.flatMap((layer) => {
      const reason = whyNotStored(layer);
      return reason === undefined ? [] : [{ target: layer.name, reason }];
    }),
  ];
  if (whole.length < 2) return [...singles, ...refusals];
  const share = whole.length === layers.length ? `${whole.length}` : `${whole.length} of ${layers.length}`;
  const why = `the weights of ${share} convolutions and dense layers`;
  const changed = whole.flatMap((layer) => readersOf(graph, layer));
  return [{ target: "", layers: changed.map(({ id }) => id), why }, ...singles, ...refusals];
}

/** The same of weights that ONNX files decode with operators, which TFLite's runtimes would run at every inference. */
export function decodedFindingsAt(
  graph: NeutralGraph,
  whole: readonly WeightedLayer[],
  what: string,
): readonly Finding<object>[] {
  if (graph.layout === "channels-first") return findingsAt(graph, whole);
  const reason = `TFLite has no operators that decode ${what} when it loads`;
  return weightedLayers(graph).map(({ name }) => ({ target: name, reason }));
}

/** The layers that an edit is to change, or why there are none. */
export function layersAt(
  graph: NeutralGraph,
  target: string,
  whole: readonly WeightedLayer[],
): readonly WeightedLayer[] | string {
  if (target === "") return whole.length > 0 ? whole : "no layer has weights that would take less";
  const layer = graph.layer(target);
  if (layer === undefined) return "there is no such layer";
  const first = readersOf(graph, layer)[0] ?? layer;
  const found = weightedLayers(graph).filter(({ id }) => id === first.id);
  return found.length > 0
    ? found
    : (whyNotStored(layer) ?? whyOpaque(layer, `${layer.op} is neither a convolution nor a dense layer`));
}

/** Weights of a row. */
export function columnsOf(form: LinearForm): number {
  const [rows = 1] = rowShape(form);
  return (elementsOf(form.weight.shape) ?? 0) / rows;
}

/** The largest block of no more than `most` columns that a row is made of; undefined where a row is no larger. */
export function blockSizeFor(form: LinearForm, most: number): number | undefined {
  const columns = columnsOf(form);
  if (most <= 0 || columns <= most) return undefined;
  for (let size = most; size > most / 2; size -= 1) if (columns % size === 0) return size;
  return undefined;
}
