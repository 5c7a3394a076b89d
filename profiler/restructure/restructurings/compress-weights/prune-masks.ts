import { allocate, type DensityPoint } from "../../../compression/allocate.ts";
import { minus } from "../../../compression/output-error.ts";
import {
  blockSaliencies,
  mostSalient,
  patternMask,
  refitted,
  saliencies,
  stagedMask,
  type FitEffort,
} from "../../../compression/prune.ts";
import type { Matrix } from "../../../numeric/matrix.ts";
import type { LayerId, NeutralGraph } from "../../../neutral/neutral-graph.ts";
import { followSamples, type LayerInputs, type WeightedLayer } from "../../approximation/follow-samples.ts";
import type { ActivationSource, RewriteContext } from "../../restructuring.ts";
import { problemTools } from "./compress-layers.ts";
import { columnsOf } from "./weighted-layers.ts";
import { weightProblem, type WeightProblem } from "./weight-problem.ts";

export type Pattern = "none" | "2:4" | "1:4" | "1x4";

/** Inputs of a block of the pattern 1x4. */
const BLOCK = 4;

/** Weights that go and stay together, for which the share that stays is free. */
function isFree(pattern: Pattern): boolean {
  return pattern === "none" || pattern === "1x4";
}

/** Shares of a layer's weights at which its error is looked at. */
const DENSITIES = [1, 0.5, 0.25, 0.12, 0.07, 0.045, 0.03, 0.02, 0.013, 0.008, 0.005] as const;
/** The curves need not be as exact as the weights. */
const EFFORT_OF_CURVES: FitEffort = { steps: 6, cubes: 1e9 };

/** What a layer's weights cost to take out. */
interface PruningCosts {
  readonly layer: WeightedLayer;
  readonly costs: Float32Array;
  /** Empty where it keeps the share that was asked for. */
  readonly points: readonly DensityPoint[];
}

/** Of networks on their samples: the same whatever sparsity is asked for. Let go with the samples. */
const KNOWN_COSTS = new WeakMap<ActivationSource, Map<string, Promise<readonly PruningCosts[]>>>();

/** Which weights of a layer stay, in the network with the layers before it pruned; 1 where one stays. */
export type MaskOf = (problem: WeightProblem) => Promise<Uint8Array>;

/**
 * Which weights stay, by what they cost in the network as it is. Of several layers each keeps as many as make the
 * least error altogether, measured on samples that its weights are not fitted to.
 */
export async function masksOf(
  graph: NeutralGraph,
  layers: readonly WeightedLayer[],
  sparsity: number,
  pattern: Pattern,
  context: RewriteContext,
  copies: number,
): Promise<ReadonlyMap<LayerId, MaskOf>> {
  const found = await costsOf(graph, layers, pattern, context, copies);
  const total = found.reduce((sum, { costs }) => sum + costs.length, 0);
  const [only] = found;
  const kept = Math.round((1 - sparsity) * total);
  const counts =
    found.length === 1 && only
      ? [kept]
      : allocate(
          found.map(({ points }) => points),
          kept,
        );
  return new Map(
    found.map(({ layer, costs }, index): [LayerId, MaskOf] => {
      if (pattern === "none")
        return [layer.id, ({ target, error }) => stagedMask(target, error, costs, counts[index] ?? costs.length)];
      if (pattern === "1x4") {
        const mask = mostSalient(costs, counts[index] ?? costs.length);
        return [layer.id, () => Promise.resolve(mask)];
      }
      const mask = patternMask(costs, columnsOf(layer.form), pattern === "2:4" ? 2 : 1, 4);
      return [layer.id, () => Promise.resolve(mask)];
    }),
  );
}

async function costsOf(
  graph: NeutralGraph,
  layers: readonly WeightedLayer[],
  pattern: Pattern,
  context: RewriteContext,
  copies: number,
): Promise<readonly PruningCosts[]> {
  const { activations, seed } = context;
  const needsCurves = layers.length > 1 && isFree(pattern);
  const isOfBlocks = pattern === "1x4";
  if (activations === undefined) return measuredCosts(graph, layers, { needsCurves, isOfBlocks }, context, copies);
  const known = KNOWN_COSTS.get(activations) ?? new Map<string, Promise<readonly PruningCosts[]>>();
  KNOWN_COSTS.set(activations, known);
  const key = `${layers.map(({ id }) => id).join()} ${needsCurves} ${isOfBlocks} ${seed} ${copies}`;
  const costs = known.get(key) ?? measuredCosts(graph, layers, { needsCurves, isOfBlocks }, context, copies);
  known.set(key, costs);
  costs.catch(() => known.delete(key));
  return costs;
}

async function measuredCosts(
  graph: NeutralGraph,
  layers: readonly WeightedLayer[],
  { needsCurves, isOfBlocks }: { readonly needsCurves: boolean; readonly isOfBlocks: boolean },
  context: RewriteContext,
  copies: number,
): Promise<readonly PruningCosts[]> {
  const tools = { ...problemTools(graph, context.seed), holdsOut: true as const };
  const found: PruningCosts[] = [];
  const measure = async (layer: WeightedLayer, inputs: LayerInputs | undefined): Promise<undefined> => {
    const problem = await weightProblem(layer, inputs, tools);
    const { weights, error, energy } = problem;
    const each = await saliencies(weights, error, energy > 0 ? energy : sumOfSquares(weights));
    const costs = isOfBlocks ? blockSaliencies(each, weights.columns, BLOCK) : each;
    found.push({ layer, costs, points: needsCurves ? await densityCurve(problem, costs) : [] });
    return undefined;
  };
  if (context.activations === undefined) for (const layer of layers) await measure(layer, undefined);
  else await followSamples(graph, layers, context, measure, { copies });
  return found;
}

async function densityCurve(problem: WeightProblem, costs: Float32Array): Promise<readonly DensityPoint[]> {
  const points: DensityPoint[] = [];
  const sorted = costs.toSorted();
  for (const density of DENSITIES) {
    const kept = Math.round(density * costs.length);
    if (kept === costs.length) {
      points.push({ kept, error: 0 });
      continue;
    }
    const weights = await refitted(problem.weights, problem.error, mostSalient(costs, kept, sorted), EFFORT_OF_CURVES);
    points.push({ kept, error: await problem.heldOutError(minus(weights, problem.weights)) });
  }
  return points;
}

function sumOfSquares({ data }: Matrix): number {
  return data.reduce((sum, value) => sum + value * value, 0);
}
