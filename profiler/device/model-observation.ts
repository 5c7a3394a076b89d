import * as v from "valibot";
import { fields, notNegative } from "../outside-data.ts";

/** What a kept observation must hold (see `ModelObservation`): it comes from files that people may edit. */
export const MODEL_OBSERVATION = fields({
  file: v.string(),
  sha256: v.string(),
  seconds: notNegative,
  groups: v.array(fields({ roofs: v.record(v.string(), notNegative), operators: notNegative, seconds: notNegative })),
});
