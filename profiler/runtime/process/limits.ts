import { totalmem } from "node:os";

/** What a model may take on this machine before its run is ended. */
export interface RuntimeLimits {
  /** For loading it, and for each run. */
  readonly seconds: number;
  /** Of the process that it runs in, the runtime's own and other open models among them. */
  readonly memoryBytes: number;
}

/** A batch of a large network takes a minute; ten are no answer that anybody waits for. */
const DEFAULT_SECONDS = 600;

/** Less than makes a machine swap. */
const MEMORY_PART = 0.75;

export const DEFAULT_RUNTIME_LIMITS: RuntimeLimits = {
  seconds: DEFAULT_SECONDS,
  memoryBytes: MEMORY_PART * machineBytes(),
};

/** Of a container what it may take, where it says so. */
function machineBytes(): number {
  const allowed = process.constrainedMemory();
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
}

let inForce = DEFAULT_RUNTIME_LIMITS;

/** Sets limits for all models of this process, those that are open too where time is concerned. */
export function limitRuntimes(limits: Partial<RuntimeLimits>): void {
  inForce = { ...inForce, ...limits };
}

export function runtimeLimits(): RuntimeLimits {
  return inForce;
}
