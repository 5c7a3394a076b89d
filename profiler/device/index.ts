/** Running models on devices: what the extension's threads, the command line and other programs may use. */
export { AdbServer } from "./adb/adb-server.ts";
export { AndroidTarget } from "./adb/android-target.ts";
export { isReady, listedName, whyNotReady, type ListedDevice as AdbListedDevice } from "./adb/listed-device.ts";
export { DeviceError } from "./device-error.ts";
export { HostTarget } from "./host/host-target.ts";
export {
  describeError,
  learnedFrom,
  learnLatency,
  observe,
  type LearnedLatency,
  type LearningError,
  type ModelObservation,
} from "./learned-latency.ts";
export { hashOfModel } from "./model-files.ts";
export { OBSERVATION } from "./observation.ts";
export { PROFILED_LEVELS, type ProfiledLevel } from "./profiled-level.ts";
export * from "./run-result.ts";
export { sweepThreads, type SweptRun, type ThreadSweep } from "./sweep-threads.ts";
export * from "./target.ts";
