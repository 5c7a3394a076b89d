import type { RememberedParts } from "./document-part.ts";
import type { RememberedBindings } from "./remembered-bindings.ts";
import type { RememberedCalibration } from "./remembered-calibration.ts";
import type { PagePreferences } from "./page-preferences.ts";
import type { DeviceWatch } from "../running/device-watch.ts";
import type { KeptRuns } from "../running/kept-runs.ts";
import type { KeptSearches } from "../running/kept-searches.ts";

/** What documents share: folders, what is remembered, and the devices. */
export interface DocumentContext {
  /** The worker's bundle. */
  readonly workerScript: string;
  /** A folder for copies of files that are being edited. */
  readonly copies: string;
  /** A folder for what edits learn. */
  readonly learned: string;
  readonly remembered: RememberedBindings;
  readonly parts: RememberedParts;
  readonly calibrations: RememberedCalibration;
  readonly preferences: PagePreferences;
  readonly devices: DeviceWatch;
  readonly keptRuns: KeptRuns;
  readonly keptSearches: KeptSearches;
}
