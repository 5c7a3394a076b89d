import type { HardwareProfile } from "../hardware/hardware-profile.ts";
import type { Layer } from "../layers/layer.ts";
import type { ListingEdit } from "../layers/listing.ts";
import type { RunPart } from "../model/runs.ts";
import type { ConstantOrigin } from "../operators/inferred-type.ts";
import { CostColumns, type CostSums } from "./cost-columns.ts";
import type { Placement } from "./energy.ts";
import { weightsOfClaim, type CarrierOf } from "./parameters.ts";
import { kernelContexts } from "./kernel-work.ts";
import { costOf, costsAt, ownCountsOf, placedCosts, placementOf, type LayerCost } from "./layer-cost.ts";
import { learnedSeconds } from "./learned-costs.ts";

/** Costs of a model that edits start from, for all of them. */
interface KnownCosts {
  readonly hardware: HardwareProfile;
  /** Where weights and activations are before an edit: most edits leave it so. */
  readonly placement: Placement;
  readonly costs: readonly LayerCost[];
  readonly columns: CostColumns;
  /** Columns of other placements, which the first edit asks for that brings them. */
  readonly others: Map<string, CostColumns>;
  /** Rows that compute with a constant, by the constant. */
  readonly users: ReadonlyMap<ConstantOrigin, readonly number[]>;
}

const KNOWN = new WeakMap<readonly Layer[], KnownCosts>();

function knownCosts(layers: readonly Layer[], hardware: HardwareProfile, arenaBytes: number | null): KnownCosts {
  const known = KNOWN.get(layers);
  if (known?.hardware === hardware) return known;
  const { costs, placement } = placedCosts(layers, hardware, arenaBytes);
  const users = new Map<ConstantOrigin, number[]>();
  costs.forEach(({ own }, row) => {
    for (const part of own.claim.parts) {
      const others = users.get(part);
      if (others) others.push(row);
      else users.set(part, [row]);
    }
  });
  const found = { hardware, placement, costs, columns: new CostColumns(costs), others: new Map(), users };
  KNOWN.set(layers, found);
  return found;
}

function columnsAt(
  { hardware, placement, columns, others }: KnownCosts,
  layers: readonly Layer[],
  wanted: Placement,
): CostColumns {
  const key = keyOf(wanted);
  if (key === keyOf(placement)) return columns;
  const known = others.get(key) ?? new CostColumns(costsAt(layers, hardware, wanted));
  others.set(key, known);
  return known;
}

function keyOf({ weightsOnChip, activationsOnChip }: Placement): string {
  return `${weightsOnChip} ${activationsOnChip}`;
}

/**
 * Sums of an edited model's costs, of which only those are computed that the edit brings or changes.
 * @param layers of the edited model
 * @param arenaBytes of the edited model
 * @param arenaBytesBefore of the model before
 */
export function editedSums(
  layers: readonly Layer[],
  { before, runs }: ListingEdit,
  hardware: HardwareProfile,
  arenaBytes: number | null,
  arenaBytesBefore: number | null,
): CostSums {
  const known = knownCosts(before, hardware, arenaBytesBefore);
  const { carrierOf, changed } = editedCarriers({ before, runs }, known.users);
  const parts = changed.size === 0 ? runs.parts : withAgain(runs.parts, before, changed);
  const costAt =
    (placement: Placement) =>
    (layer: Layer): LayerCost => {
      const own = ownCountsOf(layer);
      return costOf(layer, own, weightsOfClaim(layer, own.claim, carrierOf), placement, hardware);
    };
  const sumsAt = (placement: Placement): CostSums => {
    const cost = costAt(placement);
    const columns = columnsAt(known, before, placement);
    return columns.sum(parts.map(({ from, to, came }) => ({ from, to, came: came.map(cost) })));
  };
  // What weights take does not depend on where they are.
  const sums = sumsAt(known.placement);
  const weightBytes = sums.unknownWeights > 0 ? null : sums.weightBytes;
  const now = placementOf(weightBytes, arenaBytes, hardware);
  const placed = keyOf(now) === keyOf(known.placement) ? sums : sumsAt(now);
  if (!hardware.kernels) return placed;
  const cost = costAt(known.placement);
  const costs = parts.flatMap(({ from, to, came }) => [...known.costs.slice(from, to), ...came.map(cost)]);
  return { ...placed, latencySeconds: learnedSum(layers, costs, weightBytes, hardware) };
}

/** Learned kernels see what stands beside a layer: each row is looked at, and costed again where that has changed. */
function learnedSum(
  layers: readonly Layer[],
  costs: readonly LayerCost[],
  weightBytes: number | null,
  hardware: HardwareProfile,
): number {
  const contextOf = kernelContexts(layers, weightBytes);
  return costs.reduce(
    (sum, cost, row) => sum + (cost.layer.isCounted ? (learnedSeconds(cost, contextOf(row), hardware) ?? 0) : 0),
    0,
  );
}

/** The same rows, with those that stay and are costed again among those that came. */
function withAgain(
  parts: ListingEdit["runs"]["parts"],
  before: readonly Layer[],
  again: ReadonlySet<number>,
): ListingEdit["runs"]["parts"] {
  return parts.flatMap(({ from, to, came }) => {
    const split: RunPart<Layer>[] = [];
    let start = from;
    for (let row = from; row < to; row += 1) {
      const layer = before[row];
      if (layer === undefined || !again.has(row)) continue;
      split.push({ from: start, to: row, came: [layer] });
      start = row + 1;
    }
    return [...split, { from: start, to, came }];
  });
}

interface Carriers {
  /** Who has a constant: see `assignWeights`. */
  readonly carrierOf: CarrierOf;
  /** Rows that stay, and share a constant that another row has now than before. */
  readonly changed: ReadonlySet<number>;
}

/** A row among those of an edited model: one of before, or one that came behind all that stood before a position there. */
type Place = { readonly row: number } | { readonly layer: Layer; readonly behind: number };

/** @param users rows before the edit that compute with a constant */
function editedCarriers({ before, runs }: ListingEdit, users: KnownCosts["users"]): Carriers {
  const isGone = new Set(runs.gone);
  const came = new Map<ConstantOrigin, { readonly layer: Layer; readonly behind: number }[]>();
  for (const row of runs.gone) for (const part of partsAt(before[row])) if (!came.has(part)) came.set(part, []);
  for (const { to: behind, came: layers } of runs.parts) {
    for (const layer of layers) {
      for (const part of partsAt(layer)) {
        const others = came.get(part);
        if (others) others.push({ layer, behind });
        else came.set(part, [{ layer, behind }]);
      }
    }
  }
  const carriers = new Map<ConstantOrigin, Layer | undefined>();
  const changed = new Set<number>();
  const isCounted = (row: number): boolean => before[row]?.isCounted === true;
  const ofBefore = (rows: readonly number[]): number | undefined => rows.find(isCounted) ?? rows[0];
  for (const [part, layers] of came) {
    const rows = users.get(part) ?? NOBODY;
    const kept = rows.filter((row) => !isGone.has(row));
    const carrier = firstOf(
      kept.map((row) => ({ row })),
      layers,
      (place) => ("row" in place ? isCounted(place.row) : place.layer.isCounted),
    );
    carriers.set(part, carrier && ("row" in carrier ? before[carrier.row] : carrier.layer));
    const row = carrier && "row" in carrier ? carrier.row : undefined;
    if (kept.length > 0 && row !== ofBefore(rows)) for (const user of kept) changed.add(user);
  }
  const carrierOf = (part: ConstantOrigin): Layer | undefined =>
    carriers.has(part) ? carriers.get(part) : before[ofBefore(users.get(part) ?? NOBODY) ?? -1];
  return { carrierOf, changed };
}

/** The first of both that counts, else the first. */
function firstOf(
  kept: readonly { readonly row: number }[],
  came: readonly { readonly layer: Layer; readonly behind: number }[],
  isCounted: (place: Place) => boolean,
): Place | undefined {
  for (const isWanted of [isCounted, () => true]) {
    const [old, fresh] = [kept.find(isWanted), came.find(isWanted)];
    if (old && fresh) return fresh.behind <= old.row ? fresh : old;
    if (old ?? fresh) return old ?? fresh;
  }
  return undefined;
}

function partsAt(layer: Layer | undefined): readonly ConstantOrigin[] {
  return layer ? ownCountsOf(layer).claim.parts : NOBODY;
}

const NOBODY: readonly never[] = [];
