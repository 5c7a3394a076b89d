import { bytesOf, isFloat } from "../model/data-type.ts";
import { formatOf } from "../formats/formats.ts";
import { elementsOf } from "../model/shape.ts";
import type { AnalysedModel } from "../profile-model.ts";
import type { Profile } from "../profile.ts";
import { liftModel } from "../translation/lift-model.ts";
import { isKind, type NeutralLayer } from "../neutral/neutral-graph.ts";
import type { Weights } from "../neutral/weights.ts";
import { answersTo } from "../restructure/registry.ts";
import { Subject, type Diagnosis, type Finding } from "./diagnosis.ts";
import { settingOf, type LayerWeights, type Rule, type RuleSettings } from "./rule.ts";
import { RULES } from "./rules.ts";

/** Elements of one layer that are read: a filter of 4096×25088 would take 411 MB. */
const MOST_ELEMENTS = 2 ** 24;

/** Elements of all layers together that are read: a few seconds of a disk. */
const MOST_ELEMENTS_OF_ALL = 2 ** 27;

/** What rules say that look at sizes and costs alone. Reads no weights. In the order of the rows. */
export function diagnose(analysed: AnalysedModel, profile: Profile, settings: RuleSettings = {}): readonly Diagnosis[] {
  const subject = subjectOf(analysed, profile);
  return RULES.flatMap((rule) => {
    const { severity, threshold } = settingOf(rule, settings);
    if (!("find" in rule) || severity === "off") return [];
    return rule.find(subject, threshold).map((finding) => diagnosis(rule, severity, finding, subject));
  }).sort(inOrder);
}

export interface WeightDiagnoses {
  readonly diagnoses: readonly Diagnosis[];
  /** Layers with weights that were looked at, and those that were left out as too large. */
  readonly read: number;
  readonly skipped: number;
}

/**
 * What rules say that look at the weights' numbers, layer by layer, the smallest first, within bounds.
 * @throws what reading a constant throws
 */
export async function diagnoseWeights(
  analysed: AnalysedModel,
  profile: Profile,
  settings: RuleSettings = {},
  { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: (done: number) => void } = {},
): Promise<WeightDiagnoses> {
  const subject = subjectOf(analysed, profile);
  const weighted = subject.graph.layers
    .flatMap((layer) => weightsOf(layer))
    .sort((a, b) => a.elements - b.elements || a.layer.id - b.layer.id);
  const within = weighted.filter(({ elements }) => elements <= MOST_ELEMENTS);
  const diagnoses: Diagnosis[] = [];
  let [elements, read] = [0, 0];
  for (const { layer, weights, elements: own } of within) {
    elements += own;
    if (elements > MOST_ELEMENTS_OF_ALL) break;
    signal?.throwIfAborted();
    onProgress?.(read / within.length);
    diagnoses.push(...inWeights(numbersOf(layer, weights, await weights.read(), subject), settings, subject));
    read += 1;
  }
  return { diagnoses: diagnoses.sort(inOrder), read, skipped: weighted.length - read };
}

/** What the same rules say of a layer whose weights' numbers somebody else reads anyway. */
export function weightInspector(
  analysed: AnalysedModel,
  profile: Profile,
  settings: RuleSettings = {},
): (layer: NeutralLayer, elements: Float32Array) => readonly Diagnosis[] {
  const subject = subjectOf(analysed, profile);
  return (layer, elements) =>
    weightsOf(layer).flatMap(({ weights }) =>
      inWeights(numbersOf(layer, weights, elements, subject), settings, subject),
    );
}

function inWeights(weights: LayerWeights, settings: RuleSettings, subject: Subject): readonly Diagnosis[] {
  return RULES.flatMap((rule) => {
    const { severity, threshold } = settingOf(rule, settings);
    if (!("findInWeights" in rule) || severity === "off") return [];
    const message = rule.findInWeights(weights, threshold);
    if (message === undefined) return [];
    return subject.rowsOf(weights.layer).map((row) => diagnosis(rule, severity, { layer: row, message }, subject));
  });
}

function weightsOf(layer: NeutralLayer): readonly { layer: NeutralLayer; weights: Weights; elements: number }[] {
  if (!isKind(layer, "conv") && !isKind(layer, "dense")) return [];
  const { weight } = layer.form;
  return [{ layer, weights: weight, elements: elementsOf(weight.shape) ?? 0 }];
}

function numbersOf(layer: NeutralLayer, weights: Weights, elements: Float32Array, subject: Subject): LayerWeights {
  const isStoredSo = isFloat(weights.dataType) && !isDecoded(layer, weights, subject);
  return { layer, shape: weights.shape, elements, isFloat: isStoredSo };
}

/** Fewer bytes stand in the file than the numbers take: it decodes them, or another layer has them. */
function isDecoded(layer: NeutralLayer, { shape, dataType }: Weights, subject: Subject): boolean {
  const stored = subject.rowsOf(layer).map((row) => subject.profile.layers[row]?.weightBytes);
  const own = stored.reduce<number>((sum, bytes) => sum + (bytes ?? Infinity), 0);
  return own < (bytesOf(dataType, elementsOf(shape) ?? 0) ?? 0);
}

function subjectOf({ model, listing }: AnalysedModel, profile: Profile): Subject {
  const refusals = formatOf(model).microcontrollerRefusals(model);
  return new Subject(profile, listing.layers, liftModel(model), refusals);
}

function diagnosis(
  rule: Rule,
  severity: Diagnosis["severity"],
  { layer, message, related = [] }: Finding,
  subject: Subject,
): Diagnosis {
  const target = subject.layerOf(layer)?.name;
  const answers = answersTo(rule.code).flatMap(({ id, isOfWholeModel }) => {
    const place = isOfWholeModel ? "" : target;
    return place === undefined ? [] : [{ restructuring: id, target: place }];
  });
  return { code: rule.code, severity, layer, message, related, answers };
}

function inOrder(a: Diagnosis, b: Diagnosis): number {
  return a.layer - b.layer;
}
