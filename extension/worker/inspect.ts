import {
  describeLayer,
  storedInput,
  weightStatistics,
  type LayerDetails,
  type WeightStatistics,
} from "../../profiler/index.ts";
import { constantOfLayer, writeNpy } from "../../profiler/exports/npy/index.ts";
import type { ModelStore } from "./model-store.ts";
import type { LayerQuery, TensorRequest, WeightsQuery } from "./protocol.ts";

/** Answers to questions about single layers. */

export async function layerDetails(store: ModelStore, { request, layer }: LayerQuery): Promise<LayerDetails> {
  return describeLayer(await store.analysed(request), layer);
}

/** null: the elements cannot be told apart, or the weights are only predicted. */
export async function layerWeights(
  store: ModelStore,
  { request, layer, input }: WeightsQuery,
): Promise<WeightStatistics | null> {
  const { name, constant, quantization } = storedInput(await store.analysed(request), layer, input);
  const zeroPoint = quantization?.granularity === "tensor" ? quantization.zeroPoints[0] : undefined;
  const statistics = await weightStatistics(constant, {
    name,
    // Blocks lie along the axis that is summed over, not along that of the channels.
    ...(quantization?.granularity === "channel" &&
      quantization.axis !== undefined && { channelAxis: quantization.axis }),
    ...(zeroPoint !== undefined && { zeroPoint }),
  });
  return statistics ?? null;
}

export async function saveTensor(store: ModelStore, asked: TensorRequest, signal: AbortSignal): Promise<void> {
  const { request, layer, side, position, content, path } = asked;
  const analysed = await store.analysed(request, { signal });
  const tensor = await constantOfLayer(analysed, layer, side, position, signal);
  await writeNpy(path, tensor, content, `${analysed.model.file}: ${tensor.name}`, { signal });
}
