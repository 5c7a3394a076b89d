import type * as Ort from "onnxruntime-node";

let loading: Promise<typeof Ort> | undefined;

/**
 * ONNX Runtime, loaded when it is first needed: its library takes time and memory that no table needs. Its telemetry is off.
 * @throws {Error} where there is no build of it for this machine
 */
export function loadOnnxRuntime(): Promise<typeof Ort> {
  // Read when the library loads.
  process.env.ORT_DISABLE_TELEMETRY = "1";
  loading ??= import("onnxruntime-node");
  return loading;
}

/** Of a session's configuration: threads that spin while they wait take the processor from everything else on the machine, the editor first of all. */
export const QUIET_THREADS = { intra_op: { allow_spinning: "0" } } as const;

/** Failures come as exceptions; the log on standard error would only repeat them. */
export const LOG_FATAL = 4;

/** Of sessions that compute what the engine itself asks for. */
export const OWN_GRAPHS = { logSeverityLevel: LOG_FATAL, extra: { session: QUIET_THREADS } } as const;
