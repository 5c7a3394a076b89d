import { allocate, type DensityPoint } from "../../../compression/allocate.ts";
import { minus } from "../../../compression/output-error.ts";
import { mostSalient, patternMask, refitted, saliencies } from "../../../compression/prune.ts";
import type { Matrix } from "../../../numeric/matrix.ts";
import type { LayerId, NeutralGraph } from "../../../neutral/neutral-graph.ts";
import { followSamples, type LayerInputs, type WeightedLayer } from "../../approximation/follow-samples.ts";
import type { RewriteContext } from "../../restructuring.ts";
import { problemTools } from "./compress-layers.ts";
import { columnsOf } from "./weighted-layers.ts";
import { weightProblem, type WeightProblem } from "./weight-problem.ts";

export type Pattern = "none" | "2:4" | "1:4";

/** Shares of a layer's weights at which its error is looked at. */
const DENSITIES = [1, 0.5, 0.25, 0.12, 0.07, 0.045, 0.03, 0.02, 0.013, 0.008, 0.005] as const;
/** The curves need not be as exact as the weights. */
const STEPS_OF_CURVES = 15;

/**
 * Which weights stay, by what they cost in the network as it is; 1 where one stays. Of several layers each keeps as many as make the
 * least error altogether, measured on samples that its weights are not fitted to.
 */
export async function masksOf(
  graph: NeutralGraph,
  layers: readonly WeightedLayer[],
  sparsity: number,
  pattern: Pattern,
  context: RewriteContext,
  copies: number,
): Promise<ReadonlyMap<LayerId, Uint8Array>> {
  const tools = { ...problemTools(graph, context.seed), holdsOut: true as const };
  const found: {
    readonly layer: WeightedLayer;
    readonly costs: Float32Array;
    readonly points: readonly DensityPoint[];
  }[] = [];
  const measure = async (layer: WeightedLayer, inputs: LayerInputs | undefined): Promise<undefined> => {
    const problem = await weightProblem(layer, inputs, tools);
    const { weights, error, energy } = problem;
    const costs = await saliencies(weights, error, energy > 0 ? energy : sumOfSquares(weights));
    const needsCurve = layers.length > 1 && pattern === "none";
    found.push({ layer, costs, points: needsCurve ? await densityCurve(problem, costs) : [] });
    return undefined;
  };
  if (context.activations === undefined) for (const layer of layers) await measure(layer, undefined);
  else await followSamples(graph, layers, context, measure, copies);
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
    found.map(({ layer, costs }, index): [LayerId, Uint8Array] => {
      if (pattern === "none") return [layer.id, mostSalient(costs, counts[index] ?? costs.length)];
      return [layer.id, patternMask(costs, columnsOf(layer.form), pattern === "2:4" ? 2 : 1, 4)];
    }),
  );
}

async function densityCurve(problem: WeightProblem, costs: Float32Array): Promise<readonly DensityPoint[]> {
  const points: DensityPoint[] = [];
  for (const density of DENSITIES) {
    const kept = Math.round(density * costs.length);
    if (kept === costs.length) {
      points.push({ kept, error: 0 });
      continue;
    }
    const weights = await refitted(problem.weights, problem.error, mostSalient(costs, kept), STEPS_OF_CURVES);
    points.push({ kept, error: await problem.heldOutError(minus(weights, problem.weights)) });
  }
  return points;
}

function sumOfSquares({ data }: Matrix): number {
  return data.reduce((sum, value) => sum + value * value, 0);
}
