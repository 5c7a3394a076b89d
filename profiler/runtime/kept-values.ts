import type { RowPlaces } from "../neutral/gather-rows.js";
import type { SampleValues } from "../neutral/activations.ts";
import type { ElementArray } from "./process/exchange-file.js";
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

  release(): void {
    this.shared.drop([this.key]);
  }

  async #ask(action: string, value: object, arrays: readonly ElementArray[]): Promise<Float32Array> {
    try {
      const answer = await this.shared.request({ action, value: { ...value, key: this.key }, arrays });
      const [data] = answer.arrays;
      if (data instanceof Float32Array) return data;
      throw new TypeError("the elements of a tensor are missing");
    } catch (cause) {
      throw runError(`${this.file}: ONNX Runtime failed`, cause);
    }
  }
}
