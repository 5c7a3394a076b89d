import type { DataType } from "../model/data-type.ts";
import type { Model } from "../model/model.ts";
import { Random } from "../numeric/random.ts";
import type { Form } from "../neutral/forms.ts";
import { computedWeights, type Weights } from "../neutral/weights.ts";
import { neutralGraphOf } from "../translation/known-graph.ts";
import type { LayerId, NeutralLayer } from "../neutral/neutral-graph.ts";
import { lowerRewrite } from "../translation/lower-model.ts";
import { LoweringError } from "../neutral/lowering-error.ts";
import { formatOf } from "../formats/formats.ts";
import type { CalibrationSpec } from "../calibration/spec.ts";
import { compareRuns, type RunComparison } from "../runtime/compare-runs.ts";
import { openSession } from "../runtime/open-session.ts";
import type { OpenSession } from "../runtime/session-pool.ts";

/** Largest error of an exact edit, relative to its output's range: what float32 rounding explains in any model. */
export const EXACT_ERROR = 1e-5;

/** Where rounding moves an answer by more than this part of its range, nothing could be told by comparing it. */
const MOST_ROUNDING = 0.05;

/** One draw of the noise may be a lucky one, and an edit rounds at more places than the weights. */
const MARGIN = 8;

/** The step between neighbouring numbers, relative to the smaller of two powers of two that they lie between. */
const STEPS: Partial<Record<DataType, number>> = {
  float64: 2 ** -23,
  float32: 2 ** -23,
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
};

export interface RoundingOptions {
  readonly calibration: CalibrationSpec;
  readonly signal?: AbortSignal;
  /** Where sessions come from. */
  readonly open?: OpenSession;
}

/**
 * How far rounding alone may move the answers of a model, relative to their range: what an exact edit may differ by. It is measured, since
 * it depends on the type of the numbers and on how much a model magnifies what is small. Two ways of computing the same are compared with
 * the model itself: the runtime's own rewriting of the graph (two optimization levels), and weights that are off by one unit in the last
 * place. An edit without a fault is as good as the model with weights so changed: it is backward stable (Higham, "Accuracy and Stability of
 * Numerical Algorithms", SIAM 2002, section 1.5).
 *
 * @param layers names of the layers whose weights are changed; all that have weights when left out
 * @returns EXACT_ERROR at least
 * @throws {RunError} when the model does not run
 */
export async function roundingOf(
  model: Model,
  layers: readonly string[] | undefined,
  options: RoundingOptions,
): Promise<number> {
  const measured = Math.max(await levelsApart(model, options), await noiseApart(model, layers, options));
  return Math.max(EXACT_ERROR, Math.min(MOST_ROUNDING, MARGIN * measured));
}

/** The runtime's plainest way of computing the model, and its fastest. */
async function levelsApart(model: Model, options: RoundingOptions): Promise<number> {
  if (!formatOf(model).hasOptimizationLevels) return 0;
  const { open = openSession, signal } = options;
  const plain = await open(model, { optimization: "disabled", ...(signal && { signal }) });
  try {
    return largestError(await compareRuns({ name: model.file, session: plain }, model, options));
  } finally {
    await plain.close();
  }
}

async function noiseApart(
  model: Model,
  layers: readonly string[] | undefined,
  options: RoundingOptions,
): Promise<number> {
  const noisy = await withNoise(model, layers);
  return noisy === undefined ? 0 : largestError(await compareRuns(model, noisy, options));
}

/** undefined where no weights could be changed. */
async function withNoise(model: Model, layers: readonly string[] | undefined): Promise<Model | undefined> {
  const graph = neutralGraphOf(model);
  const wanted = layers && new Set(layers);
  const chosen = graph.layers.filter(({ name }) => wanted?.has(name) ?? true);
  const replace = new Map(chosen.flatMap((layer) => noisyForm(layer)));
  if (replace.size === 0) return undefined;
  try {
    return await lowerRewrite(model, graph, { replace }, { readsWeights: true });
  } catch (error) {
    if (error instanceof LoweringError) return undefined;
    throw error;
  }
}

function noisyForm({ id, form }: NeutralLayer): readonly (readonly [LayerId, Form])[] {
  const parts = Object.entries(form).filter((part): part is [string, Weights] => isWeights(part[1]));
  const noisy = parts.flatMap(([role, weights], place) => {
    const step = STEPS[weights.dataType];
    return step === undefined || weights.quantization ? [] : [[role, noisyWeights(weights, step, id + place)] as const];
  });
  return noisy.length === 0 ? [] : [[id, { ...form, ...Object.fromEntries(noisy) }]];
}

function isWeights(value: unknown): value is Weights {
  return typeof value === "object" && value !== null && "read" in value && "shape" in value;
}

function noisyWeights(weights: Weights, step: number, seed: number): Weights {
  const compute = async (): Promise<Float32Array> => {
    const random = new Random(seed);
    return (await weights.read()).map((element) => element * (random.uniform() < 0.5 ? 1 - step : 1 + step));
  };
  return computedWeights(weights.shape, compute, weights.dataType);
}

/** Of the outputs that can be compared. */
function largestError({ outputs }: RunComparison): number {
  return Math.max(0, ...outputs.map(({ difference }) => difference?.maxRelative ?? 0));
}
