import { readFileSync } from "node:fs";
import { formatOf } from "../formats/formats.ts";
import type { Model } from "../model/model.ts";

/** What a processor says of itself. */
export interface ProcessorFacts {
  /** As Node calls it. */
  readonly architecture: string;
  /** As Linux lists them; undefined where nobody tells. */
  readonly flags?: readonly string[];
}

/** Either has products of 8-bit integers that are summed in 32 bits. */
const EXACT = ["avx512_vnni", "avx_vnni"];

/**
 * Why what ONNX Runtime computes of a model on this machine is not what others compute. Processors of x86 without VNNI multiply unsigned
 * and signed bytes with vpmaddubsw, which adds pairs of products in 16 bits: 2 · 255 · 127 does not fit (Intel's "Lower numerical precision
 * deep learning inference and training", 2018).
 *
 * @returns undefined where it is: no integers are multiplied, or this machine does it as others do
 */
export function saturationOf(model: Model, facts: ProcessorFacts = thisProcessor()): string | undefined {
  if (facts.architecture !== "x64" || EXACT.some((flag) => facts.flags?.includes(flag))) return undefined;
  if (formatOf(model).integerProducts(model) === undefined) return undefined;
  return "this machine adds products of 8-bit integers in 16 bits, which saturate: a phone, where they do not, may be right and differ";
}

/**
 * Why answers of a model on this machine may be others elsewhere, though what is fused into products of integers is run in float where those
 * saturate: the file's own QLinearConv, MatMulInteger and the like.
 */
export function doubtOf(model: Model, facts: ProcessorFacts = thisProcessor()): string | undefined {
  if (saturationOf(model, facts) === undefined || formatOf(model).integerProducts(model) !== "own") return undefined;
  return `${model.file}: products of 8-bit integers saturate on this machine, which adds them in 16 bits; elsewhere its answers may be others`;
}

let known: ProcessorFacts | undefined;

function thisProcessor(): ProcessorFacts {
  known ??= { architecture: process.arch, ...flagsOnLinux() };
  return known;
}

function flagsOnLinux(): Pick<ProcessorFacts, "flags"> {
  if (process.platform !== "linux") return {};
  try {
    const [, flags] = /^flags\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8")) ?? [];
    return flags === undefined ? {} : { flags: flags.split(" ") };
  } catch {
    return {};
  }
}
