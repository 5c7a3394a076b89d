import {
  analyseModel,
  describeLayer,
  readModel,
  storedInput,
  weightStatistics,
  type AnalysedModel,
  type ByteSource,
  type LayerDetails,
  type SiblingFiles,
  type WeightStatistics,
} from "../../profiler/index.ts";
import type { LayerQuery, ProfileRequest, WeightsQuery } from "./protocol.ts";

/** A model that is being looked into: its graph in memory, its weights in the file, which stays open. */
export interface OpenModel {
  readonly analysed: AnalysedModel;
  readonly source: ByteSource;
}

export type Open = (
  request: ProfileRequest,
) => Promise<{ readonly source: ByteSource; readonly siblings: SiblingFiles }>;

/**
 * Answers questions about single layers. The model that was profiled last is kept for them; after the thread was ended, which idle ones
 * are, it is read again.
 */
export class InspectedModel {
  readonly #open: Open;
  #key = "";
  #kept: Promise<OpenModel> | undefined;

  constructor(open: Open) {
    this.#open = open;
  }

  /** Hands over a model that has just been profiled, with its open file. */
  keep(request: ProfileRequest, opened: OpenModel): void {
    this.#replace(keyOf(request), Promise.resolve(opened));
  }

  async layerDetails({ request, layer }: LayerQuery): Promise<LayerDetails> {
    return describeLayer(await this.#analysed(request), layer);
  }

  /** null: the elements cannot be told apart. */
  async weightStatistics({ request, layer, input }: WeightsQuery): Promise<WeightStatistics | null> {
    const { name, constant, quantization } = storedInput(await this.#analysed(request), layer, input);
    const zeroPoint = quantization?.granularity === "tensor" ? quantization.zeroPoints[0] : undefined;
    const statistics = await weightStatistics(constant, {
      name,
      ...(quantization?.axis !== undefined && { channelAxis: quantization.axis }),
      ...(zeroPoint !== undefined && { zeroPoint }),
    });
    return statistics ?? null;
  }

  async #analysed(request: ProfileRequest): Promise<AnalysedModel> {
    const key = keyOf(request);
    if (this.#kept === undefined || key !== this.#key) this.#replace(key, this.#read(request));
    const { analysed } = await (this.#kept ?? this.#read(request));
    return analysed;
  }

  async #read(request: ProfileRequest): Promise<OpenModel> {
    const { source, siblings } = await this.#open(request);
    try {
      return { source, analysed: analyseModel(await readModel(source, siblings), request.bindings) };
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  #replace(key: string, model: Promise<OpenModel>): void {
    const old = this.#kept;
    [this.#key, this.#kept] = [key, model];
    // One that could not be read is not kept: the next question tries again.
    model.catch(() => {
      if (this.#kept === model) this.#kept = undefined;
    });
    void old?.then(({ source }) => source.close()).catch(() => undefined);
  }
}

function keyOf({ location, bindings }: ProfileRequest): string {
  return JSON.stringify([location, bindings]);
}
