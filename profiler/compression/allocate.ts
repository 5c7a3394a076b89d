/** What a layer loses at one of its densities. */
export interface DensityPoint {
  /** Weights that stay. */
  readonly kept: number;
  /** Squared error of the layer's outputs as a share of their energy. */
  readonly error: number;
}

/**
 * How many weights each layer keeps, so that the layers' errors together are least: from the densest on, always the step that costs the
 * least error for each weight that goes, of the curves' convex hulls.
 * @param layers points of each layer, the most weights first
 * @param kept weights that may stay altogether
 * @returns weights that each layer keeps; between two points in proportion
 */
export function allocate(layers: readonly (readonly DensityPoint[])[], kept: number): readonly number[] {
  const hulls = layers.map(convexHull);
  const places = hulls.map(() => 0);
  const counts = hulls.map((points) => points[0]?.kept ?? 0);
  let total = counts.reduce((sum, count) => sum + count, 0);
  while (total > kept) {
    let best = -1;
    let least = Infinity;
    for (const [layer, points] of hulls.entries()) {
      const slope = slopeAt(points, places[layer] ?? 0);
      if (slope >= least) continue;
      least = slope;
      best = layer;
    }
    const from = hulls[best]?.[places[best] ?? 0];
    const to = hulls[best]?.[(places[best] ?? 0) + 1];
    if (from === undefined || to === undefined) break;
    const step = Math.min(from.kept - to.kept, total - kept);
    counts[best] = from.kept - step;
    total -= step;
    places[best] = (places[best] ?? 0) + 1;
  }
  return counts;
}

/**
 * The same where only the points themselves can be had, of all layers together no more than `kept`: what the last step leaves free goes
 * to where it saves the most error.
 * @param layers points of each layer, the largest first
 * @returns the point of each layer; undefined where even the smallest are too much
 */
export function chosenWithin(
  layers: readonly (readonly DensityPoint[])[],
  kept: number,
): readonly number[] | undefined {
  const hulls = layers.map(convexHull);
  const places = hulls.map(() => 0);
  let total = hulls.reduce((sum, points) => sum + (points[0]?.kept ?? 0), 0);
  while (total > kept) {
    const slopes = hulls.map((points, layer) => slopeAt(points, places[layer] ?? 0));
    const best = slopes.indexOf(Math.min(...slopes));
    const [from, to] = [hulls[best]?.[places[best] ?? 0], hulls[best]?.[(places[best] ?? 0) + 1]];
    if (from === undefined || to === undefined) return undefined;
    total -= from.kept - to.kept;
    places[best] = (places[best] ?? 0) + 1;
  }
  const chosen = hulls.map((points, layer) => points[places[layer] ?? 0]);
  for (;;) {
    let [gain, layerOfBest, pointOfBest] = [0, -1, undefined as DensityPoint | undefined];
    for (const [layer, points] of layers.entries()) {
      const now = chosen[layer];
      for (const point of points) {
        if (!now || point.kept < now.kept || total + point.kept - now.kept > kept || now.error - point.error <= gain)
          continue;
        [gain, layerOfBest, pointOfBest] = [now.error - point.error, layer, point];
      }
    }
    const before = chosen[layerOfBest];
    if (before === undefined || pointOfBest === undefined) break;
    total += pointOfBest.kept - before.kept;
    chosen[layerOfBest] = pointOfBest;
  }
  return layers.map((points, layer) => {
    const point = chosen[layer];
    return point ? points.indexOf(point) : 0;
  });
}

/** Error for each weight that goes. */
function slopeAt(points: readonly DensityPoint[], place: number): number {
  const [from, to] = [points[place], points[place + 1]];
  return from && to ? (to.error - from.error) / (from.kept - to.kept) : Infinity;
}

/** Points below every line between two others. */
function convexHull(points: readonly DensityPoint[]): readonly DensityPoint[] {
  const hull: DensityPoint[] = [];
  for (const point of points) {
    for (;;) {
      const [before, last] = [hull.at(-2), hull.at(-1)];
      if (before === undefined || last === undefined) break;
      const isBelow =
        (last.error - before.error) * (before.kept - point.kept) <=
        (point.error - before.error) * (before.kept - last.kept);
      if (isBelow) break;
      hull.pop();
    }
    hull.push(point);
  }
  return hull;
}
