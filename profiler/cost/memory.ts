import type { Layer } from "../layers/layer.ts";
import type { ListingEdit } from "../layers/listing.ts";
import type { MemoryBuffer, MemoryTimeline, PeakMemory } from "../profile.ts";
import { count } from "../counters.ts";
import { arenaBytes, placeBlocks, type Block } from "./arena.ts";
import { buffersOf, type EntryKeys } from "./lifetimes.ts";
import { keepsLifetimes } from "./same-lifetimes.ts";

/** What one run needs in memory beside its weights. */
export interface MemoryPlan {
  /** Size of the arena; null when the size of a tensor in it is unknown. */
  readonly bytes: number | null;
  readonly peak: PeakMemory;
  /** null when the size of a tensor in it is unknown. */
  readonly timeline: MemoryTimeline | null;
}

const NOTHING: PeakMemory = { layer: null, tensors: [] };

/** By the layers: many edits start from one model, and most leave its lifetimes as they are. */
const PLANNED = new WeakMap<readonly Layer[], { readonly bytes: number | null; readonly keys: EntryKeys }>();

/**
 * `MemoryPlan.bytes` alone.
 * @param edit where the layers are those of an edited model
 */
export function plannedBytes(layers: readonly Layer[], keys: EntryKeys, edit?: ListingEdit): number | null {
  const known = PLANNED.get(layers);
  if (known && isSameKeys(known.keys, keys)) return known.bytes;
  const isAlike = edit && keepsLifetimes(edit, isStep);
  const bytes = isAlike ? plannedBytes(edit.before, keys) : bytesOfPlan(layers, keys);
  PLANNED.set(layers, { bytes, keys });
  return bytes;
}

function isSameKeys(a: EntryKeys, b: EntryKeys): boolean {
  return a.inputKeys.join() === b.inputKeys.join() && a.outputKeys.join() === b.outputKeys.join();
}

function bytesOfPlan(layers: readonly Layer[], keys: EntryKeys): number | null {
  const sized = sizedBuffers(layers.filter(isStep), keys);
  return sized && arenaBytes(sized, placeBlocks(sized));
}

/** Plans the arena of one run: counted layers that compute. Shape arithmetic and folded constants are settled before a run starts. */
export function planMemory(layers: readonly Layer[], keys: EntryKeys): MemoryPlan {
  const stepRows = [...layers.keys()].filter((row) => isStep(layers[row]));
  const steps = layers.filter(isStep);
  const sized = sizedBuffers(steps, keys);
  if (sized === null) return { bytes: null, peak: NOTHING, timeline: null };
  const timeline = { layers: stepRows, buffers: sized };
  if (sized.length === 0) return { bytes: 0, peak: NOTHING, timeline };
  const step = fullestStep(sized, steps.length);
  const tensors = sized
    .filter(({ first, last }) => first <= step && step <= last)
    .map((buffer) => ({ name: occupantAt(buffer, step), bytes: buffer.bytes }))
    .sort((a, b) => b.bytes - a.bytes);
  const peak = { layer: stepRows[step] ?? null, tensors };
  return { bytes: arenaBytes(sized, placeBlocks(sized)), peak, timeline };
}

/** What takes place in the arena; null when the size of a tensor in it is unknown. */
function sizedBuffers(steps: readonly Layer[], keys: EntryKeys): readonly MemoryBuffer[] | null {
  count("memoryPlans");
  const sized: MemoryBuffer[] = [];
  for (const { bytes, first, last, occupants } of buffersOf(steps, keys)) {
    if (bytes === null) return null;
    // Beyond the last step there is nothing to collide with.
    if (bytes > 0) sized.push({ bytes, first, last: Math.min(last, steps.length - 1), occupants });
  }
  return sized;
}

function isStep(layer: Layer | undefined): boolean {
  return layer?.isCounted === true && layer.role === "compute";
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
function occupantAt({ occupants }: MemoryBuffer, step: number): string {
  return (occupants.findLast((occupant) => occupant.step <= step) ?? occupants[0])?.name ?? "";
}
