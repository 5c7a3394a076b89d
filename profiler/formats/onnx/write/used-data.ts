import type { ByteSource } from "../../../bytes/byte-source.ts";
import { isEdited } from "../../../model/edited.ts";
import type { Graph, Model } from "../../../model/model.ts";

/**
 * Share of a data file that an edited model must still read for the file to be kept as it is. Else what is still read is written anew;
 * above it a large file is not copied for the sake of a little.
 */
const LEAST_USED = 0.9;

/**
 * An edited model without the data files, and the parts of them, that it reads no more: weights that an edit replaced would else go on
 * taking their room. Of a file of which much is read no more, what is still read is marked to be written elsewhere (`Tensor.isMoved`).
 */
export function withUsedData(model: Model): Model {
  const { dataFiles, fixedData, entries } = model;
  if (dataFiles === undefined || !isEdited(model)) return model;
  const [main, ...others] = entries;
  const used = usedBytes(main.graph);
  const isKept = (source: ByteSource): boolean =>
    fixedData?.has(source) === true || (used.get(source) ?? 0) >= LEAST_USED * source.size;
  const kept = new Map([...dataFiles].filter(([, source]) => isKept(source)));
  if (kept.size === dataFiles.size) return model;
  const left = new Set([...dataFiles.values()].filter((source) => !isKept(source)));
  const tensors = main.graph.tensors.map((tensor) => {
    const { storage } = tensor.constant ?? {};
    return storage?.kind === "range" && left.has(storage.source) ? { ...tensor, isMoved: true as const } : tensor;
  });
  return { ...model, dataFiles: kept, entries: [{ ...main, graph: { ...main.graph, tensors } }, ...others] };
}

/** Bytes of each file that tensors are in; what several of them share counts once. */
function usedBytes({ tensors }: Graph): ReadonlyMap<ByteSource, number> {
  const ranges = new Map<ByteSource, Map<number, number>>();
  for (const { constant } of tensors) {
    if (constant?.storage.kind !== "range") continue;
    const { source, offset, length } = constant.storage;
    const ends = ranges.get(source) ?? new Map<number, number>();
    ranges.set(source, ends);
    ends.set(offset, Math.max(ends.get(offset) ?? 0, offset + length));
  }
  return new Map(
    [...ranges].map(([source, ends]) => {
      let [bytes, before] = [0, 0];
      for (const [offset, end] of [...ends].sort(([a], [b]) => a - b)) {
        bytes += Math.max(0, end - Math.max(offset, before));
        before = Math.max(before, end);
      }
      return [source, bytes];
    }),
  );
}
