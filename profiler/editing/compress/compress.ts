import { CalibrationError } from "../../errors.ts";
import type { Model } from "../../model/model.ts";
import { endedByAbort, fittedOf, type Fitted } from "../fit/fit.ts";
import { Goal } from "../fit/goal.ts";
import { Recoveries } from "../fit/recoveries.ts";
import { Trials } from "../fit/trials.ts";
import type { CompressOptions } from "./compress-options.ts";
import { Compression } from "./compression.ts";

/**
 * Compresses the weights of a whole model until its file, or its download, is small enough: exact edits first, then fewer bits, shared
 * values or pruned weights (Han, Mao, Dally: "Deep Compression", ICLR 2016), whichever errs least on samples that nothing was fitted to.
 * Without a size: as small as an accuracy or an error allows. Aborting keeps what was found. The same model, samples and seed give the
 * same curve.
 * @throws {OptionError} for a budget without limits
 * @throws {CalibrationError} when samples do not fit, or an accuracy is asked for without labels
 * @throws the signal's reason when it aborts before the model itself is measured
 */
export async function compress(model: Model, options: CompressOptions): Promise<Fitted> {
  const { budget, signal } = options;
  const trials = await Trials.on(model, { ...options, judges: budget.lowestAccuracy !== undefined });
  try {
    if (budget.lowestAccuracy !== undefined && !trials.samples.hasLabels)
      throw new CalibrationError("an accuracy can only be kept on labelled samples");
    const start = { totals: trials.totalsOf(model), downloadBytes: await trials.downloadOf(model) };
    const goal = new Goal(budget, start, await trials.judged(model), ["fileBytes"]);
    const compression = new Compression(trials, goal, options);
    const recoveries = new Recoveries(trials, goal, compression.points, options);
    const isCancelled = await endedByAbort(async () => {
      await compression.run(model);
      await recoveries.run(model);
    }, signal);
    const { points, limits } = compression;
    return fittedOf(model, points, goal, { samples: trials.samples, isCancelled, recoveries, limits });
  } finally {
    await trials.close();
  }
}
