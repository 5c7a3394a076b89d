import type { RowPlaces } from "../neutral/gather-rows.js";
import { momentsGraph } from "../formats/onnx/moments-graph.ts";
import type { MomentsRequest, RowMoments, SampleValues } from "../neutral/activations.ts";
import type { ElementArray } from "./process/exchange-file.js";
import type { RuntimeRequest } from "./process/runtime-process.ts";
import type { SharedProcess } from "./process/shared-process.ts";
import { runError } from "./process/run-error.ts";

/** What a tensor holds on all samples, in the process that made it: only what is asked for comes here. */
export class KeptValues implements SampleValues {
  constructor(
    /** The model that it is of, for messages. */
    private readonly file: string,
    private readonly shared: SharedProcess,
    readonly key: string,
    readonly shape: readonly number[],
  ) {}

  read(): Promise<Float32Array> {
    return this.#ask("activationsOf", {}, []);
  }

  rows({ samples, offsets, ...places }: RowPlaces): Promise<Float32Array> {
    return this.#ask("rowsOf", { places }, [samples, offsets]);
  }

  moments(places: RowPlaces, request: MomentsRequest): Promise<RowMoments> | undefined {
    const { before } = request;
    if (before === undefined) return this.#moments(places, request, { now: this.key });
    if (!(before instanceof KeptValues) || before.shared !== this.shared) return undefined;
    return this.#moments(places, request, { now: this.key, before: before.key });
  }

  async #moments(
    { samples, offsets, ...places }: RowPlaces,
    { weights, outputs, isCentred }: MomentsRequest,
    keys: { readonly now: string; readonly before?: string },
  ): Promise<RowMoments> {
    const hasBefore = keys.before !== undefined;
    const [gram, energy, meanNow, meanBefore = meanNow, pulls] = await this.#floats(async () => {
      const handle = await this.shared.graph(`moments ${hasBefore}`, () => momentsGraph(hasBefore));
      return {
        action: "momentsOf",
        value: { handle, keys, isCentred, outputs, places },
        arrays: [samples, offsets, weights],
      };
    });
    if (!gram || !energy || !meanNow || !meanBefore) throw new TypeError("sums of rows are missing");
    return { gram, pulls, energy: energy[0] ?? 0, meanNow, meanBefore };
  }

  release(): void {
    this.shared.drop([this.key]);
  }

  async #ask(action: string, value: object, arrays: readonly ElementArray[]): Promise<Float32Array> {
    const [data] = await this.#floats(() => Promise.resolve({ action, value: { ...value, key: this.key }, arrays }));
    if (data === undefined) throw new TypeError("the elements of a tensor are missing");
    return data;
  }

  /** @throws {RunError} */
  async #floats(request: () => Promise<RuntimeRequest>): Promise<readonly Float32Array[]> {
    try {
      const { arrays } = await this.shared.request(await request());
      return arrays.filter((array) => array instanceof Float32Array);
    } catch (cause) {
      throw runError(`${this.file}: ONNX Runtime failed`, cause);
    }
  }
}
