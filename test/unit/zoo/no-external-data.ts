import { ExternalDataError } from "../../../profiler/errors.ts";
import type { ExternalDataFiles } from "../../../profiler/bytes/byte-source.ts";

/** For models that have all their weights in them. */
export const noExternalData: ExternalDataFiles = {
  open: (path) => Promise.reject(new ExternalDataError(`${path}: this model has no other files`)),
};
