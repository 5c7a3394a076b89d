/**
 * What shows a profile, without the engine that makes one: definitions, formats, views, hardware. The extension's host imports this, so
 * that its start loads no reader and no schema.
 */
export { formatDecibels } from "./numeric/decibels.ts";
export { COLUMNS, formatCell, formatCellExact, formatTotal, TOTALS, type Column, type Total } from "./columns.ts";
export { EXPORT_FORMATS, type ExportFormat } from "./exports/export-formats.ts";
export { ListingIndex } from "./listing/listing-index.ts";
export { countFormulas, energyParts, latencyFormula } from "./views/formulas.ts";
export { isOfVersion, type ShownVersion } from "./views/measured-times.ts";
export { layersTsv } from "./exports/tsv.ts";
export { parseHardwareProfile } from "./hardware/hardware-profile.ts";
export { DEFAULT_HARDWARE, HARDWARE_PROFILES, type HardwareProfile } from "./hardware/hardware.ts";
export { isFolded } from "./views/folded-rows.ts";
export {
  layersIn,
  moduleTree,
  type LayerNode,
  type ModuleNode,
  type Sums,
  type TreeNode,
} from "./views/module-tree.ts";
