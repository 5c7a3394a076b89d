import * as v from "valibot";
import { fields, notNegative } from "../outside-data.ts";

/** A kept observation (see `ModelObservation`): it comes from files that people may edit. */
export const OBSERVATION = fields({
  file: v.string(),
  sha256: v.string(),
  seconds: notNegative,
  groups: v.array(
    fields({
      parts: v.record(v.string(), notNegative),
      roofline: notNegative,
      operators: notNegative,
      seconds: notNegative,
    }),
  ),
});
