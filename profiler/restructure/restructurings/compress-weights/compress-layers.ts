import { RuntimeProducts } from "../../../numeric/products.ts";
import { SmallProducts } from "../../../numeric/small-products.ts";
import { followSamples, type LayerInputs, type WeightedLayer } from "../../approximation/follow-samples.ts";
import type { ConvForm, DenseForm } from "../../../neutral/forms.ts";
import type { LayerId, NeutralGraph } from "../../../neutral/neutral-graph.ts";
import type { Rewrite } from "../../../neutral/rewrite.ts";
import type { RewriteContext } from "../../restructuring.ts";
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
  const change = async (layer: WeightedLayer, inputs: LayerInputs | undefined): Promise<ConvForm | DenseForm> => {
    const problem = await weightProblem(layer, inputs, tools);
    const compressed = await technique(problem, layer);
    return compressedForm(layer.form, compressed, problem.biasShift(compressed.weights));
  };
  if (context.activations !== undefined)
    return { replace: await followSamples(graph, layers, context, change, { copies }) };
  const replace = new Map<LayerId, ConvForm | DenseForm>();
  for (const [index, layer] of layers.entries()) {
    context.signal?.throwIfAborted();
    context.onProgress?.(index / layers.length, layer.name);
    replace.set(layer.id, await change(layer, undefined));
  }
  return { replace };
}

export function problemTools({ layout }: NeutralGraph, seed: number): ProblemTools {
  return { layout, seed, products: new RuntimeProducts(), small: new SmallProducts() };
}
