import { OptionError } from "../errors.ts";
import type { Restructuring } from "./restructuring.ts";

/** All restructurings, exact ones first. Suggestions, the command line and documentation are made from this list. */
export const RESTRUCTURINGS: readonly Restructuring[] = [];

/** @throws {OptionError} for an id that is not in the list */
export function restructuringOf(id: string): Restructuring {
  const found = RESTRUCTURINGS.find((restructuring) => restructuring.id === id);
  if (found) return found;
  throw new OptionError(`restructuring "${id}" is not known`, {
    hint: `There are ${RESTRUCTURINGS.map((restructuring) => restructuring.id).join(", ")}.`,
  });
}
