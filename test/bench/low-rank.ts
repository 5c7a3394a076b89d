import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../profiler/numeric/random.ts";
import type { Finding } from "./finding.ts";
import type { FitTimes } from "./fit-dense.ts";
import { measureEdgewise, median, runNode } from "./measure.ts";
import { writeVgg16 } from "./models.ts";

/** `dense-low-rank` on the largest layer that is common: FC6 of VGG-16, 25,088×4,096, 411 MB. */

const EDIT = "dense-low-rank:/classifier/fc6/Gemm:rank=256";
const ROUNDS = 3;
const MEGABYTE = 1e6;

/** Of the issue that this case comes from. */
const PEAK_MEGABYTES = 3_000;

/** Pictures to fit to. */
const SAMPLES = 8;

/**
 * The whole command with its check, for its memory, and the edit alone, for its time against the products that it consists of.
 * @param fitScript the bundle of fit-dense.ts
 */
export async function benchLowRank(folder: string, fitScript: string): Promise<readonly Finding[]> {
  const { path, shape } = await writeVgg16(folder);
  const data = writeSamples(folder, shape);
  const out = join(folder, "low-rank.onnx");
  return [
    { name: "weights alone", samples: [] },
    { name: `${SAMPLES} samples`, samples: [data] },
  ].flatMap(({ name, samples }): readonly Finding[] => {
    const given = samples.flatMap((each) => ["--data", each]);
    const count = samples.length === 0 ? ["--samples", "2"] : [];
    const { seconds, peakBytes } = measureEdgewise(["apply", path, "--edit", EDIT, "--out", out, ...given, ...count]);
    const fits = Array.from(
      { length: ROUNDS },
      () => JSON.parse(runNode([fitScript, path, EDIT, ...samples])) as FitTimes,
    );
    const products = median(fits.map(({ productSeconds }) => productSeconds));
    const fit = median(fits.map((each) => each.seconds));
    return [
      { what: `${name}: peak memory`, value: peakBytes / MEGABYTE, unit: "MB", limit: PEAK_MEGABYTES },
      { what: `${name}: edgewise apply, check included`, value: seconds, unit: "s" },
      { what: `${name}: the edit alone`, value: fit, unit: "s" },
      { what: `${name}: its ${fits[0]?.products ?? 0} products alone`, value: products, unit: "s" },
      { what: `${name}: the edit to its products`, value: fit / products, unit: "×" },
    ];
  });
}

/** Uniform noise of the model's size, as raw elements. @returns it as `--data` takes it */
function writeSamples(folder: string, [, ...size]: readonly number[]): string {
  const random = new Random(1);
  const count = size.reduce((product, each) => product * each, SAMPLES);
  const path = join(folder, "samples.bin");
  writeFileSync(
    path,
    new Float32Array(count).map(() => random.uniform()),
  );
  return `${path}:dtype=float32`;
}
