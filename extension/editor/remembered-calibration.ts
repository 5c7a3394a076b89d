import * as v from "valibot";
import type { CalibrationSpec } from "../../profiler/editing/index.ts";
import { Remembered, type Memory } from "./remembered.ts";

/** Calibration data that the user chose for models of this workspace. */
export class RememberedCalibration {
  readonly #values: Remembered<CalibrationSpec>;

  constructor(memory: Memory) {
    this.#values = new Remembered(memory, "edgewise.calibration", isSpec);
  }

  /** undefined: none was chosen. */
  of(model: string): CalibrationSpec | undefined {
    return this.#values.find(model);
  }

  remember(model: string, calibration: CalibrationSpec | undefined): Promise<void> {
    return this.#values.keep(model, calibration);
  }
}

/** What a file holds is checked when it is read. */
function isSpec(value: unknown): value is CalibrationSpec {
  return v.is(v.looseObject({}), value);
}
