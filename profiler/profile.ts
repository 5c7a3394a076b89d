import type { ComputeType, HardwareProfile } from "./hardware/hardware-profile.ts";
import type { MissingData } from "./errors.ts";
import type { KernelPart } from "./hardware/kernel-parts.ts";
import type { FormatId } from "./model/format.ts";
import type { DataType } from "./model/data-type.ts";
import type { PrintedDimension } from "./model/shape.ts";
import type { Edge } from "./layers/edges.ts";
import type { GraphOutput } from "./layers/inputs-outputs.ts";
import type { Layer } from "./layers/layer.ts";
import type { LayerKind } from "./operators/operation.ts";

/**
 * What a model costs, as the page, the exports and the CLI's JSON show it. Plain data: it crosses threads and processes as it is.
 * null means unknown, never zero. DESIGN of each number: see `columns.ts`, where every definition stands once.
 */
export interface Profile {
  readonly file: string;
  readonly format: FormatId;
  /** Every dynamic dimension with the value used. */
  readonly dimensions: readonly BoundDimension[];
  readonly hardware: HardwareName;
  /** The numbers behind that name, with their sources. */
  readonly hardwareProfile: HardwareProfile;
  readonly totals: Totals;
  readonly layers: readonly LayerProfile[];
  /** Tensors in the arena when it is fullest, largest first. */
  readonly peak: PeakMemory;
  readonly warnings: readonly Warning[];
  /** Names of the entries (graph, signatures) a run may start from, the profiled one first. */
  readonly entries: readonly string[];
  readonly parts: Parts;
  readonly properties: readonly (readonly [name: string, value: string])[];
  readonly structure: Structure;
}

/** What a file holds that can be looked at, and which of it this profile is of. */
export interface Parts {
  /** What stands behind the file's name on the command line: MODEL, ENTRY or MODEL#ENTRY; null for what the file starts from by itself. */
  readonly part: string | null;
  /** Models of a bundle; none for a file that is a model itself. */
  readonly models: readonly string[];
  /** null: the file is no bundle. */
  readonly model: string | null;
  /** In the order of the file. */
  readonly entries: readonly EntryPart[];
  readonly entry: string;
  /** Why this entry is not edited; null where it can be. */
  readonly refusal: string | null;
}

export interface EntryPart {
  readonly name: string;
  /** Its number in the file. */
  readonly subgraph: number;
  readonly signatures: readonly string[];
  /** Of a graph that operators alone run: WHILE's body, for one. */
  readonly body: { readonly op: string; readonly label: string } | null;
}

/** How the network hangs together and runs: what pictures of it need beside its rows. */
export interface Structure {
  readonly edges: readonly Edge[];
  /** What the caller gives; an input that no row reads is left out. */
  readonly inputs: readonly StructureInput[];
  /** What the caller gets; an output that no row makes is left out. */
  readonly outputs: readonly GraphOutput[];
  /** null when a size in the arena is unknown. */
  readonly memory: MemoryTimeline | null;
  /** Of each layer: whose peak rate bounds its arithmetic. */
  readonly computeTypes: readonly ComputeType[];
}

export interface StructureInput {
  readonly tensor: TensorProfile;
  /** Indices of the rows that read it. */
  readonly readers: readonly number[];
}

export type { Edge } from "./layers/edges.ts";
export type { GraphOutput } from "./layers/inputs-outputs.ts";

/** What is in the arena at each step of one inference. */
export interface MemoryTimeline {
  /** The layers that use the arena, in the order in which they run: a step is a position in this list. */
  readonly layers: readonly number[];
  readonly buffers: readonly MemoryBuffer[];
}

/** A stretch of the arena from the step that first writes it to the last one that needs it, both included. */
export interface MemoryBuffer {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  /** The tensors that pass through it, each from the step at which it takes it over. */
  readonly occupants: readonly { readonly step: number; readonly name: string }[];
}

export type HardwareName = string;

export interface BoundDimension {
  /** A symbolic name of the file ("batch"), or INPUT[AXIS] for one without a name. */
  readonly name: string;
  readonly value: number;
  readonly default: number;
  readonly source: "default" | "given";
  /** Where it occurs: "input[0]", "mask[0]". */
  readonly occurrences: readonly string[];
  /** A value that lets the model run, where its default does not. */
  readonly works?: number;
}

export interface Totals {
  readonly parameters: number;
  readonly macs: number;
  readonly otherOps: number;
  readonly weightBytes: number;
  readonly fileBytes: number;
  /** null when a symbolic size leaves the arena unknown. */
  readonly peakMemoryBytes: number | null;
  readonly energyPicojoules: number;
  readonly latencySeconds: number;
  /** Counted rows that miss from at least one of these totals because something about them is unknown. */
  readonly unknownRows: number;
}

export interface LayerProfile {
  readonly index: number;
  readonly name: string;
  readonly op: string;
  readonly kind: LayerKind;
  /** Modules, functions and bodies that hold the layer, outermost first. */
  readonly path: readonly string[];
  readonly inputs: readonly TensorProfile[];
  readonly outputs: readonly TensorProfile[];
  readonly parameters: number | null;
  /** Of all repeats together; 0 … for layers that are shown but not counted too, so that the branches can be compared. */
  readonly macs: number | null;
  readonly otherOps: number | null;
  readonly weightBytes: number | null;
  readonly activationBytes: number | null;
  readonly energy: EnergyParts | null;
  readonly latencySeconds: number | null;
  /** What the latency is the sum of, beside the operator's own time, where it was learned from a device's kernels. */
  readonly latencyParts?: readonly LatencyPart[];
  readonly role: Layer["role"];
  /** It computes, but from constants and shapes alone: the same in every inference. Never with weights or MACs. */
  readonly isFixed?: true;
  readonly isCounted: boolean;
  readonly repeats: number;
  /** How the MACs came about, with names: 64 output channels × 3 input channels × … Summed products. */
  readonly macTerms: readonly Product[];
  readonly notes: readonly string[];
  /** What the row took in a run that is shown beside the estimates. */
  readonly measured?: MeasuredTime;
  /** What its weights add to a download, once that was computed; null: unknown. */
  readonly downloadBytes?: number | null;
}

/** Part of a layer's time by what kernels spend it on. */
export interface LatencyPart {
  readonly part: KernelPart;
  /** At the hardware profile's full rates. */
  readonly seconds: number;
  /** How many times longer it takes, as was learned. */
  readonly factor: number;
}

/** Of one profiled inference. */
export interface MeasuredTime {
  readonly seconds: number;
  /** 0 to 1. */
  readonly share: number;
  /** Seconds, of this row and of those fused into it; null: unknown. */
  readonly estimate: number | null;
  /** Index of the row that has this one's time; null for a row with a time of its own. */
  readonly fusedInto: number | null;
}

/** One product of named factors, its value and its formula in one. */
export type Product = readonly Factor[];

export interface Factor {
  readonly name: string;
  readonly value: PrintedDimension;
}

export interface TensorProfile {
  readonly name: string;
  readonly dtype: DataType | null;
  /** null: unknown rank. */
  readonly shape: readonly PrintedDimension[] | null;
  readonly isConstant: boolean;
}

/** Picojoules in one inference. */
export interface EnergyParts {
  readonly arithmetic: number;
  readonly weights: number;
  readonly activations: number;
}

export interface PeakMemory {
  /** The layer during which the arena is fullest; null when nothing is known. */
  readonly layer: number | null;
  readonly tensors: readonly { readonly name: string; readonly bytes: number }[];
}

export interface Warning {
  /** Stable: "dimension-default", "shape-disagrees", "unknown-operator", "reader", … */
  readonly code: string;
  /** "info": a choice made for the user, which they may change; nothing is wrong. */
  readonly severity: "info" | "warning";
  readonly message: string;
  /** The row it is about, if it is about one. */
  readonly layer?: number;
  /** The data file it is about, if it is about one. */
  readonly missing?: MissingData;
}

/** What profiling is doing, in order. */
export type ProfileStep = "reading" | "inferring" | "costing";
