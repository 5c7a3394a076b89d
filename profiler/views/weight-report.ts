import { deepCompressionOf, type DeepCompression } from "../compression/deep-compression.ts";
import { xnorEstimate, type XnorEstimate } from "../compression/xnor.ts";
import { deflatedLength, type DownloadOptions } from "../formats/download.ts";
import { ModelFormatError } from "../errors.ts";
import { macsOf } from "../layers/cost-rules.ts";
import { elementsOf } from "../model/shape.ts";
import { payloadsOf } from "../neutral/edited-model.ts";
import { isKind, type NeutralLayer } from "../neutral/neutral-graph.ts";
import type { AnalysedModel } from "../profile-model.ts";
import type { Weights } from "../neutral/weights.ts";
import { trainableGraphOf } from "../translation/known-graph.ts";
import { liftModel } from "../translation/lift-model.ts";
import { isOutOfReach, ownConstants } from "./own-constants.ts";

/** What the weights of a layer take, as its numbers tell: they are read for it. */
export interface WeightReport {
  readonly layer: string;
  readonly elements: number | null;
  /** In the file. */
  readonly storedBytes: number;
  /** By deflate, each layer for itself; null where its numbers are out of reach. */
  readonly downloadBytes: number | null;
  /** An estimate of Deep Compression; null where the weights are no few values, or cannot be read as numbers. */
  readonly deepCompression: DeepCompression | null;
  /** An estimate of binary weights and activations; null for what is neither a convolution nor dense, or has an unknown size. */
  readonly xnor: XnorEstimate | null;
  /** Why its numbers cannot be read, where the file holds them wrongly or not at all. */
  readonly unreadable?: string;
}

const OUT_OF_REACH =
  "its weights are no numbers in the model's file: they are texts, or in another file that is not read";

interface ReportOptions extends DownloadOptions {
  /** Shown the numbers of each convolution and dense layer, which are read once for it and the report. */
  readonly look?: (layer: NeutralLayer, elements: Float32Array) => void;
}

/**
 * Layers with weights in the order of the table; what several share is told of the first. Numbers that cannot be read cost their layer
 * alone. Aborting ends it between two layers.
 */
export async function weightReports(
  analysed: AnalysedModel,
  { signal, onProgress, look }: ReportOptions = {},
): Promise<readonly WeightReport[]> {
  const { model } = analysed;
  const plain = new Map(liftModel(model).layers.map((layer) => [layer.node, layer]));
  // What the file decodes itself is no plain weight to what is noticed, but has numbers as well.
  const decoded = new Map(trainableGraphOf(model).layers.map((layer) => [layer.node, layer]));
  const reports: WeightReport[] = [];
  for (const { layer, index, origins, own } of ownConstants(analysed)) {
    signal?.throwIfAborted();
    onProgress?.(index / analysed.listing.layers.length);
    const neutral = plain.get(layer.node);
    const plainWeight = weightOf(neutral);
    const weight = plainWeight ?? weightOf(decoded.get(layer.node));
    if (own.length === 0) {
      if (look && neutral && plainWeight) look(neutral, await plainWeight.read());
      continue;
    }
    const segments = own.some(isOutOfReach) ? null : (await Promise.all(own.map(payloadsOf))).flat();
    const show = (elements: Float32Array): void => {
      if (look && neutral && plainWeight) look(neutral, elements);
    };
    reports.push({
      layer: layer.name,
      elements: origins.reduce<number | null>(
        (sum, { elements }) => (sum === null || elements === undefined ? null : sum + elements),
        0,
      ),
      storedBytes: own.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
      downloadBytes: segments && (await deflatedLength(segments, signal ? { signal } : {})),
      ...(segments ? await deepCompressed(weight, show) : { deepCompression: null, unreadable: OUT_OF_REACH }),
      xnor: weight ? xnorOf(weight.shape, macsOf(layer.operation).total) : null,
    });
  }
  return reports;
}

function weightOf(layer: NeutralLayer | undefined): Weights | undefined {
  return layer && (isKind(layer, "conv") || isKind(layer, "dense")) ? layer.form.weight : undefined;
}

async function deepCompressed(
  weight: Weights | undefined,
  show: (elements: Float32Array) => void,
): Promise<Pick<WeightReport, "deepCompression" | "unreadable">> {
  if (!weight) return { deepCompression: null };
  try {
    const elements = await weight.read();
    show(elements);
    return { deepCompression: deepCompressionOf(elements, scalesOf(weight)) };
  } catch (error) {
    // A sparse tensor whose lists lead outside, say. A file that changed meanwhile is nothing that one layer is to blame for.
    if (!(error instanceof ModelFormatError)) throw error;
    return { deepCompression: null, unreadable: error.message };
  }
}

/** One for each output, or for each block. */
function scalesOf({ coding, shape }: Weights): number | undefined {
  const blockSize = coding?.kind === "affine" ? coding.blockSize : undefined;
  return blockSize === undefined ? shape[0] : (elementsOf(shape) ?? 0) / blockSize;
}

function xnorOf(shape: readonly number[], macs: number | null): XnorEstimate | null {
  const [outputs = 0] = shape;
  if (macs === null || outputs === 0) return null;
  return xnorEstimate({ macs, columns: (elementsOf(shape) ?? 0) / outputs, outputs });
}
