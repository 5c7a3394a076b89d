// The process that tries a batch of cases, told by fuzz.ts: `cases.ts FORMAT SEED FROM TO`. The number of each case stands in the file
// that is its fourth descriptor before it is tried, so that the one that a process hangs in or dies of is known.
import { writeSync } from "node:fs";
import type { FuzzedFormat } from "./corpus.ts";
import { tryCase } from "./exercise.ts";

export type CaseMessage =
  | { readonly number: number; readonly fault: string }
  | { readonly tried: number; readonly refused: number; readonly longest: number; readonly seconds: number };

/** In bytes: numbers of cases as text, of one length so that each replaces the one before. */
const DIGITS = 12;
const PROGRESS = 4;
/** Resident memory, with what the engine itself takes. */
const MOST_BYTES = 1e9;
const KIBIBYTE = 1024;
/** Asking the system takes as long as a part of a case. */
const LOOKED_EVERY = 32;

const [format, seed, from, to] = process.argv.slice(2);
const sum = { tried: 0, refused: 0, longest: 0 };
let isLarge = false;

process.on("disconnect", () => process.exit());
for (let number = Number(from); number < Number(to); number += 1) {
  writeSync(PROGRESS, String(number).padStart(DIGITS), 0);
  const { fault, isRefused, seconds } = await tryCase(format as FuzzedFormat, Number(seed), number);
  sum.tried += 1;
  sum.refused += Number(isRefused);
  sum.longest = Math.max(sum.longest, seconds);
  if (fault !== undefined) tell({ number, fault });
  if (number % LOOKED_EVERY === 0 || number === Number(to) - 1) lookAtMemory(number);
}
const { user, system } = process.cpuUsage();
tell({ ...sum, seconds: (user + system) / 1e6 });
process.disconnect();

function lookAtMemory(number: number): void {
  const bytes = process.resourceUsage().maxRSS * KIBIBYTE;
  if (isLarge || bytes <= MOST_BYTES) return;
  isLarge = true;
  tell({
    number,
    fault: `the process took ${Math.round(bytes / 1e6)} MB in this case or one of the ${LOOKED_EVERY} before`,
  });
}

function tell(message: CaseMessage): void {
  process.send?.(message);
}
