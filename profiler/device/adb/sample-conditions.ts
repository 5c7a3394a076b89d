import type { ConditionsSample } from "../run-result.ts";
import type { AdbDevice } from "./adb-device.ts";
import { pause } from "./pause.ts";
import { readSample } from "./phone-facts/phone-facts.ts";

/** Seconds between two looks at first; twice as many whenever there are `MOST_SAMPLES`. */
const FIRST_INTERVAL = 1;
const MOST_SAMPLES = 64;

/** Looks at a phone's clocks and temperature while something else runs there. What goes wrong with that is no failure of the run. */
export class ConditionsSampler {
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;
  #samples: readonly ConditionsSample[] = [];
  #interval = FIRST_INTERVAL;

  constructor(private readonly device: AdbDevice) {
    this.#done = this.#sample().catch(() => undefined);
  }

  /** Ends looking. */
  async end(): Promise<readonly ConditionsSample[]> {
    this.#ending.abort(new Error("enough"));
    await this.#done;
    return this.#samples;
  }

  async #sample(): Promise<void> {
    const { signal } = this.#ending;
    const start = performance.now();
    for (;;) {
      const seconds = (performance.now() - start) / 1000;
      this.#samples = [...this.#samples, { seconds, ...(await readSample(this.device, signal)) }];
      if (this.#samples.length >= MOST_SAMPLES) {
        this.#samples = this.#samples.filter((_, index) => index % 2 === 0);
        this.#interval *= 2;
      }
      await pause(this.#interval, signal);
    }
  }
}
