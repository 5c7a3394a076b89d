import * as v from "valibot";
import type { LayerKind } from "../operators/operation.ts";
import type { DataType } from "../model/data-type.ts";
import { bitsOf, isFloat } from "../model/data-type.ts";
import { OptionError } from "../errors.ts";
import { checked, fields, notNegative, positive, text } from "../outside-data.ts";
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

const NAMED = fields({ name: v.pipe(text, v.regex(NAME, "letters, digits, dots, dashes and underscores")) });

// Kinds and parts that no layer has change nothing.
const PROFILE = fields({
  ...NAMED.entries,
  description: text,
  peakMacsPerSecond: fields({ float32: positive, float16: positive, int8: positive } satisfies Record<
    ComputeType,
    unknown
  >),
  bandwidthBytesPerSecond: positive,
  onChipBytes: notNegative,
  secondsPerOperator: notNegative,
  efficiency: v.exactOptional(v.record(v.string(), positive, "an object")),
  kernels: v.exactOptional(v.record(v.string(), notNegative, "an object")),
  sources: fields({
    peakMacsPerSecond: text,
    bandwidthBytesPerSecond: text,
    onChipBytes: text,
    secondsPerOperator: text,
    efficiency: v.exactOptional(text),
    kernels: v.exactOptional(text),
  } satisfies Record<NumberField | "efficiency" | "kernels", unknown>),
});

/**
 * Takes a profile from settings or a file.
 * @param where what an error message calls it until its name is known
 * @throws {OptionError} naming the field and what it should hold
 */
export function parseHardwareProfile(data: unknown, where: string): HardwareProfile {
  const refuse = (message: string): OptionError => new OptionError(message);
  const { name } = checked(NAMED, data, where, refuse);
  return checked(PROFILE, data, `hardware profile ${name}`, refuse);
}
