import type { CalibrationSpec } from "../../profiler/editing/index.ts";
import { REMEMBERED_MODELS, type Memory } from "./remembered-bindings.ts";

const KEY = "edgewise.calibration";

type Entry = readonly [model: string, calibration: CalibrationSpec];

/** Calibration data that the user chose for models of this workspace, the model last changed at the end. */
export class RememberedCalibration {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** undefined: none was chosen. */
  of(model: string): CalibrationSpec | undefined {
    return new Map(this.#entries()).get(model);
  }

  async remember(model: string, calibration: CalibrationSpec | undefined): Promise<void> {
    const others = this.#entries().filter(([known]) => known !== model);
    const entries = calibration === undefined ? others : [...others, [model, calibration] as const];
    await this.#memory.update(KEY, entries.slice(-REMEMBERED_MODELS));
  }

  /** What another version left there is dropped rather than trusted; what a file holds is checked when it is read. */
  #entries(): readonly Entry[] {
    const stored = this.#memory.get(KEY);
    return Array.isArray(stored) ? stored.filter(isEntry) : [];
  }
}

function isEntry(value: unknown): value is Entry {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== "string") return false;
  const calibration: unknown = value[1];
  return typeof calibration === "object" && calibration !== null;
}
