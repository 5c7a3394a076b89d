import { bytesOf } from "../../../model/data-type.ts";
import type { TensorId } from "../../../model/model.ts";
import { elementsOf } from "../../../model/shape.ts";
import type { LinearForm } from "../../../neutral/forms.ts";
import type { Weights } from "../../../neutral/weights.ts";
import { rowShape } from "../../../neutral/weight-rows.ts";
import { isKind, type NeutralGraph, type NeutralLayer } from "../../../neutral/neutral-graph.ts";
import type { WeightedLayer } from "../../approximation/follow-samples.ts";
import { opaqueRefusals, whyNoneIsWeighted, whyOpaque } from "../../matching/opaque-refusals.ts";
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
 * Layers that an edit of the whole model changes: those whose weights take less afterwards, with what decodes them. Weights that something
 * else goes on reading as they are would be stored twice; those that layers read in several ways are stored once for each.
 * @param bytesPerWeight about what a weight takes afterwards
 * @param besides what the weights of a layer take beside it: scales, a table
 */
export function worthwhile(
  graph: NeutralGraph,
  bytesPerWeight: number,
  besides: (form: LinearForm) => number = () => 0,
): readonly WeightedLayer[] {
  const readElsewhere = weightsReadElsewhere(graph);
  const layers = weightedLayers(graph);
  const alike = new Map<Weights, WeightedLayer[]>();
  for (const layer of layers) {
    const source = sourceOf(layer.form.weight);
    alike.set(source, [...(alike.get(source) ?? []), layer]);
  }
  const isSmaller = (source: Weights, readers: readonly WeightedLayer[]): boolean => {
    const after = readers.map(
      ({ form }) => (elementsOf(form.weight.shape) ?? 0) * bytesPerWeight + besides(form) + DECODING_BYTES,
    );
    return storedBytesOf(source) > after.reduce((sum, bytes) => sum + bytes, 0);
  };
  const smaller = new Set(
    [...alike].flatMap(([source, readers]) =>
      !readElsewhere.has(source) && isSmaller(source, readers) ? readers.map(({ id }) => id) : [],
    ),
  );
  return layers.filter(({ id }) => smaller.has(id));
}

function storedBytesOf({ storedBytes, dataType, shape }: Weights): number {
  return storedBytes ?? bytesOf(dataType, elementsOf(shape) ?? 0) ?? 0;
}

/** Whether it was pruned in this file: then only what stays is stored again, and how much that takes its places tell. */
export function isStoredSparse({ form }: WeightedLayer): boolean {
  return sourceOf(form.weight).isStoredSparse ?? false;
}

function sourceOf(weight: Weights): Weights {
  return weight.origin?.weights ?? weight;
}

const READ_ELSEWHERE = new WeakMap<NeutralGraph, ReadonlySet<Weights>>();

/** Weights that more than convolutions and dense layers read: bodies, other operators, whoever runs the model. Every prediction asks for them. */
function weightsReadElsewhere(graph: NeutralGraph): ReadonlySet<Weights> {
  const found = READ_ELSEWHERE.get(graph) ?? findReadElsewhere(graph);
  READ_ELSEWHERE.set(graph, found);
  return found;
}

function findReadElsewhere(graph: NeutralGraph): ReadonlySet<Weights> {
  const others = new Map<TensorId, NeutralLayer[]>();
  const unchanged: Weights[] = [];
  for (const layer of graph.layers) {
    if (isWeighted(layer)) {
      if (whyNotStored(layer) !== undefined) unchanged.push(sourceOf(layer.form.weight));
      continue;
    }
    for (const id of layer.node.inputs) others.set(id, [...(others.get(id) ?? []), layer]);
  }
  const isRead = (id: TensorId): boolean => {
    const { isOutput, isCaptured } = graph.tensor(id);
    // What transposes or widens constants does it for those that read what comes of it.
    const readers = others.get(id) ?? [];
    return (
      isOutput || isCaptured || readers.some(({ form, outputs }) => form.kind !== "constant" || outputs.some(isRead))
    );
  };
  const read = graph.tensors.flatMap(({ id, constant }) => (constant && isRead(id) ? [sourceOf(constant)] : []));
  return new Set([...unchanged, ...read]);
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

/** Why there is nothing to change in a whole model. */
export function whyNone(graph: NeutralGraph): string {
  if (weightedLayers(graph).length > 0) return "no layer has weights that would take less";
  return whyNoneIsWeighted(graph) ?? "it has neither a convolution nor a dense layer";
}

/** The layers that an edit is to change, or why there are none. */
export function layersAt(
  graph: NeutralGraph,
  target: string,
  whole: readonly WeightedLayer[],
): readonly WeightedLayer[] | string {
  if (target === "") return whole.length > 0 ? whole : whyNone(graph);
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

/** Bytes of scales: one for each output or, where weights share them in blocks, for each block with its zero point. */
export function scaleBytes(form: LinearForm, block = 0): number {
  const [rows = 1] = rowShape(form);
  const size = blockSizeFor(form, block);
  return size === undefined ? 4 * rows : (5 * rows * columnsOf(form)) / size;
}

/** Bytes of a table of values; TFLite files, whose channels come last, keep none. */
export function tableBytes({ layout }: NeutralGraph, bits: number): number {
  return layout === "channels-first" ? 4 * 2 ** bits : 0;
}
