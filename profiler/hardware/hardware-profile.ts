import type { LayerKind } from "../operators/operation.ts";
import type { DataType } from "../model/data-type.ts";
import { bitsOf, isFloat } from "../model/data-type.ts";
import { describeValue } from "../describe-value.ts";
import { OptionError } from "../errors.ts";
import type { KernelFactors } from "./kernel-parts.ts";

/** A device as the estimates of time and energy see it: plain data, built in or from the user's settings. */
export interface HardwareProfile {
  readonly name: string;
  readonly description: string;
  /** Highest rate of multiply-accumulates, by the type they are computed in. */
  readonly peakMacsPerSecond: Readonly<Record<ComputeType, number>>;
  /** Between DRAM and the chip. */
  readonly bandwidthBytesPerSecond: number;
  /** Memory on the chip that can hold weights or activations from one layer to the next. */
  readonly onChipBytes: number;
  /** What a runtime spends on each operator beside its arithmetic. */
  readonly secondsPerOperator: number;
  /** Part of these rates that layers of a kind really reach, as learned from runs on the device; all of it when left out. */
  readonly efficiency?: Efficiency;
  /** How many times longer kernels take than at these rates, by what they spend it on, as learned from runs on the device: in place of efficiencies. */
  readonly kernels?: KernelFactors;
  /** Where each number comes from, by its field. */
  readonly sources: Readonly<Record<NumberField, string> & { readonly efficiency?: string; readonly kernels?: string }>;
}

/** `other` is of the kinds that are left out. */
export type Efficiency = Readonly<Partial<Record<LayerKind | "other", number>>>;

export const COMPUTE_TYPES = ["float32", "float16", "int8"] as const;
export type ComputeType = (typeof COMPUTE_TYPES)[number];

type NumberField = "peakMacsPerSecond" | "bandwidthBytesPerSecond" | "onChipBytes" | "secondsPerOperator";

/** Names are typed on a command line and kept in settings. */
const NAME = /^[a-z0-9][a-z0-9._-]*$/i;

/** The rate that a type is computed at: narrow floats are widened to 16 bits, what fits 8 bits uses the dot product. */
export function computeType(type: DataType): ComputeType {
  const bits = bitsOf(type) ?? 32;
  if (bits > 16) return "float32";
  return bits === 16 || isFloat(type) ? "float16" : "int8";
}

export function efficiencyOf(kind: LayerKind, { efficiency }: HardwareProfile): number {
  return efficiency?.[kind] ?? efficiency?.other ?? 1;
}

/**
 * Takes a profile from settings or a file.
 * @param where what an error message calls it
 * @throws {OptionError} naming the field and what it should hold
 */
export function parseHardwareProfile(data: unknown, where: string): HardwareProfile {
  const profile = fields(data, where);
  const name = text(profile.name, `${where}: name`);
  if (!NAME.test(name)) throw wrong(`${where}: name`, "letters, digits, dots, dashes and underscores", name);
  const of = `hardware profile ${name}`;
  const peaks = fields(profile.peakMacsPerSecond, `${of}: peakMacsPerSecond`);
  const peak = (type: ComputeType): number => positive(peaks[type], `${of}: peakMacsPerSecond.${type}`);
  const sources = fields(profile.sources, `${of}: sources`);
  const source = (field: NumberField): string => text(sources[field], `${of}: sources.${field}`);
  return {
    name,
    description: text(profile.description, `${of}: description`),
    peakMacsPerSecond: { float32: peak("float32"), float16: peak("float16"), int8: peak("int8") },
    bandwidthBytesPerSecond: positive(profile.bandwidthBytesPerSecond, `${of}: bandwidthBytesPerSecond`),
    onChipBytes: notNegative(profile.onChipBytes, `${of}: onChipBytes`),
    secondsPerOperator: notNegative(profile.secondsPerOperator, `${of}: secondsPerOperator`),
    ...(profile.efficiency !== undefined && { efficiency: parts(profile.efficiency, `${of}: efficiency`, positive) }),
    ...(profile.kernels !== undefined && { kernels: parts(profile.kernels, `${of}: kernels`, notNegative) }),
    sources: {
      peakMacsPerSecond: source("peakMacsPerSecond"),
      bandwidthBytesPerSecond: source("bandwidthBytesPerSecond"),
      onChipBytes: source("onChipBytes"),
      secondsPerOperator: source("secondsPerOperator"),
      ...(sources.efficiency !== undefined && { efficiency: text(sources.efficiency, `${of}: sources.efficiency`) }),
      ...(sources.kernels !== undefined && { kernels: text(sources.kernels, `${of}: sources.kernels`) }),
    },
  };
}

function fields(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(where, "an object", value);
  return Object.fromEntries(Object.entries(value));
}

/** Kinds and parts that no layer has change nothing. */
function parts(
  value: unknown,
  where: string,
  number: (value: unknown, where: string) => number,
): Readonly<Record<string, number>> {
  const given = Object.entries(fields(value, where));
  return Object.fromEntries(given.map(([kind, part]) => [kind, number(part, `${where}.${kind}`)]));
}

function text(value: unknown, where: string): string {
  if (typeof value !== "string" || value.trim() === "") throw wrong(where, "a text", value);
  return value;
}

function positive(value: unknown, where: string): number {
  if (!isNumber(value) || value <= 0) throw wrong(where, "a number above 0", value);
  return value;
}

function notNegative(value: unknown, where: string): number {
  if (!isNumber(value) || value < 0) throw wrong(where, "a number of at least 0", value);
  return value;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function wrong(where: string, expected: string, value: unknown): OptionError {
  const given = value === undefined ? "it is missing" : `it is ${describeValue(value)}`;
  return new OptionError(`${where} must be ${expected}, but ${given}`);
}
