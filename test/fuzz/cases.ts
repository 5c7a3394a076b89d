// The process that tries cases: `cases.ts FORMAT SEED FROM TO`, told by fuzz.ts. Says each case before it is tried, so that the one that a
// process hangs in or dies of is known.
import type { FuzzedFormat } from "./corpus.ts";
import { MOST_BYTES, tryCase, type CaseReport } from "./exercise.ts";

export type CaseMessage = { readonly begins: number } | { readonly number: number; readonly report: CaseReport };

const [format, seed, from, to] = process.argv.slice(2);

process.on("disconnect", () => process.exit());
for (let number = Number(from); number < Number(to); number += 1) {
  process.send?.({ begins: number } satisfies CaseMessage);
  const report = await tryCase(format as FuzzedFormat, Number(seed), number);
  const { rss } = process.memoryUsage();
  const large = rss > MOST_BYTES ? { fault: `the process takes ${Math.round(rss / 1e6)} MB` } : {};
  process.send?.({ number, report: { ...large, ...report } } satisfies CaseMessage);
}
process.disconnect();
