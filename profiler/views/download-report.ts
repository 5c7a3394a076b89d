import { deflatedLength, downloadBytesOf, type DownloadOptions } from "../formats/download.ts";
import { payloadsOf } from "../neutral/edited-model.ts";
import type { AnalysedModel } from "../profile-model.ts";
import { isOutOfReach, ownConstants } from "./own-constants.ts";

/** What a phone downloads of a model, in bytes of deflate: the weights are read for it. */
export interface DownloadReport {
  /** Of all files of the model, as an APK or app bundle holds them. */
  readonly fileBytes: number;
  /** Of the weights of each row by themselves; 0 for rows without, null where they are not known. */
  readonly layers: readonly (number | null)[];
}

/**
 * Compresses a model as a whole, and then the weights of one layer after the other. What several share is told of the first.
 * @throws {LoweringError} for a prediction, whose weights have no numbers
 * @throws the signal's reason
 */
export async function downloadReport(
  analysed: AnalysedModel,
  { signal, onProgress }: DownloadOptions = {},
): Promise<DownloadReport> {
  const aborting = signal ? { signal } : {};
  const fileBytes = await downloadBytesOf(analysed.model, {
    ...aborting,
    onProgress: (done) => onProgress?.(done / 2),
  });
  const layers: (number | null)[] = analysed.listing.layers.map(() => 0);
  const weighted = ownConstants(analysed);
  const whole = weighted.reduce((sum, { own }) => sum + storedBytes(own), 0);
  let read = 0;
  for (const { index, own, isUnknown } of weighted) {
    signal?.throwIfAborted();
    if (isUnknown || own.some(isOutOfReach)) layers[index] = null;
    else if (own.length > 0)
      layers[index] = await deflatedLength((await Promise.all(own.map(payloadsOf))).flat(), aborting);
    read += storedBytes(own);
    onProgress?.((1 + read / Math.max(1, whole)) / 2);
  }
  return { fileBytes, layers };
}

function storedBytes(constants: readonly { readonly storedBytes: number }[]): number {
  return constants.reduce((sum, constant) => sum + constant.storedBytes, 0);
}
