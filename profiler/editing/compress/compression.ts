import type { Model } from "../../model/model.ts";
import type { Totals } from "../../profile.ts";
import { decibels } from "../../numeric/decibels.ts";
import { formatEdit, type Edit } from "../edit.ts";
import { withExactEdits } from "../fit/exact-edits.ts";
import { inOrder, type CompressionLimits, type FitPoint } from "../fit/fit-point.ts";
import type { Goal } from "../fit/goal.ts";
import { Points } from "../fit/points.ts";
import { possible, predictedTotals } from "../fit/possible.ts";
import type { Trials } from "../fit/trials.ts";
import type { CompressOptions } from "./compress-options.ts";
import { densityFor, isEnough, sizesOf, type Pruned } from "./density.ts";
import { countOf, measured } from "../sensitivity/sensitivity.ts";
import { mixedToSize } from "../sensitivity/mixed-edit.ts";
import type { LayerSensitivity } from "../sensitivity/sensitivity-points.ts";
import { strengthsOn, mixedAround, pruningOn } from "./ways.ts";

/** A model that is compressed, before its weights are touched. */
interface Start {
  readonly model: Model;
  readonly edits: readonly Edit[];
  readonly point: FitPoint;
}

/** The mildest strength of a way that fits everywhere. */
interface Uniform {
  readonly strengths: readonly Edit[];
  readonly place: number;
  readonly error: number;
}

const USUAL: Edit = { restructuring: "quantize-weights", target: "", options: { bits: "8" } };
/** Decibels at which a network is the same one: nothing that is smaller is worth more error. */
const SAME_NETWORK = 45;
/** A download cannot be predicted; this share of the file, or of what its values need, it hardly falls below. */
const LEAST_DOWNLOAD = 0.75;
/** Bits of the values that pruned weights share: Han's own, for fully connected layers 5. */
const SHARED_BITS = 4;
/** Where the error is small enough that the values' own counts, more bits; where most of it is pruning, fewer. */
const FINER = { from: 24, bits: 6 } as const;
/** Single-layer edits that are worth running to know what each layer bears. */
const MOST_SENSITIVITIES = 120;
/** Sparsities when no size is asked for. */
const SPARSITIES = [0.5, 0.8, 0.9, 0.93, 0.95, 0.96, 0.97, 0.976, 0.982, 0.986, 0.99, 0.993] as const;

/** Tries the ways to compress weights, of the mildest that are small enough, and tells of each model. */
export class Compression {
  readonly points: Points;
  readonly #reasons = new Set<string>();
  #least = Infinity;
  #tried = 0;

  constructor(
    private readonly trials: Trials,
    private readonly goal: Goal,
    private readonly options: CompressOptions,
  ) {
    this.points = new Points(goal, options.onPoint);
  }

  get limits(): CompressionLimits {
    const made = this.points.all.map(({ totals }) => totals.fileBytes);
    // Where one way applies, that others do not is nothing to tell.
    const reasons = this.#tried === 0 && this.#least === Infinity ? [...this.#reasons] : [];
    return { leastFileBytes: Math.min(this.#least, ...made), reasons };
  }

  /** Ends when nothing is left to try, or a reason is thrown. */
  async run(base: Model): Promise<void> {
    const first = await this.#found(base, [], this.trials.originalError);
    if (!this.goal.isAccurate(first)) return;
    const start = await this.#withoutNoOps({ model: base, edits: [], point: first });
    if (this.goal.isBounded) await this.#toSize(start);
    else await this.#asSmallAsAllowed(start);
  }

  /** Every exact edit that makes the model cheaper: they are free, and what is folded away is not stored. */
  async #withoutNoOps(start: Start): Promise<Start> {
    const { goal, trials, options } = this;
    const onEdit = (edit: Edit): void => this.#say(edit);
    const made = await withExactEdits(start.model, start.point.totals, goal, trials, { ...options, onEdit });
    if (!made) return start;
    const { model, edits, error } = made;
    return { model, edits, point: await this.#found(model, edits, error) };
  }

  /** The mildest of each way that fits, and pruning to the byte. */
  async #toSize(start: Start): Promise<void> {
    if (start.point.isWithinBudget) return;
    const uniform: Uniform[] = [];
    const ways = strengthsOn(start.model, this.#bindings);
    // Told by the most usual way.
    if (ways.length === 0) await this.#predicted(start, USUAL);
    for (const strengths of ways) {
      for (const [place, edit] of strengths.entries()) {
        if (!(await this.#couldFit(start, edit))) continue;
        const point = await this.#try(start, edit);
        if (point?.excess !== 0) continue;
        uniform.push({ strengths, place, error: inOrder(point.error) });
        break;
      }
      if (this.#isGoodEnough()) return;
    }
    // Of the ways that fit, the one that errs less is worth looking at layer by layer.
    const [least] = uniform.toSorted((one, other) => one.error - other.error);
    if (least) await this.#mixed(start, least.strengths, least.place);
    const points = await this.#pruned(start, SHARED_BITS);
    const best = points.find(({ excess }) => excess === 0);
    if (best && decibels(best.error) >= FINER.from) await this.#pruned(start, FINER.bits);
  }

  /** Layers in the bits that each bears: those around the ones that fit everywhere. */
  async #mixed(start: Start, strengths: readonly Edit[], fitting: number): Promise<void> {
    const { trials, options } = this;
    const around = mixedAround(strengths, fitting);
    const layers: LayerSensitivity[] = [];
    if (around === undefined || countOf(start.model, { ...options, ...around }) > MOST_SENSITIVITIES) return;
    await measured(start.model, trials, { ...options, ...around, onProgress: (_, what) => this.#tell(what) }, layers);
    const { fileBytes, downloadBytes } = this.options.budget;
    const point = this.points.all.at(-1);
    // A download is told by the file of the same kind that was made.
    const share = (point?.downloadBytes ?? 0) / (point?.totals.fileBytes ?? 1);
    const most = Math.min(fileBytes ?? Infinity, downloadBytes === undefined ? Infinity : downloadBytes / (share || 1));
    const now = trials.totalsOf(start.model).fileBytes;
    const edit = await mixedToSize(layers, now, most, (one) =>
      possible(async () => (await predictedTotals(start.model, one, trials, options))?.fileBytes),
    );
    if (edit) await this.#try(start, edit);
  }

  /** By its size alone, where that is known before. */
  async #couldFit(start: Start, edit: Edit): Promise<boolean> {
    const totals = await this.#predicted(start, edit);
    return totals !== undefined && this.goal.excessOf(totals, leastDownload(totals, edit)) === 0;
  }

  /** What a model would cost; undefined where the edit is not possible, which is noted. */
  async #predicted(start: Start, edit: Edit): Promise<Totals | undefined> {
    const totals = await this.#noting(() => predictedTotals(start.model, edit, this.trials, this.options));
    if (totals) this.#least = Math.min(this.#least, totals.fileBytes);
    return totals;
  }

  async #noting<T>(make: () => Promise<T>): Promise<T | undefined> {
    return possible(make, (reason) => this.#reasons.add(reason));
  }

  /** Pruned until the size is met, and not much less than it. @returns what was tried */
  async #pruned(start: Start, bits: number): Promise<readonly FitPoint[]> {
    const prune = pruningOn(start.model, this.#bindings);
    if (prune === undefined) return [];
    const dense = await this.#predicted(start, {
      ...prune(0, bits),
      restructuring: "share-weights",
      options: { bits },
    });
    if (dense === undefined) return [];
    const limits = this.options.budget;
    const sizes = sizesOf(dense, limits, bits);
    const tries: Pruned[] = [];
    const points: FitPoint[] = [];
    while (!isEnough(sizes, tries)) {
      const density = densityFor(sizes, tries);
      if (density === undefined || density >= 1 || tries.some((each) => each.density === density)) break;
      const point = await this.#try(start, prune(1 - density, bits));
      if (point === undefined) break;
      points.push(point);
      tries.push({ density, fileBytes: point.totals.fileBytes, downloadBytes: point.downloadBytes });
    }
    return points;
  }

  /** Each way as far as the accuracy or the error allows. */
  async #asSmallAsAllowed(start: Start): Promise<void> {
    const ways = strengthsOn(start.model, this.#bindings);
    if (ways.length === 0) await this.#predicted(start, USUAL);
    for (const strengths of ways) await this.#untilTooMuch(start, strengths);
    const prune = pruningOn(start.model, this.#bindings);
    if (prune) {
      const edits = SPARSITIES.map((sparsity) => prune(sparsity, SHARED_BITS));
      await this.#untilTooMuch(start, edits);
    }
  }

  /**
   * From the mildest on. Models are judged from the largest down, and the first one that fails is the last one that is looked at: of many
   * tried, some would pass by chance (fixed sequence testing: Maurer, Hothorn, Lehmacher, 1995).
   */
  async #untilTooMuch(start: Start, edits: readonly Edit[]): Promise<void> {
    for (const edit of edits) {
      const point = await this.#try(start, edit);
      if (point && !point.isWithinBudget) return;
    }
  }

  /** undefined where it turns out not to be possible. */
  async #try(start: Start, edit: Edit): Promise<FitPoint | undefined> {
    this.#say(edit);
    const made = await this.#noting(async () => {
      const model = await this.trials.edited(start.model, edit, "all");
      return { model, error: await this.trials.measured(model, "all") };
    });
    this.#tried += 1;
    return made && this.#found(made.model, [...start.edits, edit], made.error, start.model);
  }

  async #found(
    model: Model,
    edits: readonly Edit[],
    error: Pick<FitPoint, "error" | "maxRelative" | "agreement" | "accuracy" | "expectedAccuracy">,
    base?: Model,
  ): Promise<FitPoint> {
    const [totals, downloadBytes] = [this.trials.totalsOf(model, base), await this.trials.downloadOf(model)];
    const verdict = await this.trials.judged(model);
    const point = this.goal.pointOf({ edits, totals, ...error, verdict, downloadBytes });
    this.points.add(point, model);
    return point;
  }

  #isGoodEnough(): boolean {
    const best = this.points.all[this.points.best];
    return best?.isWithinBudget === true && decibels(best.error) >= SAME_NETWORK;
  }

  get #bindings(): Readonly<Record<string, number>> {
    return this.options.bindings ?? {};
  }

  #say(edit: Edit): void {
    this.#tell(formatEdit(edit));
  }

  #tell(what: string): void {
    // How many are to come depends on what is found: half of what is left, each time.
    this.options.onProgress?.(1 - 0.85 ** this.#tried, what);
  }
}

/** Of values of few bits that the file holds in more a zip leaves what they need (TFLite: a byte each). */
function leastDownload({ fileBytes, weightBytes, parameters }: Totals, { options: { bits } }: Edit): number {
  const coded = fileBytes - weightBytes + (parameters * Number(bits ?? 8)) / 8;
  return LEAST_DOWNLOAD * Math.min(fileBytes, coded);
}
