import type { Column } from "../columns.ts";
import type { LayerProfile } from "../profile.ts";
import type { DownloadReport } from "./download-report.ts";

/** The rows with what they add to a download. */
export function withDownloads(
  layers: readonly LayerProfile[],
  { layers: bytes }: DownloadReport,
): readonly LayerProfile[] {
  return layers.map((layer) => ({ ...layer, downloadBytes: bytes[layer.index] ?? null }));
}

/** Computed on demand only: without a report it is unknown of every row. */
export const DOWNLOAD_COLUMN: Column = {
  id: "download",
  title: "Download",
  unit: "bytes",
  definition:
    "Bytes of the layer's weights by deflate at its best level, as an APK or app bundle holds them, each layer by itself: what they add to a download. The weights are read for it, so it is computed on demand. 1 KB is 1,000 bytes.",
  align: "right",
  value: ({ downloadBytes }) => downloadBytes ?? null,
  shownIn: [],
};
