/** The engine's public face: what the extension, the CLI and other programs may use. */
export { FileSource } from "./bytes/file-source.ts";
export { MemorySource } from "./bytes/memory-source.ts";
export { ExternalDataFolder } from "./bytes/external-data-folder.ts";
export type { ByteSource, ExternalDataFiles } from "./bytes/byte-source.ts";
export * from "./errors.ts";
export { profileModel, type ProfileOptions } from "./profile-model.ts";
export { analyseModel, type AnalysedModel } from "./profile-model.ts";
export { readModel } from "./formats/formats.ts";
export { describeLayer, storedInput } from "./views/describe-layer.ts";
export type * from "./views/layer-details.ts";
export { listModel } from "./listing/list-model.ts";
export type * from "./listing/listing.ts";
export { weightStatistics, type WeightStatistics } from "./views/weight-statistics.ts";
export type * from "./profile.ts";
export { DEFAULT_HARDWARE, HARDWARE_PROFILES, findHardware, type HardwareProfile } from "./hardware/hardware.ts";
export { parseHardwareProfile } from "./hardware/hardware-profile.ts";
export { exportProfile } from "./exports/exports.ts";
export type { ExportFormat } from "./exports/export-formats.ts";
