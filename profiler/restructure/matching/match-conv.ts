import type { ConvForm } from "../../neutral/forms.ts";
import { whyNoInnerRange } from "./inner-range.ts";
import { isKind, type NeutralGraph, type NeutralLayer } from "../../neutral/neutral-graph.ts";
import type { EditOptions } from "../options.ts";
import { opaqueRefusals, whyOpaque } from "./opaque-refusals.ts";
import type { Finding } from "../restructuring.ts";

/** A convolution with constant weights, or the reason why the target is none. */
function matchConv(graph: NeutralGraph, target: string): NeutralLayer<ConvForm> | string {
  const layer = graph.layer(target);
  if (!layer) return "there is no such layer";
  if (!isKind(layer, "conv")) return whyOpaque(layer, `${layer.op} is not a convolution`);
  return layer;
}

/** A convolution in which every filter sees every channel. */
export function matchUngroupedConv(graph: NeutralGraph, target: string): NeutralLayer<ConvForm> | string {
  const layer = matchConv(graph, target);
  if (typeof layer === "string") return layer;
  return layer.form.groups === 1 ? layer : "its filters see only their group's channels";
}

/** A convolution that can become several, one behind the other. */
export function matchDivisibleConv(graph: NeutralGraph, target: string): NeutralLayer<ConvForm> | string {
  const layer = matchUngroupedConv(graph, target);
  return typeof layer === "string" ? layer : (whyNoInnerRange(graph, layer) ?? layer);
}

/**
 * Every convolution: where `match` takes it a candidate, else its reason; and those that only the way they are stored keeps from being one.
 * @param optionsFor options that suit a place better than the defaults
 */
export function findConvs<Options = EditOptions>(
  graph: NeutralGraph,
  match: (graph: NeutralGraph, target: string) => NeutralLayer<ConvForm> | string,
  describe: (form: ConvForm) => string,
  optionsFor?: (form: ConvForm) => Options,
): readonly Finding<Options>[] {
  const found = graph.layersOf("conv").map(({ name, id, form }): Finding<Options> => {
    const matched = match(graph, name);
    if (typeof matched === "string") return { target: name, reason: matched };
    return { target: name, layers: [id], why: describe(form), ...(optionsFor && { options: optionsFor(form) }) };
  });
  return [...found, ...opaqueRefusals(graph, "conv")];
}

/** "3×3 convolution from 16 to 32 channels" */
export function describeConv({ weight }: ConvForm): string {
  const [outputs = 0, inputs = 0, ...kernel] = weight.shape;
  return `${kernel.join("×")} convolution from ${inputs} to ${outputs} channels`;
}

/** "5×5 kernels from 16 to 32 channels" */
export function describeKernels({ weight }: ConvForm): string {
  const [outputs = 0, inputs = 0, ...kernel] = weight.shape;
  return `${kernel.join("×")} kernels from ${inputs} to ${outputs} channels`;
}
