import { BIG_CORES, DEFAULT_THREADS, type DeviceFacts, type RunOptions } from "../target.ts";

/** Cores that a run is bound to, null for any, and its threads: unless they are given, no more than cores it may run on, or the big ones. */
export function coresAndThreads(
  { cores: wanted, threads }: RunOptions,
  { bigCores, cores: count }: Pick<DeviceFacts, "bigCores" | "cores">,
): { readonly cores: readonly number[] | null; readonly threads: number } {
  const big = bigCores.length === 0 ? null : bigCores;
  const cores = wanted === BIG_CORES ? big : (wanted ?? null);
  const most = (cores ?? big)?.length ?? count ?? DEFAULT_THREADS;
  return { cores, threads: threads ?? Math.min(DEFAULT_THREADS, most) };
}
