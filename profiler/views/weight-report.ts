import { deepCompressionOf, type DeepCompression } from "../compression/deep-compression.ts";
import { weightsOf } from "../cost/parameters.ts";
import { deflatedLength, type DownloadOptions } from "../formats/download.ts";
import type { Constant } from "../model/model.ts";
import { payloadOf } from "../neutral/edited-model.ts";
import { isKind } from "../neutral/neutral-graph.ts";
import { partsOf } from "../operators/folded-constant.ts";
import type { AnalysedModel } from "../profile-model.ts";
import { liftModel } from "../translation/lift-model.ts";

/** What the weights of a layer take, as its numbers tell: they are read for it. */
export interface WeightReport {
  readonly layer: string;
  readonly elements: number | null;
  /** In the file. */
  readonly storedBytes: number;
  /** By deflate, each layer for itself. */
  readonly downloadBytes: number;
  /** An estimate of Deep Compression; null where the weights are no few values, or cannot be read as numbers. */
  readonly deepCompression: DeepCompression | null;
}

/** Layers with weights in the order of the table; what several share is told of the first. Aborting ends it between two layers. */
export async function weightReports(
  { model, listing }: AnalysedModel,
  { signal, onProgress }: DownloadOptions = {},
): Promise<readonly WeightReport[]> {
  const constants = new Map<string, Constant>();
  for (const { name, constant } of model.entries[0].graph.tensors) if (constant) constants.set(name, constant);
  const lifted = new Map(liftModel(model).layers.map((layer) => [layer.node, layer]));
  const told = new Set<string>();
  const reports: WeightReport[] = [];
  for (const [index, layer] of listing.layers.entries()) {
    signal?.throwIfAborted();
    onProgress?.(index / listing.layers.length);
    const origins = weightsOf(layer);
    const names = new Set(origins.flatMap((origin) => partsOf(origin).map(({ name }) => name)));
    const own = [...names].flatMap((name) => (told.has(name) ? [] : (constants.get(name) ?? [])));
    for (const name of names) told.add(name);
    if (own.length === 0) continue;
    const segments = await Promise.all(own.map(payloadOf));
    const neutral = lifted.get(layer.node);
    const isRead = neutral !== undefined && (isKind(neutral, "conv") || isKind(neutral, "dense"));
    reports.push({
      layer: layer.name,
      elements: origins.reduce<number | null>(
        (sum, { elements }) => (sum === null || elements === undefined ? null : sum + elements),
        0,
      ),
      storedBytes: own.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
      downloadBytes: await deflatedLength(segments, signal ? { signal } : {}),
      deepCompression: isRead
        ? deepCompressionOf(await neutral.form.weight.read(), neutral.form.weight.shape[0])
        : null,
    });
  }
  return reports;
}
