import { RuntimeProducts } from "../../../runtime/runtime-products.ts";
import { SmallProducts } from "../../../numeric/small-products.ts";
import { followSamples, type LayerInputs, type WeightedLayer } from "../../approximation/follow-samples.ts";
import type { LinearForm } from "../../../neutral/forms.ts";
import type { LayerId, NeutralGraph } from "../../../neutral/neutral-graph.ts";
import type { Rewrite } from "../../../neutral/rewrite.ts";
import type { ActivationSource, RewriteContext } from "../../restructuring.ts";
import { compressedForm, type CompressedWeights } from "./compressed-form.ts";
import { weightProblem, type ProblemTools, type WeightProblem } from "./weight-problem.ts";

/** How one layer's weights become others. */
export type Technique = (problem: WeightProblem, layer: WeightedLayer) => Promise<CompressedWeights>;

/**
 * Layers with other weights, in the order they run: each makes up for what the ones before it changed. Without samples each is looked
 * at by its weights alone.
 * @param copies changed copies of each sample that are looked at too
 */
export async function compressLayers(
  graph: NeutralGraph,
  layers: readonly WeightedLayer[],
  context: RewriteContext,
  technique: Technique,
  copies = 0,
): Promise<Rewrite> {
  const tools = problemTools(graph, context.seed);
  const change = async (layer: WeightedLayer, inputs: LayerInputs | undefined): Promise<LinearForm> => {
    const problem = await weightProblem(layer, inputs, tools);
    const compressed = await technique(problem, layer);
    return compressedForm(layer.form, compressed, problem.biasShift(compressed.weights));
  };
  if (context.activations !== undefined) {
    const [only] = layers;
    if (layers.length === 1 && only)
      return oneLayer(graph, only, { ...context, activations: context.activations }, { technique, tools, copies });
    return { replace: await followSamples(graph, layers, context, change, { copies }) };
  }
  const replace = new Map<LayerId, LinearForm>();
  for (const [index, layer] of layers.entries()) {
    context.signal?.throwIfAborted();
    context.onProgress?.(index / layers.length, layer.name);
    replace.set(layer.id, await change(layer, undefined));
  }
  return { replace };
}

interface OneLayer {
  readonly technique: Technique;
  readonly tools: ProblemTools;
  readonly copies: number;
}

interface KnownProblem {
  readonly key: string;
  readonly problem: WeightProblem;
}

/** The last layer that was changed alone, on its samples: what it gets is the same whatever becomes of it. Let go with the samples. */
const KNOWN_PROBLEMS = new WeakMap<ActivationSource, KnownProblem>();

async function oneLayer(
  graph: NeutralGraph,
  layer: WeightedLayer,
  context: RewriteContext & { readonly activations: ActivationSource },
  { technique, tools, copies }: OneLayer,
): Promise<Rewrite> {
  const { activations, seed } = context;
  const key = `${layer.id} ${seed} ${copies}`;
  const known = KNOWN_PROBLEMS.get(activations);
  let problem = known?.key === key ? known.problem : undefined;
  if (problem === undefined) {
    KNOWN_PROBLEMS.delete(activations);
    const look = async (_: WeightedLayer, inputs: LayerInputs): Promise<undefined> => {
      problem = await weightProblem(layer, inputs, tools);
      return undefined;
    };
    await followSamples(graph, [layer], context, look, { copies });
  }
  if (problem === undefined) throw new RangeError(`no input leads to ${layer.name}`);
  KNOWN_PROBLEMS.set(activations, { key, problem });
  const compressed = await technique(problem, layer);
  const form = await compressedForm(layer.form, compressed, problem.biasShift(compressed.weights));
  return { replace: new Map([[layer.id, form]]) };
}

export function problemTools({ layout }: NeutralGraph, seed: number): ProblemTools {
  return { layout, seed, products: new RuntimeProducts(), small: new SmallProducts() };
}
