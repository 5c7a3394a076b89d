import { ExternalDataError } from "../errors.ts";
import type { Model } from "./model.ts";

/**
 * What runs a model, or computes with its weights, asks for all of them first.
 * @throws {ExternalDataError} when a data file of the model is missing or too short
 */
export function requireData({ missingData }: Pick<Model, "missingData">): void {
  const [first] = missingData ?? [];
  if (first !== undefined) throw new ExternalDataError(first.message, { hint: first.hint });
}
