import type { Profile, Structure } from "../../profiler/profile.ts";
import type { PackedLayers } from "./packed-layers.ts";

/** A profile without its rows and its structure. */
export type ProfileHeader = Omit<Profile, "layers" | "structure"> & { readonly rowCount: number };

/**
 * A profile cut for travelling: the first chunk is what a screen or two can show, so that the first paint waits for little; the others
 * are large enough that asking costs nothing beside them.
 */
export interface PackedProfile {
  readonly header: ProfileHeader;
  readonly chunks: readonly PackedLayers[];
  /** Asked for by the first picture that needs it. */
  readonly structure: Structure;
}

export const FIRST_CHUNK_ROWS = 200;
export const CHUNK_ROWS = 1000;
