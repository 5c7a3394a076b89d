import type { LayerProfile } from "../profile.ts";

/**
 * Rows that lead nobody through the network, which tables fold and pictures leave out: sizes, constants, what runs inside another row,
 * and what is computed from sizes and constants alone.
 */
export function isFolded({ role, isFixed }: Pick<LayerProfile, "role" | "isFixed">): boolean {
  return role !== "compute" || isFixed === true;
}
