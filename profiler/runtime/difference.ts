import type { NumericTensor } from "../tensors/numeric-tensor.ts";

/** How far the tensors of one model are from those of another, over all samples. Plain data that JSON can carry, as every result of the engine is. */
export interface Difference {
  /** Elements compared. */
  readonly elements: number;
  /** Not one element differs; see `alikeNonFinite` for those that are not compared. */
  readonly isIdentical: boolean;
  /** Largest |b − a|; null where one is a number and the other is not, or that is not finite. */
  readonly maxAbsolute: number | null;
  /** `maxAbsolute` relative to the reference's range: its largest less its smallest element, and LEAST_RANGE at least. */
  readonly maxRelative: number | null;
  /** Root of the mean square of b − a. */
  readonly rms: number | null;
  /** Signal-to-noise ratio in decibels: 10·log₁₀(Σa² / Σ(b − a)²); null where nothing differs, and where `rms` is. */
  readonly snr: number | null;
  /** Cosine of the angle between all elements of a and all of b. */
  readonly cosine: number | null;
  /** Elements of which exactly one is a finite number, or which are unlike infinities. */
  readonly unlikeNonFinite: number;
  /** Elements that are NaN, or the same infinity, in both models: no other number here is of them. */
  readonly alikeNonFinite: number;
  /** For outputs with one number a class. */
  readonly top1?: Top1;
}

export interface Top1 {
  readonly samples: number;
  /** Share of the samples of which both models say the same class; null where too few classes are said for that to show anything. */
  readonly agreement: number | null;
  /**
   * Share of samples like these of which both models are expected to say the same class: where the difference is noise as large as it is on
   * average, Φ(margin / (σ√2)) of a sample whose two largest numbers are a margin apart. Tells more than a count where few samples differ.
   */
  readonly expectedAgreement: number;
  /** Share of the samples with the right class, for each model; with labels only. */
  readonly accuracy?: { readonly a: number; readonly b: number };
  /** Share of labelled samples like these of which the other model is expected to say the right class, in the same way: noise also rights what was nearly right. */
  readonly expectedAccuracy?: number;
}

/** Of the largest magnitude. In the range of an output that hardly varies, the rounding of its numbers would look like an error. */
const LEAST_RANGE = 0.1;

/** Whatever is always said, a model that always says it agrees. */
const ONE_CLASS = 1 + 1e-9;

/** Random inputs mostly land in one class: where they do, a destroyed model agrees as well. */
export const LEAST_CLASSES_OF_RANDOM = 2;

/** Adds up differences sample by sample, in memory that does not grow. */
export class DifferenceSum {
  #elements = 0;
  #maxAbsolute = 0;
  #smallest = Number.POSITIVE_INFINITY;
  #largest = Number.NEGATIVE_INFINITY;
  #signal = 0;
  #noise = 0;
  #energy = 0;
  #product = 0;
  #unlike = 0;
  #alike = 0;
  #samples = 0;
  #agreeing = 0;
  /** Of each sample, by how much the reference's largest number exceeds the next. */
  readonly #margins: number[] = [];
  /** How often the reference says each class. */
  readonly #answers = new Map<number, number>();
  /** Of each labelled sample, by how much the right class exceeds all others; below 0 where the reference is wrong. */
  readonly #rightMargins: number[] = [];
  readonly #right = { a: 0, b: 0 };

  /**
   * @param reference tensor of the model that is compared with
   * @param other as many elements
   * @param samples how many are stacked along the first dimension
   * @param labels class of each of them
   */
  add(reference: NumericTensor, other: NumericTensor, samples: number, labels?: readonly number[]): void {
    const a = reference.data;
    const b = other.data;
    for (let index = 0; index < a.length; index += 1) this.#addElement(a[index] ?? 0, b[index] ?? 0);
    this.#elements += a.length;
    if (!isPerClass(reference.shape, samples)) return;
    const classes = a.length / samples;
    for (let sample = 0; sample < samples; sample += 1) {
      const start = sample * classes;
      const answerA = largestOf(a, start, classes);
      const answerB = largestOf(b, start, classes);
      this.#samples += 1;
      if (answerA === answerB) this.#agreeing += 1;
      this.#margins.push(marginOf(a, start, classes, answerA));
      this.#answers.set(answerA, (this.#answers.get(answerA) ?? 0) + 1);
      const label = labels?.[sample];
      if (label === undefined) continue;
      this.#rightMargins.push(marginOf(a, start, classes, label));
      if (answerA === label) this.#right.a += 1;
      if (answerB === label) this.#right.b += 1;
    }
  }

  #addElement(a: number, b: number): void {
    if (!Number.isFinite(a) || !Number.isFinite(b)) {
      if (Object.is(a, b)) this.#alike += 1;
      else this.#unlike += 1;
      return;
    }
    const noise = b - a;
    if (Math.abs(noise) > this.#maxAbsolute) this.#maxAbsolute = Math.abs(noise);
    if (a < this.#smallest) this.#smallest = a;
    if (a > this.#largest) this.#largest = a;
    this.#signal += a * a;
    this.#noise += noise * noise;
    this.#energy += b * b;
    this.#product += a * b;
  }

  /** @param leastClasses that the reference must say, counted by how evenly it says them, for an agreement to show something */
  result(leastClasses = ONE_CLASS): Difference {
    const isUnlike = this.#unlike > 0;
    const largest = this.#maxAbsolute;
    const lengths = Math.sqrt(this.#signal) * Math.sqrt(this.#energy);
    const measured = (value: number): number | null => (isUnlike ? null : finite(value));
    return {
      elements: this.#elements,
      isIdentical: largest === 0 && !isUnlike,
      maxAbsolute: measured(largest),
      maxRelative: measured(largest === 0 ? 0 : largest / this.#range()),
      rms: measured(Math.sqrt(this.#noise / Math.max(1, this.#elements))),
      snr: measured(10 * Math.log10(this.#signal / this.#noise)),
      cosine: finite(lengths === 0 ? Number(this.#signal === this.#energy) : Math.min(1, this.#product / lengths)),
      unlikeNonFinite: this.#unlike,
      alikeNonFinite: this.#alike,
      ...(this.#samples > 0 && { top1: this.#top1(leastClasses) }),
    };
  }

  #range(): number {
    const size = Math.max(Math.abs(this.#largest), Math.abs(this.#smallest));
    return Math.max(this.#largest - this.#smallest, LEAST_RANGE * size);
  }

  /** The number of equally frequent classes that answers are as varied as: 1/Σp² (Hill, "Diversity and Evenness", Ecology 1973). */
  #classesSaid(): number {
    return 1 / [...this.#answers.values()].reduce((sum, count) => sum + (count / this.#samples) ** 2, 0);
  }

  #top1(leastClasses: number): Top1 {
    const isTelling = this.#samples === 1 || this.#classesSaid() >= leastClasses;
    const agreement = isTelling ? this.#agreeing / this.#samples : null;
    const noise = Math.sqrt((2 * this.#noise) / Math.max(1, this.#elements));
    const expectedAgreement = expectedShare(this.#margins, noise);
    const labelled = this.#rightMargins.length;
    if (labelled === 0) return { samples: this.#samples, agreement, expectedAgreement };
    const accuracy = { a: this.#right.a / labelled, b: this.#right.b / labelled };
    const expectedAccuracy = noise === 0 ? accuracy.a : expectedShare(this.#rightMargins, noise);
    return { samples: this.#samples, agreement, expectedAgreement, accuracy, expectedAccuracy };
  }
}

/** One number a class: all of a sample's elements stand along one axis, and there are at least two. */
export function isPerClass(shape: readonly number[], samples: number): boolean {
  const sample = shape[0] === samples ? shape.slice(1) : shape;
  const [classes = 0, ...others] = sample.filter((size) => size !== 1);
  return classes >= 2 && others.length === 0 && (samples === 1 || shape[0] === samples);
}

/** The first of the largest, as runtimes' ArgMax has it. */
function largestOf(data: NumericTensor["data"], start: number, count: number): number {
  let best = 0;
  for (let index = 1; index < count; index += 1)
    if ((data[start + index] ?? 0) > (data[start + best] ?? 0)) best = index;
  return best;
}

function marginOf(data: NumericTensor["data"], start: number, count: number, best: number): number {
  let next = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < count; index += 1) if (index !== best) next = Math.max(next, data[start + index] ?? 0);
  return (data[start + best] ?? 0) - next;
}

/** Of classes that exceed all others by a margin, those expected to do so still where the margin is changed by noise of that size. */
function expectedShare(margins: readonly number[], noise: number): number {
  const shares = margins.map((margin) => {
    const ratio = margin / noise;
    // Nothing is expected where there is no number.
    return noise === 0 ? 1 : Number.isNaN(ratio) ? 0 : normalBelow(ratio);
  });
  return shares.reduce((sum, each) => sum + each, 0) / margins.length;
}

/** Probability that a standard normal number is below x: Abramowitz and Stegun 26.2.17, to 1e-7. */
function normalBelow(x: number): number {
  if (x < 0) return 1 - normalBelow(-x);
  const t = 1 / (1 + 0.2316419 * x);
  const sum = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
