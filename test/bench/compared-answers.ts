import type { ComparisonJson } from "../../profiler/cli/commands/compare.ts";
import { formatShare } from "../../profiler/format-numbers.ts";

/** Runs a command line of Edgewise; settles with what it said. */
export type Edgewise = (args: readonly string[]) => Promise<string>;

/** `edgewise compare`, as JSON. @param testing options that say on what */
export async function compared(
  edgewise: Edgewise,
  model: string,
  edited: string,
  testing: readonly string[],
): Promise<ComparisonJson> {
  return JSON.parse(await edgewise(["compare", model, edited, ...testing, "--json"])) as ComparisonJson;
}

/** Right answers before and after, answers that stay and the SNR of the first output, as cells; empty where nothing tells. */
export function answerCells({
  outputs,
}: ComparisonJson): Readonly<Record<"before" | "after" | "same" | "snr", string>> {
  const { snr, rms, top1 } = outputs[0]?.difference ?? {};
  const share = (value: number | null | undefined): string => (typeof value === "number" ? formatShare(value) : "");
  return {
    before: share(top1?.accuracy?.a),
    after: share(top1?.accuracy?.b),
    same: share(top1?.agreement),
    // JSON has no infinity, neither that of nothing that differs nor that of answers that are no numbers.
    snr: typeof snr === "number" ? `${snr.toFixed(1)} dB` : rms === 0 ? "∞" : "",
  };
}
