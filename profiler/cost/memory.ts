import type { Layer } from "../layers/layer.ts";
import type { MemoryTimeline, PeakMemory } from "../profile.ts";
import { arenaBytes, placeBlocks, type Block } from "./arena.ts";
import { buffersOf, type Buffer, type EntryKeys } from "./lifetimes.ts";

/** What one run needs in memory beside its weights. */
export interface MemoryPlan {
  /** Size of the arena; null when the size of a tensor in it is unknown. */
  readonly bytes: number | null;
  readonly peak: PeakMemory;
  /** null when the size of a tensor in it is unknown. */
  readonly timeline: MemoryTimeline | null;
}

const NOTHING: PeakMemory = { layer: null, tensors: [] };

/** Plans the arena of one run: counted layers that compute. Shape arithmetic and folded constants are settled before a run starts. */
export function planMemory(layers: readonly Layer[], keys: EntryKeys): MemoryPlan {
  const steps = layers.filter(({ isCounted, role }) => isCounted && role === "compute");
  const buffers = buffersOf(steps, keys);
  const sized: Sized[] = [];
  for (const buffer of buffers) {
    if (buffer.bytes === null) return { bytes: null, peak: NOTHING, timeline: null };
    // Beyond the last step there is nothing to collide with.
    if (buffer.bytes > 0)
      sized.push({ buffer, bytes: buffer.bytes, first: buffer.first, last: lastStep(buffer, steps) });
  }
  const timeline = timelineOf(steps, sized);
  if (sized.length === 0) return { bytes: 0, peak: NOTHING, timeline };
  const step = fullestStep(sized, steps.length);
  const tensors = sized
    .filter(({ first, last }) => first <= step && step <= last)
    .map(({ buffer, bytes }) => ({ name: tenantAt(buffer, step), bytes }))
    .sort((a, b) => b.bytes - a.bytes);
  const peak = { layer: steps[step]?.index ?? null, tensors };
  return { bytes: arenaBytes(sized, placeBlocks(sized)), peak, timeline };
}

interface Sized extends Block {
  readonly buffer: Buffer;
}

function timelineOf(steps: readonly Layer[], sized: readonly Sized[]): MemoryTimeline {
  const buffers = sized.map(({ buffer: { tenants }, bytes, first, last }) => ({ bytes, first, last, tenants }));
  return { layers: steps.map(({ index }) => index), buffers };
}

function lastStep({ last }: Buffer, steps: readonly Layer[]): number {
  return Math.min(last, steps.length - 1);
}

/** The first step with most bytes alive. */
function fullestStep(blocks: readonly Block[], steps: number): number {
  const change = new Float64Array(steps + 1);
  for (const { bytes, first, last } of blocks) {
    change[first] = (change[first] ?? 0) + bytes;
    change[last + 1] = (change[last + 1] ?? 0) - bytes;
  }
  let fullest = 0;
  let most = 0;
  let alive = 0;
  change.forEach((bytes, step) => {
    alive += bytes;
    if (alive > most) [most, fullest] = [alive, step];
  });
  return fullest;
}

/** Who is in a buffer at a step: the latest tensor that took it over, while a layer that computes in place already its output. */
function tenantAt({ tenants }: Buffer, step: number): string {
  return (tenants.findLast((tenant) => tenant.step <= step) ?? tenants[0])?.name ?? "";
}
