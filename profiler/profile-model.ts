import { bindInputs, type BoundInputs } from "./bindings.ts";
import type { ByteSource, ExternalDataFiles } from "./bytes/byte-source.ts";
import { costLayers, totalsOfLayers, type CostOptions } from "./cost/cost-layers.ts";
import { formatOf, readModel, type ReadModelOptions } from "./formats/formats.ts";
import { DEFAULT_HARDWARE, type HardwareProfile } from "./hardware/hardware.ts";
import { listLayers } from "./layers/list-layers.ts";
import type { Listing } from "./layers/listing.ts";
import { allEntries, partName, placeOf } from "./model/choose-entry.ts";
import { entryRefusal } from "./model/entry-refusal.ts";
import type { Model } from "./model/model.ts";
import { inferGraph, type InferredGraph } from "./operators/infer.ts";
import type { Parts, Profile, ProfileStep, Totals } from "./profile.ts";
import { ownEntry } from "./own-entry.ts";
import { warningsOf } from "./warnings.ts";
import { workingSizes } from "./working-sizes.ts";

export interface ProfileOptions extends Pick<ReadModelOptions, "part" | "takesFirst"> {
  /** Values of dynamic dimensions by name. */
  readonly bindings?: Readonly<Record<string, number>>;
  readonly hardware?: HardwareProfile;
  /** Says between the steps how far it is. */
  readonly onProgress?: (step: ProfileStep) => void;
  /** Gets what the profile is made from, for questions about single layers. */
  readonly onAnalysed?: (analysed: AnalysedModel) => void;
  readonly signal?: AbortSignal;
}

/** Everything known of a model before it is costed: what costing, editing and the details of a row start from. */
export interface AnalysedModel {
  readonly model: Model;
  readonly inputs: BoundInputs;
  readonly listing: Listing;
  /** Of each entry. */
  readonly inferred: readonly InferredGraph[];
}

/**
 * What every layer of a model costs. Reads the graph and leaves the weights in the file, so that data files may be missing.
 * @throws {EdgewiseError} when the file is no model, is broken, or an option does not fit it
 */
export async function profileModel(
  source: ByteSource,
  externalData: ExternalDataFiles,
  options: ProfileOptions = {},
): Promise<Profile> {
  options.onProgress?.("reading");
  const { part, takesFirst = false } = options;
  const model = await readModel(source, externalData, {
    allowsMissingData: true,
    takesFirst,
    ...(part !== undefined && { part }),
  });
  options.signal?.throwIfAborted();
  options.onProgress?.("inferring");
  const analysed = analyseModel(model, options.bindings ?? {});
  options.signal?.throwIfAborted();
  options.onProgress?.("costing");
  options.onAnalysed?.(analysed);
  return costModel(analysed, options.hardware ?? DEFAULT_HARDWARE);
}

/**
 * Shapes, operations and roles of every layer, with every dynamic dimension bound.
 * @param previous of the model that this one was edited from, with the same bindings: then what the edit did not change is not looked at
 * again, and the outcome is the same
 */
export function analyseModel(
  model: Model,
  bindings: Readonly<Record<string, number>>,
  previous?: AnalysedModel,
): AnalysedModel {
  const inputs = bindInputs(model, bindings);
  const { operators, grouping, declaresEveryTensor } = formatOf(model);
  const context = { model, operators, checksDeclared: !inputs.isResized, completesFromFile: !declaresEveryTensor };
  const entries = model.entries.map((entry, place) => {
    const isProfiled = place === 0;
    const { inferredTypes, sizeOf } = isProfiled ? inputs : bindInputs(model, {}, entry);
    // Notes of the file's own shapes are part of what was found.
    const known = previous?.inputs.isResized === inputs.isResized ? previous.inferred[place] : undefined;
    const inferred = inferGraph({ ...context, sizeOf }, entry.graph, inferredTypes, `entry${place}`, known);
    return { name: entry.name, inferred, isProfiled };
  });
  const inferred = entries.map((entry) => entry.inferred);
  return { model, inputs, listing: listLayers(entries, grouping, previous?.listing), inferred };
}

/** Totals of `costModel` alone: what comparing many edits takes. */
export function totalsOf(analysed: AnalysedModel, hardware: HardwareProfile): Totals {
  const { layers, edit } = analysed.listing;
  return totalsOfLayers(layers, costOptions(analysed, hardware), edit);
}

function costOptions({ model }: AnalysedModel, hardware: HardwareProfile): CostOptions {
  const { graph } = model.entries[0];
  const entryKeys = (ids: readonly number[]): readonly string[] => ids.map((id) => `entry0#${id}`);
  const { fileBytes } = model;
  return { fileBytes, hardware, inputKeys: entryKeys(graph.inputs), outputKeys: entryKeys(graph.outputs) };
}

/** Costs an analysed model on a hardware profile. */
export function costModel(analysed: AnalysedModel, hardware: HardwareProfile): Profile {
  const { model, listing } = analysed;
  const dimensions = withWorkingSizes(analysed);
  const { layers, totals, peak, structure } = costLayers(listing.layers, costOptions(analysed, hardware));
  return {
    file: model.file,
    format: model.format,
    dimensions,
    hardware: hardware.name,
    hardwareProfile: hardware,
    totals,
    layers,
    peak,
    warnings: warningsOf(model, { dimensions }, listing),
    entries: model.entries.map(({ name }) => name),
    parts: partsOf(model),
    properties: [...model.properties],
    structure,
  };
}

function partsOf(model: Model): Parts {
  const { bundle, entries } = model;
  return {
    part: partName(model) ?? null,
    models: bundle?.models ?? [],
    model: bundle?.model ?? null,
    entries: allEntries(model).map((entry) => ({
      name: entry.name,
      subgraph: placeOf(entry),
      signatures: entry.signatures ?? [],
      body: entry.body ?? null,
    })),
    entry: entries[0].name,
    refusal: entryRefusal(model) ?? null,
  };
}

/** The dimensions, those that keep the model from running with a size that does not. */
function withWorkingSizes({ model, inputs: { dimensions }, listing }: AnalysedModel): BoundInputs["dimensions"] {
  const isAsked = dimensions.some(({ source }) => source === "default");
  if (!isAsked || canRun(listing)) return dimensions;
  const given = Object.fromEntries(
    dimensions.filter(({ source }) => source === "given").map(({ name, value }) => [name, value]),
  );
  const sizes = workingSizes(dimensions, listing.layers.length, (asked) =>
    canRun(analyseModel(model, { ...given, ...asked }).listing),
  );
  return dimensions.map((dimension) => {
    const works = ownEntry(sizes, dimension.name);
    return works === undefined ? dimension : { ...dimension, works };
  });
}

/** No layer's sizes contradict each other, and no window slides over nothing. */
function canRun({ layers, problems }: Listing): boolean {
  return (
    problems.every(({ code }) => code !== "shape-error") &&
    layers.every(
      ({ operation: { kind }, outputs }) =>
        (kind !== "conv" && kind !== "pool") || outputs.every(({ shape }) => shape?.includes(0) !== true),
    )
  );
}
