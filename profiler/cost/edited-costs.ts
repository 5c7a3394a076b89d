import type { HardwareProfile } from "../hardware/hardware-profile.ts";
import type { Layer } from "../layers/layer.ts";
import type { ListingEdit } from "../layers/listing.ts";
import type { ConstantOrigin } from "../operators/inferred-type.ts";
import { CostColumns, type CostSums } from "./cost-columns.ts";
import type { Placement } from "./energy.ts";
import { costOf, costsOf, ownCountsOf, type LayerCost } from "./layer-cost.ts";
import { placementOf } from "./layer-cost.ts";

/** Costs of a model that edits start from, for all of them. */
interface KnownCosts {
  readonly hardware: HardwareProfile;
  readonly arenaBytes: number | null;
  readonly placement: Placement;
  readonly columns: CostColumns;
  /** Rows that compute with a constant, by the constant. */
  readonly users: ReadonlyMap<ConstantOrigin, readonly number[]>;
}

const KNOWN = new WeakMap<readonly Layer[], KnownCosts>();

function knownCosts(layers: readonly Layer[], hardware: HardwareProfile, arenaBytes: number | null): KnownCosts {
  const known = KNOWN.get(layers);
  if (known?.hardware === hardware && known.arenaBytes === arenaBytes) return known;
  const { costs, placement } = costsOf(layers, hardware, arenaBytes);
  const users = new Map<ConstantOrigin, number[]>();
  costs.forEach(({ own }, row) => {
    for (const part of own.claim.parts) {
      const others = users.get(part);
      if (others) others.push(row);
      else users.set(part, [row]);
    }
  });
  const found = { hardware, arenaBytes, placement, columns: new CostColumns(costs), users };
  KNOWN.set(layers, found);
  return found;
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
  const { placement, columns, users } = known;
  const isGone = new Set(runs.gone);
  const goneRows = runs.gone.flatMap((row) => before[row] ?? []);
  const came = runs.parts.flatMap((part) => part.came);
  const taken = new Set<ConstantOrigin>();
  const isOwn = (part: ConstantOrigin): boolean => users.get(part)?.every((row) => isGone.has(row)) ?? true;
  for (const layer of goneRows) if (!ownCountsOf(layer).claim.parts.every(isOwn)) return undefined;
  for (const layer of came) {
    for (const part of ownCountsOf(layer).claim.parts) {
      if (taken.has(part) || !isOwn(part)) return undefined;
      taken.add(part);
    }
  }
  const cost = (layer: Layer): LayerCost => {
    const own = ownCountsOf(layer);
    return costOf(layer, own, own.claim.whole, placement, hardware);
  };
  const sums = columns.sum(runs.parts.map(({ from, to, came: rows }) => ({ from, to, came: rows.map(cost) })));
  const now = placementOf(sums.unknownWeights > 0 ? null : sums.weightBytes, arenaBytes, hardware);
  const isPlacedAlike =
    now.weightsOnChip === placement.weightsOnChip && now.activationsOnChip === placement.activationsOnChip;
  return isPlacedAlike ? sums : undefined;
}
