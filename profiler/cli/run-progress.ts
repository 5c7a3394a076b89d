import type { RunPhase, TargetProgress } from "../device/target.ts";
import { formatBytes } from "../format-numbers.ts";

const PHASES: Readonly<Record<RunPhase, string>> = {
  queued: "waiting for another run on the device",
  preparing: "preparing the model and its inputs",
  "pushing-runtime": "pushing the runtime",
  "pushing-model": "pushing the model",
  latency: "measuring the latency",
  layers: "measuring each layer",
  energy: "measuring the energy",
  comparing: "comparing the outputs",
  "cleaning-up": "cleaning up",
};

const PUSHES: ReadonlySet<RunPhase> = new Set(["pushing-runtime", "pushing-model"]);

/** "pushing the model: 12.3 MB of 54.0 MB" */
export function runProgress({ phase, done, total }: TargetProgress): string {
  const amount = PUSHES.has(phase) ? formatBytes : String;
  const whole = total === undefined ? "" : ` of ${amount(total)}`;
  return done === undefined ? PHASES[phase] : `${PHASES[phase]}: ${amount(done)}${whole}`;
}
