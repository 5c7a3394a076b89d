import { bitsOf, isFloat, type DataType } from "../model/data-type.ts";
import type { EnergyParts } from "../profile.ts";

/**
 * Energy in 45 nm, from the table of Horowitz ("Computing's energy problem", ISSCC 2014) as printed in EIE (Han et al., ISCA 2016).
 * All in picojoules.
 */

/** For each 32 bits; narrower accesses pay their share. */
const WORD_BITS = 32;
export const WORD_BYTES = WORD_BITS / 8;
const REGISTER = 1;
export const SRAM_32_KB = 5;
export const DRAM = 640;

/** A MAC reads two operands from registers and writes its sum. */
const REGISTER_ACCESSES = 3;

interface Arithmetic {
  readonly bits: number;
  readonly add: number;
  readonly multiply: number;
}

/** Narrowest first. Widths between two rows are computed at the wider one, wider types as several of the widest. */
const FLOAT: readonly Arithmetic[] = [
  { bits: 16, add: 0.4, multiply: 1.1 },
  { bits: 32, add: 0.9, multiply: 3.7 },
];
const INTEGER: readonly Arithmetic[] = [
  { bits: 8, add: 0.03, multiply: 0.2 },
  { bits: 32, add: 0.1, multiply: 3.1 },
];

/** What a layer does, as far as energy is concerned: of all its runs in one inference. */
export interface Work {
  readonly macs: number;
  readonly otherOps: number;
  /** Type the arithmetic is done in; undefined only where there is none. */
  readonly type: DataType | undefined;
  readonly weightBytes: number;
  /** Read and written. */
  readonly activationBytes: number;
}

/** Which memories hold what, on the chosen hardware. */
export interface Placement {
  readonly weightsOnChip: boolean;
  readonly activationsOnChip: boolean;
}

/** Picojoules of one inference; null when the work has no known width. */
export function energyOf(work: Work, placement: Placement): EnergyParts | null {
  const arithmetic = arithmeticEnergy(work);
  if (arithmetic === null) return null;
  return {
    arithmetic,
    weights: (work.weightBytes / WORD_BYTES) * (placement.weightsOnChip ? SRAM_32_KB : DRAM),
    activations: (work.activationBytes / WORD_BYTES) * (placement.activationsOnChip ? SRAM_32_KB : DRAM),
  };
}

export function totalEnergy({ arithmetic, weights, activations }: EnergyParts): number {
  return arithmetic + weights + activations;
}

/** Picojoules of the operations of one type. */
export interface OperationEnergy {
  readonly add: number;
  readonly multiply: number;
  /** Register accesses of one MAC. */
  readonly registers: number;
}

/** undefined for types without a width. */
export function operationEnergy(type: DataType): OperationEnergy | undefined {
  const bits = bitsOf(type);
  if (bits === undefined) return undefined;
  const { add, multiply } = arithmeticOf(type, bits);
  return { add, multiply, registers: (REGISTER_ACCESSES * REGISTER * bits) / WORD_BITS };
}

function arithmeticEnergy({ macs, otherOps, type }: Work): number | null {
  if (macs === 0 && otherOps === 0) return 0;
  const energy = type && operationEnergy(type);
  return energy ? macs * (energy.multiply + energy.add + energy.registers) + otherOps * energy.add : null;
}

function arithmeticOf(type: DataType, bits: number): Arithmetic {
  const table = isFloat(type) || type.startsWith("complex") ? FLOAT : INTEGER;
  const row = table.find((candidate) => candidate.bits >= bits);
  if (row) return row;
  const words = Math.ceil(bits / WORD_BITS);
  const { add, multiply } = table.at(-1) ?? { add: 0, multiply: 0 };
  return { bits, add: words * add, multiply: words * multiply };
}
