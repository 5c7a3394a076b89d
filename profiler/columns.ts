import { totalEnergy } from "./cost/energy.ts";
import {
  formatBytes,
  formatCount,
  formatEnergy,
  formatExact,
  formatRatio,
  formatShape,
  formatShare,
  formatTime,
  formatTimeExact,
  UNKNOWN_TEXT,
} from "./format-numbers.ts";
import type { LayerProfile, Profile, Totals } from "./profile.ts";

/**
 * Every number that Edgewise shows, defined once. The lists drive the header, tooltips, sorting, totals and exports. No DOM, no Node:
 * the page imports this file as it is.
 */

export type Unit = "elements" | "MACs" | "operations" | "bytes" | "pJ" | "s" | "share" | "ratio" | "rows" | "text";

/** null is unknown. */
export type Cell = number | string | null;

export interface Column {
  /** Stable, for settings and programs. */
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** A full sentence or two, for tooltips and docs. */
  readonly definition: string;
  readonly align: "left" | "right";
  readonly value: (layer: LayerProfile, totals: Totals) => Cell;
  /** The total that stands below it; missing where a sum would mean nothing. */
  readonly total?: keyof Totals;
  /** Where it is shown unless the user chooses otherwise. */
  readonly shownIn: readonly ("page" | "terminal")[];
}

export interface Total {
  readonly id: keyof Totals;
  readonly title: string;
  readonly unit: Unit;
  readonly definition: string;
}

const EVERYWHERE = ["page", "terminal"] as const;
const ON_PAGE = ["page"] as const;
const ON_REQUEST = [] as const;

export const COLUMNS: readonly Column[] = [
  {
    id: "index",
    title: "#",
    unit: "rows",
    definition: "Position in the file; the rows of a body follow the row that runs it.",
    align: "right",
    value: ({ index }) => index,
    shownIn: EVERYWHERE,
  },
  {
    id: "name",
    title: "Name",
    unit: "text",
    definition: "The layer's name in the file, or that of its first output where it has none.",
    align: "left",
    value: ({ name }) => name,
    shownIn: EVERYWHERE,
  },
  {
    id: "op",
    title: "Operator",
    unit: "text",
    definition: "The operator as the file names it.",
    align: "left",
    value: ({ op }) => op,
    shownIn: EVERYWHERE,
  },
  {
    id: "kind",
    title: "Kind",
    unit: "text",
    definition: "What the operator is to Edgewise, the same word for ONNX and TFLite. Its costs follow from it.",
    align: "left",
    value: ({ kind }) => kind,
    shownIn: ON_REQUEST,
  },
  {
    id: "path",
    title: "Module",
    unit: "text",
    definition: "Modules, functions and bodies that hold the layer, outermost first.",
    align: "left",
    value: ({ path }) => path.join("/"),
    shownIn: ON_REQUEST,
  },
  {
    id: "shape",
    title: "Output shape",
    unit: "text",
    definition:
      "Shape of the first output, computed from the inputs' shapes. A name stands for a size that only a run can tell.",
    align: "left",
    value: ({ outputs: [first] }) => (first ? first.shape && formatShape(first.shape) : ""),
    shownIn: EVERYWHERE,
  },
  {
    id: "dtype",
    title: "Type",
    unit: "text",
    definition: "Element type of the first output.",
    align: "left",
    value: ({ outputs: [first] }) => (first ? first.dtype : ""),
    shownIn: ON_REQUEST,
  },
  {
    id: "parameters",
    title: "Parameters",
    unit: "elements",
    definition:
      "Elements of the constants that the layer computes with. Constants that several layers share count once, at the first of them; sizes, axes, scales and zero points are not parameters.",
    align: "right",
    value: ({ parameters }) => parameters,
    total: "parameters",
    shownIn: EVERYWHERE,
  },
  {
    id: "macs",
    title: "MACs",
    unit: "MACs",
    definition:
      "Multiply-accumulates of convolutions, transposed convolutions, dense layers, matrix products, attention and recurrent gates (times the sequence length), padding counted. One MAC is two floating-point operations. Bias, activations, pooling and normalisation are other operations.",
    align: "right",
    value: ({ macs }) => macs,
    total: "macs",
    shownIn: EVERYWHERE,
  },
  {
    id: "macsShare",
    title: "MACs share",
    unit: "share",
    definition: "The layer's part of the model's MACs.",
    align: "right",
    value: (layer, totals) => share(layer, layer.macs, totals.macs),
    shownIn: ON_PAGE,
  },
  {
    id: "otherOps",
    title: "Other ops",
    unit: "operations",
    definition:
      "Arithmetic that is not a MAC: bias, activation functions, pooling windows, normalisation, softmax, quantization, comparisons. Moving numbers is not arithmetic.",
    align: "right",
    value: ({ otherOps }) => otherOps,
    total: "otherOps",
    shownIn: ON_REQUEST,
  },
  {
    id: "weightBytes",
    title: "Weights",
    unit: "bytes",
    definition:
      "Bytes of the layer's parameters as they are stored: quantized, as places in a palette, or only those that are not 0 with their places. Scales and zero points, those of blocks too, are in the file's size alone. 1 KB is 1,000 bytes.",
    align: "right",
    value: ({ weightBytes }) => weightBytes,
    total: "weightBytes",
    shownIn: ["terminal"],
  },
  {
    id: "activationBytes",
    title: "Activations",
    unit: "bytes",
    definition:
      "Bytes of the layer's live inputs and outputs, constants left out. The model's peak memory is not their sum: see there. 1 KB is 1,000 bytes.",
    align: "right",
    value: ({ activationBytes }) => activationBytes,
    shownIn: EVERYWHERE,
  },
  {
    id: "energy",
    title: "Energy",
    unit: "pJ",
    definition:
      "Estimated energy of one inference in 45 nm: arithmetic, weight traffic and activation traffic, by the table of Horowitz (ISSCC 2014) as in EIE (ISCA 2016).",
    align: "right",
    value: energyOf,
    total: "energyPicojoules",
    shownIn: EVERYWHERE,
  },
  {
    id: "energyShare",
    title: "Energy share",
    unit: "share",
    definition: "The layer's part of the model's estimated energy.",
    align: "right",
    value: (layer, totals) => share(layer, energyOf(layer), totals.energyPicojoules),
    shownIn: ON_PAGE,
  },
  {
    id: "energyArithmetic",
    title: "Arithmetic energy",
    unit: "pJ",
    definition:
      "MACs × (a multiplication, an addition and three register accesses at the layer's width) and other operations × an addition. The width is that of the type the layer computes in: int8 where it takes int8 inputs, float where its weights are decoded first.",
    align: "right",
    value: ({ energy }) => energy?.arithmetic ?? null,
    shownIn: ON_REQUEST,
  },
  {
    id: "energyWeights",
    title: "Weight energy",
    unit: "pJ",
    definition:
      "32-bit words of weights × DRAM (640 pJ), read once an inference; × SRAM (5 pJ) when all weights of the model fit the on-chip memory of the hardware profile.",
    align: "right",
    value: ({ energy }) => energy?.weights ?? null,
    shownIn: ON_REQUEST,
  },
  {
    id: "energyActivations",
    title: "Activation energy",
    unit: "pJ",
    definition:
      "32-bit words of inputs and outputs × SRAM (5 pJ) when the model's peak memory fits the on-chip memory of the hardware profile, else × DRAM (640 pJ). Views move nothing.",
    align: "right",
    value: ({ energy }) => energy?.activations ?? null,
    shownIn: ON_REQUEST,
  },
  {
    id: "latency",
    title: "Latency estimate",
    unit: "s",
    definition:
      "Roofline estimate on the chosen hardware profile: the longer of MACs ÷ peak rate of the type the layer computes in and bytes ÷ memory bandwidth, and a cost per operator. An estimate, not a measurement.",
    align: "right",
    value: ({ latencySeconds }) => latencySeconds,
    total: "latencySeconds",
    shownIn: EVERYWHERE,
  },
  {
    id: "latencyShare",
    title: "Latency share",
    unit: "share",
    definition: "The layer's part of the model's estimated latency.",
    align: "right",
    value: (layer, totals) => share(layer, layer.latencySeconds, totals.latencySeconds),
    shownIn: ON_REQUEST,
  },
  {
    id: "repeats",
    title: "Repeats",
    unit: "rows",
    definition:
      "How often the layer runs in one inference: trip counts of the loops around it. Its costs are those of all runs together.",
    align: "right",
    value: ({ repeats }) => repeats,
    shownIn: ON_REQUEST,
  },
  {
    id: "role",
    title: "Role",
    unit: "text",
    definition:
      "Compute; or shape arithmetic and constants, which a runtime settles when it loads the model; or fused: part of the operator of another row, which has its costs (a QuantizeLinear behind a Conv).",
    align: "left",
    value: ({ role }) => role,
    shownIn: ON_REQUEST,
  },
  {
    id: "counted",
    title: "Counted",
    unit: "text",
    definition: "Whether the row is in the totals: the cheaper branches of a choice and other entries are shown only.",
    align: "left",
    value: ({ isCounted }) => (isCounted ? "yes" : "no"),
    shownIn: ON_REQUEST,
  },
  {
    id: "notes",
    title: "Notes",
    unit: "text",
    definition: "What should be known of the row beside its numbers.",
    align: "left",
    value: ({ notes }) => notes.join(" "),
    shownIn: ON_REQUEST,
  },
];

const COLUMN_BY_ID: ReadonlyMap<string, Column> = new Map(COLUMNS.map((column) => [column.id, column]));

export const TOTALS: readonly Total[] = [
  {
    id: "parameters",
    title: "Parameters",
    unit: "elements",
    definition: "Elements of all constants that feed computation, shared ones once.",
  },
  { id: "macs", title: "MACs", unit: "MACs", definition: definitionOf("macs") },
  { id: "otherOps", title: "Other ops", unit: "operations", definition: definitionOf("otherOps") },
  {
    id: "weightBytes",
    title: "Weights",
    unit: "bytes",
    definition: "Bytes of all parameters at the width they are stored in, shared ones once. 1 KB is 1,000 bytes.",
  },
  {
    id: "fileBytes",
    title: "File size",
    unit: "bytes",
    definition: "Bytes of the model's file and of the data files it refers to.",
  },
  {
    id: "peakMemoryBytes",
    title: "Peak memory",
    unit: "bytes",
    definition:
      "The arena that one inference needs for its activations: lifetimes planned greedily by size, views and in-place operators sharing their input's memory, without a runtime's alignment. Weights are not in it.",
  },
  { id: "energyPicojoules", title: "Energy", unit: "pJ", definition: definitionOf("energy") },
  { id: "latencySeconds", title: "Latency estimate", unit: "s", definition: definitionOf("latency") },
  {
    id: "unknownRows",
    title: "Unknown rows",
    unit: "rows",
    definition: "Counted rows that are missing from at least one total, because something about them is unknown.",
  },
];

const TOTAL_BY_ID: ReadonlyMap<string, Total> = new Map(TOTALS.map((total) => [total.id, total]));

export function totalOf(id: keyof Totals): Total | undefined {
  return TOTAL_BY_ID.get(id);
}

export function columnOf(id: string): Column | undefined {
  return COLUMN_BY_ID.get(id);
}

/** Counted rows whose part of a total is unknown: where there are any, the total is a lower bound. */
export function missingRows(total: keyof Totals, { layers, totals }: Pick<Profile, "layers" | "totals">): number {
  const column = COLUMNS.find((candidate) => candidate.total === total);
  return column ? layers.filter((layer) => layer.isCounted && column.value(layer, totals) === null).length : 0;
}

/** A total as text, marked where it is a lower bound: "≥ 12.3 M". */
export function formatTotal({ id, unit }: Total, profile: Pick<Profile, "layers" | "totals">): string {
  const text = formatCell(unit, profile.totals[id]);
  return missingRows(id, profile) > 0 ? `≥ ${text}` : text;
}

const FORMATS: Readonly<Record<Unit, (value: number) => string>> = {
  elements: formatCount,
  MACs: formatCount,
  operations: formatCount,
  bytes: formatBytes,
  pJ: formatEnergy,
  s: formatTime,
  share: formatShare,
  ratio: formatRatio,
  rows: String,
  text: String,
};

/** A value as a cell shows it: "12.3 M", "4.10 KB", "unknown". */
export function formatCell(unit: Unit, value: Cell): string {
  if (value === null) return UNKNOWN_TEXT;
  return typeof value === "string" ? value : FORMATS[unit](value);
}

/** A value with every digit and its unit, for a tooltip: "12,345,678 MACs". */
export function formatCellExact(unit: Unit, value: Cell): string {
  if (value === null) return UNKNOWN_TEXT;
  if (typeof value === "string") return value;
  if (unit === "ratio") return formatRatio(value);
  if (unit === "s") return formatTimeExact(value);
  if (unit === "share") return `${formatExact(100 * value)} %`;
  return unit === "rows" || unit === "text" ? formatExact(value) : `${formatExact(value)} ${unit}`;
}

/** Energy of all three parts, in picojoules. */
function energyOf({ energy }: LayerProfile): number | null {
  return energy && totalEnergy(energy);
}

/** Part of a total; 0 for rows that are not in it. */
function share({ isCounted }: LayerProfile, value: number | null, total: number): number | null {
  if (value === null) return null;
  return isCounted && total > 0 ? value / total : 0;
}

function definitionOf(id: string): string {
  return COLUMN_BY_ID.get(id)?.definition ?? "";
}
