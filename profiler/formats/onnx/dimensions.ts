import { HIGHEST_RANK } from "../../model/shape.ts";

/** More elements along one axis than any device's memory has bytes; sums and products of such sizes would lose digits. */
const LARGEST_DIMENSION = 2 ** 40;

/** What is wrong with a shape of so many axes, or undefined when nothing is. */
export function rankFault(rank: number): string | undefined {
  return rank > HIGHEST_RANK ? `a shape of ${rank} axes; the limit is ${HIGHEST_RANK} (HIGHEST_RANK)` : undefined;
}

/** Names are words, and expressions of exporters sums of some. Each is read, compared and written for each tensor that has it. */
const LONGEST_DIMENSION_NAME = 4096;

/** What is wrong with a dimension's name, or undefined when nothing is. */
export function dimensionNameFault({ length }: string): string | undefined {
  if (length <= LONGEST_DIMENSION_NAME) return undefined;
  return `a dimension whose name has ${length} characters; the limit is ${LONGEST_DIMENSION_NAME} (LONGEST_DIMENSION_NAME)`;
}

/** What is wrong with a size that a file gives, or undefined when nothing is. */
export function dimensionFault(size: number): string | undefined {
  if (size < 0) return `a dimension of ${size}; a dimension is never negative`;
  if (size > LARGEST_DIMENSION) return `a dimension of ${size}; the limit is ${LARGEST_DIMENSION} (LARGEST_DIMENSION)`;
  return undefined;
}
