import type { ByteSource } from "../../../bytes/byte-source.ts";
import { isEdited } from "../../../model/edited.ts";
import { isConstant, type Graph, type Model, type Storage } from "../../../model/model.ts";

/** A data file of which edits leave a smaller share is not kept for what is left, which is written anew: a large one is shared as long as little of it is unread. */
const LEAST_LIVE = 0.9;

/**
 * An edited model without the data files, and the parts of them, that it reads no more: weights that an edit replaced would else go on
 * taking their room. Of a file of which much is read no more, what is still read is marked to be written elsewhere (`Tensor.isMoved`).
 */
export function withLiveData(model: Model): Model {
  const { dataFiles, functionData, entries } = model;
  if (dataFiles === undefined || !isEdited(model)) return model;
  const [main, ...others] = entries;
  const movable = new Map<ByteSource, number>();
  const fixed = new Set(functionData);
  for (const { constant } of main.graph.tensors)
    if (constant?.storage.kind === "range")
      movable.set(constant.storage.source, (movable.get(constant.storage.source) ?? 0) + constant.storage.length);
    else if (constant) addSources(constant.storage, fixed);
  addAttributes(main.graph, fixed);
  for (const { graph } of others) addAll(graph, fixed);
  const isKept = (source: ByteSource): boolean =>
    fixed.has(source) || (movable.get(source) ?? 0) >= LEAST_LIVE * source.size;
  const kept = new Map([...dataFiles].filter(([, source]) => isKept(source)));
  if (kept.size === dataFiles.size) return model;
  const left = new Set([...dataFiles.values()].filter((source) => !isKept(source)));
  const tensors = main.graph.tensors.map((tensor) => {
    const { storage } = tensor.constant ?? {};
    return storage?.kind === "range" && left.has(storage.source) ? { ...tensor, isMoved: true as const } : tensor;
  });
  return { ...model, dataFiles: kept, entries: [{ ...main, graph: { ...main.graph, tensors } }, ...others] };
}

/** Of constants that stand elsewhere than among the main graph's initializers. */
function addAll(graph: Graph, sources: Set<ByteSource>): void {
  for (const { constant } of graph.tensors) if (constant) addSources(constant.storage, sources);
  addAttributes(graph, sources);
}

function addAttributes({ nodes }: Graph, sources: Set<ByteSource>): void {
  for (const { attributes, bodies } of nodes) {
    for (const attribute of attributes.values()) if (isConstant(attribute)) addSources(attribute.storage, sources);
    for (const { graph } of bodies) addAll(graph, sources);
  }
}

function addSources(storage: Storage, sources: Set<ByteSource>): void {
  if (storage.kind === "range") sources.add(storage.source);
  if (storage.kind === "sparse") for (const part of storage.parts) addSources(part, sources);
}
