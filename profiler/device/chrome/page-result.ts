import * as v from "valibot";
import { fields, jsonOf, notNegative, size } from "../../outside-data.ts";

const PAGE_RESULT = fields({
  loadSeconds: notNegative,
  firstSeconds: notNegative,
  runSeconds: v.pipe(v.array(notNegative), v.nonEmpty()),
  threads: size,
  /** Of the outputs, in the runtime's order. */
  shapes: v.array(v.array(size)),
  /** Whether something else was in front of the page for a while. */
  wasHidden: v.boolean(),
  browser: v.string(),
  /** The GPU, where one was asked for. */
  adapter: v.optional(v.nullable(v.string()), null),
});

const PAGE_PROGRESS = fields({ done: size, total: size });

/** What the page tells of its runs, which anything on the phone may have written. Times are seconds. */
export type PageResult = v.InferOutput<typeof PAGE_RESULT>;

/** @returns undefined for anything else */
export function readPageResult(text: string): PageResult | undefined {
  return jsonOf(PAGE_RESULT, text);
}

/** @returns undefined for anything else */
export function readPageProgress(text: string): v.InferOutput<typeof PAGE_PROGRESS> | undefined {
  return jsonOf(PAGE_PROGRESS, text);
}

/** "Chrome 126.0.6478.50"; null where the browser says otherwise. */
export function chromeVersion(browser: string): string | null {
  return /Chrome\/([\d.]+)/.exec(browser)?.[1] ?? null;
}
