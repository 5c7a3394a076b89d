import type { Profile } from "../../profiler/index.ts";
import { packLayers, unpackLayers } from "../../webview/protocol/packed-layers.ts";
import { CHUNK_ROWS, FIRST_CHUNK_ROWS, type PackedProfile } from "../../webview/protocol/packed-profile.ts";

/** Cuts a profile into a header and chunks of packed rows; there is always a first chunk, empty for a model without rows. */
export function packProfile({ layers, structure, ...header }: Profile): PackedProfile {
  const chunks = [packLayers(layers.slice(0, FIRST_CHUNK_ROWS))];
  for (let from = FIRST_CHUNK_ROWS; from < layers.length; from += CHUNK_ROWS) {
    chunks.push(packLayers(layers.slice(from, from + CHUNK_ROWS), from));
  }
  return { header: { ...header, rowCount: layers.length }, chunks, structure };
}

/** The whole profile that was packed. */
export function unpackProfile({ header, chunks, structure }: PackedProfile): Profile {
  const { rowCount: _rowCount, ...rest } = header;
  return { ...rest, layers: chunks.flatMap(unpackLayers), structure };
}
