import { EdgewiseError, type HardwareProfile } from "../../profiler/index.ts";
import type { CalibrationSpec, Model } from "../../profiler/restructure/index.ts";
import type { FitBudget } from "../../webview/protocol-editing.ts";
import type { FitUpdate } from "./protocol.ts";

export interface FitContext {
  readonly bindings: Readonly<Record<string, number>>;
  readonly hardware: HardwareProfile;
  readonly signal: AbortSignal;
  readonly onUpdate: (update: FitUpdate) => void;
}

class NoSearchError extends EdgewiseError {
  readonly code = "run";
}

export function fitEdits(
  _model: Model,
  _budget: FitBudget,
  _calibration: CalibrationSpec,
  _context: FitContext,
): Promise<void> {
  return Promise.reject(new NoSearchError("The search is on its way."));
}
