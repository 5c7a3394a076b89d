import { DRAM, operationEnergy, SRAM_32_KB, totalEnergy, WORD_BYTES } from "../cost/energy.ts";
import { formatBytes, formatCount, formatEnergy, formatExact, formatShare, formatTime } from "../format-numbers.ts";
import { efficiencyOf, type HardwareProfile } from "../hardware/hardware-profile.ts";
import { partOf } from "../hardware/kernel-parts.ts";
import type { LatencyPart, LayerProfile, Product } from "../profile.ts";
import type { LayerDetails, TensorDetails } from "./layer-details.ts";
import { longestOf, timesOf, type Bound } from "./roofline.ts";

/** How a number of a layer came about, with the numbers put in: what a reader can check with a pocket calculator. */
export interface Formula {
  readonly id: "macs" | "parameters" | "weightBytes";
  readonly title: string;
  /** The terms of the sum, each a text: "64 output channels × 112 output height × …". */
  readonly terms: readonly string[];
  readonly result: string;
}

/** One of the three parts of a layer's energy. */
export interface EnergyPart {
  readonly id: "arithmetic" | "weights" | "activations";
  readonly title: string;
  readonly picojoules: number;
  /** Of the layer's energy. */
  readonly share: number;
  readonly formula: string;
}

export interface LatencyFormula {
  readonly bound: Bound;
  /** Why: one sentence. */
  readonly reason: string;
  readonly terms: readonly { readonly title: string; readonly formula: string }[];
  /** How the terms come to the result. */
  readonly rule: "longest" | "sum";
  readonly result: string;
}

/** Formulas of counts. A cost that is 0 or unknown has none: there is nothing to put in. */
export function countFormulas(layer: LayerProfile, { inputs }: Pick<LayerDetails, "inputs">): readonly Formula[] {
  const weights = ownWeights(layer, inputs);
  return [
    ...(layer.macs !== null && layer.macs > 0 && layer.macTerms.length > 0
      ? [formula("macs", "MACs", layer.macTerms.map(productText), formatExact(layer.macs))]
      : []),
    ...(weights.length > 0 && layer.parameters !== null
      ? [formula("parameters", "Parameters", weights.map(elementsText), formatExact(layer.parameters))]
      : []),
    ...(weights.length > 0 && layer.weightBytes !== null
      ? [formula("weightBytes", "Weights", weights.map(bytesText), `${formatExact(layer.weightBytes)} bytes`)]
      : []),
  ];
}

/** Energy by its parts; empty where it is unknown or nothing. */
export function energyParts(
  layer: LayerProfile,
  { computedIn }: Pick<LayerDetails, "computedIn">,
): readonly EnergyPart[] {
  const { energy, macs, otherOps, weightBytes, activationBytes, repeats } = layer;
  if (!energy || macs === null || otherOps === null || weightBytes === null || activationBytes === null) return [];
  const total = totalEnergy(energy);
  if (total === 0) return [];
  const moved = activationBytes * repeats;
  const part = (id: EnergyPart["id"], title: string, text: string): EnergyPart => ({
    id,
    title,
    picojoules: energy[id],
    share: energy[id] / total,
    formula: text,
  });
  return [
    part("arithmetic", "Arithmetic", arithmeticText(macs, otherOps, computedIn)),
    part("weights", "Weights", trafficText(weightBytes, energy.weights)),
    part("activations", "Activations", trafficText(moved, energy.activations)),
  ].filter(({ picojoules }) => picojoules > 0);
}

const INSIDE =
  "Runs inside the operator that makes its input, as what was learned has it: it takes no time of its own.";

/** Time by the roofline, or by what was learned of a device's kernels; null where it is unknown or nothing. */
export function latencyFormula(
  layer: LayerProfile,
  { computeType }: Pick<LayerDetails, "computeType">,
  hardware: HardwareProfile,
): LatencyFormula | null {
  const { macs, weightBytes, activationBytes, latencySeconds, repeats } = layer;
  if (macs === null || weightBytes === null || activationBytes === null) return null;
  if (layer.latencyParts?.length === 0 && latencySeconds === 0)
    return { bound: "overhead", reason: INSIDE, terms: [], rule: "sum", result: formatTime(0) };
  if (!latencySeconds) return null;
  const bytes = weightBytes + activationBytes * repeats;
  const times = timesOf({ ...layer, macs, bytes, repeats }, computeType, hardware);
  const bound = longestOf(times);
  const peak = hardware.peakMacsPerSecond[computeType];
  const bandwidth = hardware.bandwidthBytesPerSecond;
  const reached = efficiencyText(layer.kind, hardware);
  const runs = repeats === 1 ? "1 operator" : `${formatCount(repeats)} runs`;
  const reason = reasonOf(bound, { intensity: bytes > 0 ? macs / bytes : Infinity, ridge: peak / bandwidth });
  if (layer.latencyParts) {
    const terms = [...layer.latencyParts.map(learnedTerm), learnedOverhead(times.overhead, hardware)];
    return { bound, reason, terms, rule: "sum", result: formatTime(latencySeconds) };
  }
  return {
    bound,
    reason,
    terms: [
      {
        title: "Arithmetic",
        formula: `${formatCount(macs)} MACs ÷ ${formatCount(peak)} MACs/s (${computeType})${reached} = ${formatTime(times.compute)}`,
      },
      {
        title: "Traffic",
        formula: `${formatBytes(bytes)} ÷ ${formatBytes(bandwidth)}/s${reached} = ${formatTime(times.memory)}`,
      },
      {
        title: "Overhead",
        formula: `${runs} × ${formatTime(hardware.secondsPerOperator)} = ${formatTime(times.overhead)}`,
      },
    ],
    rule: "longest",
    result: formatTime(latencySeconds),
  };
}

/** "1×1 convolution: 12.0 µs at full rates × 1.61, as learned = 19.3 µs" */
function learnedTerm({ part, seconds, factor }: LatencyPart): LatencyFormula["terms"][number] {
  return {
    title: partOf(part).title,
    formula: `${formatTime(seconds)} at full rates × ${numberText(factor)}, as learned = ${formatTime(seconds * factor)}`,
  };
}

function learnedOverhead(seconds: number, { secondsPerOperator }: HardwareProfile): LatencyFormula["terms"][number] {
  const runs = secondsPerOperator > 0 ? Math.round(seconds / secondsPerOperator) : 0;
  return {
    title: "Overhead",
    formula: `${formatCount(runs)} ${runs === 1 ? "operator" : "operators"} × ${formatTime(secondsPerOperator)} = ${formatTime(seconds)}`,
  };
}

/** " ÷ 41.0 % reached by conv layers"; nothing where no efficiency was learned. */
function efficiencyText(kind: LayerProfile["kind"], hardware: HardwareProfile): string {
  const efficiency = efficiencyOf(kind, hardware);
  return efficiency === 1 ? "" : ` ÷ ${formatShare(efficiency)} reached by ${kind} layers`;
}

const REASONS: Readonly<Record<Bound, string>> = {
  compute: "Compute-bound: its arithmetic takes longer than its traffic",
  memory: "Memory-bound: moving its bytes takes longer than its arithmetic",
  overhead: "Overhead-bound: starting the operator takes longer than running it",
};

function reasonOf(bound: Bound, { intensity, ridge }: { readonly intensity: number; readonly ridge: number }): string {
  if (intensity === 0 || !Number.isFinite(intensity)) return `${REASONS[bound]}.`;
  const perByte = `${numberText(intensity)} MACs per byte, where this hardware needs ${numberText(ridge)} to be busy`;
  return `${REASONS[bound]}. ${perByte}.`;
}

function formula(id: Formula["id"], title: string, terms: readonly string[], result: string): Formula {
  return { id, title, terms, result };
}

/** "64 output channels × 112 output height × …"; factors of 1 change nothing and are left out. */
function productText(product: Product): string {
  const factors = product.filter(({ value }) => value !== 1);
  const text = (factors.length > 0 ? factors : product).map(({ name, value }) => `${sizeText(value)} ${name}`);
  return text.join(" × ");
}

/** The constants whose elements make up the layer's parameters; none when some of them are another layer's. */
function ownWeights(layer: LayerProfile, inputs: readonly TensorDetails[]): readonly TensorDetails[] {
  const constants = inputs.filter(({ use, constant }) => use === "data" && constant !== null);
  const sum = constants.reduce((total, { constant }) => total + (constant?.elements ?? NaN), 0);
  return sum === layer.parameters && sum > 0 ? constants : [];
}

function elementsText({ name, shape, constant }: TensorDetails): string {
  const elements = formatExact(constant?.elements ?? 0);
  const isProduct = shape !== null && shape.length > 1;
  return isProduct ? `${shape.map(sizeText).join(" × ")} ${name}` : `${elements} ${name}`;
}

function bytesText({ name, constant }: TensorDetails): string {
  const { elements, storedBytes, storedType, encoding } = constant ?? {};
  if (!elements || typeof storedBytes !== "number") return name;
  if (encoding?.kind === "palette" || encoding?.kind === "sparse") {
    const what = encoding.kind === "palette" ? `palette of ${encoding.entries}` : "sparse";
    return `${formatExact(storedBytes)} bytes of ${formatExact(elements)} elements (${what}) ${name}`;
  }
  const width = numberText(storedBytes / elements);
  return `${formatExact(elements)} × ${width} ${width === "1" ? "byte" : "bytes"} ${storedType ?? ""} ${name}`;
}

function arithmeticText(macs: number, otherOps: number, type: LayerDetails["computedIn"]): string {
  const energy = type && operationEnergy(type);
  if (!energy) return "";
  const { multiply, add, registers } = energy;
  const perMac = `(${numberText(multiply)} multiply + ${numberText(add)} add + ${numberText(registers)} registers) pJ`;
  const terms = [
    ...(macs > 0 ? [`${formatCount(macs)} MACs × ${perMac}`] : []),
    ...(otherOps > 0 ? [`${formatCount(otherOps)} other operations × ${numberText(add)} pJ`] : []),
  ];
  return terms.length > 0 ? `${terms.join(" + ")}, ${type}` : "No arithmetic";
}

function trafficText(bytes: number, picojoules: number): string {
  if (bytes === 0) return "No bytes";
  const words = bytes / WORD_BYTES;
  const isOnChip = Math.abs(picojoules / words - SRAM_32_KB) < Math.abs(picojoules / words - DRAM);
  const memory = isOnChip ? `${SRAM_32_KB} pJ (on-chip SRAM)` : `${DRAM} pJ (DRAM)`;
  return `${formatCount(words)} words of 32 bits × ${memory} = ${formatEnergy(picojoules)}`;
}

function sizeText(size: Product[number]["value"]): string {
  return typeof size === "number" ? formatExact(size) : size;
}

function numberText(value: number): string {
  return formatExact(Number(value.toPrecision(3)));
}
