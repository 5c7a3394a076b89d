/** More than any phone has: what is larger is a slip of the hand. */
const MOST_CORES = 256;

/**
 * @param text "0,4-7"
 * @returns the cores in order; null when the text names none
 */
export function parseCores(text: string): readonly number[] | null {
  const cores = new Set<number>();
  for (const part of text.split(",")) {
    const [, first, last = first] = /^\s*(\d{1,3})\s*(?:[-–]\s*(\d{1,3})\s*)?$/.exec(part) ?? [];
    if (first === undefined || Number(last) < Number(first) || Number(last) >= MOST_CORES) return null;
    for (let core = Number(first); core <= Number(last); core += 1) cores.add(core);
  }
  return [...cores].sort((a, b) => a - b);
}

/** "0, 4-7" */
export function coresText(cores: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const core of cores) {
    const run = runs.at(-1);
    if (run?.[1] === core - 1) run[1] = core;
    else runs.push([core, core]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(", ");
}
