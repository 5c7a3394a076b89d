import type { NeutralGraph } from "../../../neutral/neutral-graph.ts";
import { POSITIONS_PER_SAMPLE } from "../../approximation/patches.ts";
import type { TensorId } from "../../../model/model.ts";
import { linearSizes, type LinearLayer } from "./linear-layer.ts";

/** Layers none of which sees what another of them makes: one run over the samples fits them all. */
export type Stage = readonly LinearLayer[];

/** Layers in stages: what a layer reads depends on layers of earlier stages alone. */
export function stagesOf(graph: NeutralGraph, fitted: readonly LinearLayer[]): readonly Stage[] {
  const known = new Map(fitted.map((layer) => [layer.id, layer]));
  // Fitted layers on the longest way to a tensor.
  const depths = new Map<TensorId, number>();
  const stages: LinearLayer[][] = [];
  for (const { id, inputs, outputs } of graph.layers) {
    const depth = inputs.reduce((deepest, input) => Math.max(deepest, depths.get(input) ?? 0), 0);
    const layer = known.get(id);
    if (layer) (stages[depth] ??= []).push(layer);
    for (const output of outputs) depths.set(output, depth + (layer ? 1 : 0));
  }
  return stages;
}

/** Outputs of the whole network, in floats, that are held until their layers' turn comes: 256 MB. */
const MOST_HELD = 2 ** 26;

/** Activations of one sample, in floats, that one run gives out: a batch of the largest pictures takes 128 MB. */
const MOST_CAPTURED = 2 ** 22;

/** Neighbouring stages whose outputs are taken from one run of the whole network. */
export function runsOf(graph: NeutralGraph, stages: readonly Stage[], samples: number): readonly (readonly Stage[])[] {
  const runs: Stage[][] = [];
  let [held, captured] = [Infinity, Infinity];
  for (const stage of stages) {
    const more = stage.reduce((sum, layer) => sum + outputsHeld(layer, samples), 0);
    const inputs = stage.reduce((sum, layer) => sum + elementsPerSample(graph, layer), 0);
    const last = runs.at(-1);
    if (last && held + more <= MOST_HELD && captured + inputs <= MOST_CAPTURED) {
      last.push(stage);
      [held, captured] = [held + more, captured + inputs];
    } else {
      runs.push([stage]);
      [held, captured] = [more, inputs];
    }
  }
  return runs;
}

function outputsHeld({ form }: LinearLayer, samples: number): number {
  return samples * linearSizes(form).outputs * (form.kind === "conv" ? POSITIONS_PER_SAMPLE : 1);
}

/** Sizes that only a run can tell count as one. */
function elementsPerSample({ tensors }: NeutralGraph, { inputs }: LinearLayer): number {
  const [, ...sizes] = tensors[inputs[0] ?? -1]?.shape ?? [];
  return sizes.reduce<number>((product, size) => product * (typeof size === "number" ? size : 1), 1);
}
