import type { HardwareProfile } from "../hardware/hardware-profile.ts";
import type { Layer } from "../layers/layer.ts";
import type { ListingEdit } from "../layers/listing.ts";
import type { ConstantOrigin } from "../operators/inferred-type.ts";
import { CostColumns, type CostSums } from "./cost-columns.ts";
import type { Placement } from "./energy.ts";
import { weightsOfClaim, type CarrierOf } from "./parameters.ts";
import { costOf, costsAt, costsOf, ownCountsOf, placementOf, type LayerCost } from "./layer-cost.ts";

/** Costs of a model that edits start from, for all of them. */
interface KnownCosts {
  readonly hardware: HardwareProfile;
  /** Where weights and activations are before an edit: most edits leave it so. */
  readonly placement: Placement;
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
  const { costs, placement } = costsOf(layers, hardware, arenaBytes);
  const users = new Map<ConstantOrigin, number[]>();
  costs.forEach(({ own }, row) => {
    for (const part of own.claim.parts) {
      const others = users.get(part);
      if (others) others.push(row);
      else users.set(part, [row]);
    }
  });
  const found = { hardware, placement, columns: new CostColumns(costs), others: new Map(), users };
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
 * Sums of an edited model's costs, of which only those are computed that the edit brings.
 * @param arenaBytes of the edited model
 * @param arenaBytesBefore of the model before
 * @returns undefined where others may change with them: shared weights, what fits on the chip, or learned kernels, which see what stands
 * beside a layer
 */
export function editedSums(
  { before, runs }: ListingEdit,
  hardware: HardwareProfile,
  arenaBytes: number | null,
  arenaBytesBefore: number | null,
): CostSums | undefined {
  if (hardware.kernels) return undefined;
  const known = knownCosts(before, hardware, arenaBytesBefore);
  const carrierOf = editedCarriers({ before, runs }, known.users);
  if (carrierOf === undefined) return undefined;
  const sumsAt = (placement: Placement): CostSums => {
    const cost = (layer: Layer): LayerCost => {
      const own = ownCountsOf(layer);
      return costOf(layer, own, weightsOfClaim(layer, own.claim, carrierOf), placement, hardware);
    };
    const columns = columnsAt(known, before, placement);
    return columns.sum(runs.parts.map(({ from, to, came: rows }) => ({ from, to, came: rows.map(cost) })));
  };
  // What weights take does not depend on where they are.
  const sums = sumsAt(known.placement);
  const now = placementOf(sums.unknownWeights > 0 ? null : sums.weightBytes, arenaBytes, hardware);
  return keyOf(now) === keyOf(known.placement) ? sums : sumsAt(now);
}

/**
 * Who has the constants that rows which came compute with: see `assignWeights`.
 * @param users rows before the edit that compute with a constant
 * @returns undefined where a row that stays has a constant that it had not, or has one no more
 */
function editedCarriers(
  { before, runs }: ListingEdit,
  users: KnownCosts["users"],
): CarrierOf | undefined {
  const isGone = new Set(runs.gone);
  const carriers = new Map<ConstantOrigin, Layer>();
  const asked = new Set<ConstantOrigin>();
  const newUsers = new Map<ConstantOrigin, { readonly layer: Layer; readonly behind: number }[]>();
  for (const row of runs.gone) {
    const layer = before[row];
    if (layer) for (const part of ownCountsOf(layer).claim.parts) asked.add(part);
  }
  for (const { to: behind, came } of runs.parts) {
    for (const layer of came) {
      for (const part of ownCountsOf(layer).claim.parts) {
        asked.add(part);
        const others = newUsers.get(part);
        if (others) others.push({ layer, behind });
        else newUsers.set(part, [{ layer, behind }]);
      }
    }
  }
  for (const part of asked) {
    const old = users.get(part) ?? [];
    const isCounted = (row: number): boolean => before[row]?.isCounted === true;
    const carrier = old.find(isCounted) ?? old[0];
    const kept = old.filter((row) => !isGone.has(row));
    const keptCounted = kept.find(isCounted);
    const first = keptCounted ?? kept[0];
    const came = newUsers.get(part) ?? [];
    const cameCounted = came.find(({ layer }) => layer.isCounted);
    const other = cameCounted ?? came[0];
    const isCountedAlike = (cameCounted === undefined) === (keptCounted === undefined);
    const isCameFirst =
      other !== undefined &&
      (first === undefined || (isCountedAlike ? other.behind <= first : cameCounted !== undefined));
    const keeps = isCameFirst ? undefined : first;
    // The row that has it must be the one that had it, or one that came while that went.
    if (keeps === undefined ? carrier !== undefined && !isGone.has(carrier) : keeps !== carrier) return undefined;
    const has = isCameFirst ? other.layer : before[first ?? -1];
    if (has) carriers.set(part, has);
  }
  return (part) => carriers.get(part);
}
