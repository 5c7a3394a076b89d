import type { NumericType } from "../tensors/numeric-tensor.ts";
import type { FilterName } from "./resample.ts";
import type { Port } from "../tensors/port.ts";

/**
 * Which samples to run a model on, as plain data: settings, command lines and workspace state hold it. Without files, samples are
 * seeded random numbers of a plausible range.
 */
export interface CalibrationSpec {
  /** Files by input name; a model with one input also takes "". Inputs without one get seeded random numbers. */
  readonly inputs?: Readonly<Record<string, InputSpec>>;
  /** Class of each sample. Image folders have it in their folders' names where they are sorted by class. */
  readonly labels?: LabelSpec;
  /** Use the first so many samples; all of the files', or RANDOM_SAMPLES, when left out. */
  readonly count?: number;
  /** Only some of those, spread evenly; all of them when left out. */
  readonly part?: SamplePart | HeldOutPart;
  /** Of the random numbers; 0 when left out. */
  readonly seed?: number;
  /** Sizes of dynamic dimensions other than the batch; the files' own, else 1, when left out. */
  readonly dimensions?: Readonly<Record<string, number>>;
  /**
   * Inputs of the model that the samples were made for, where they are given to one that takes other sizes (after an edit of the
   * resolution): they are stretched to those. The model's own when left out.
   */
  readonly madeFor?: readonly Port[];
}

/**
 * Of each `of` samples in a row those from position `from` to before `to`. Samples often come sorted by class: parts that are spread have
 * some of each.
 */
export interface SamplePart {
  readonly of: number;
  readonly from: number;
  readonly to: number;
}

/** All samples are one or the other: what judges weights must not be what they were fitted to, or trained on. See `heldOutEvery`. */
export type HeldOutPart = "to-train" | "to-judge";

export type InputSpec = ArraySpec | ImageFolderSpec;

/** `.npy`, `.npz`, or a raw file of little-endian elements without a header. */
export interface ArraySpec extends Scaling {
  readonly kind: "array";
  readonly path: string;
  /** Array of an `.npz`; the one of the input's name, or its only one, when left out. */
  readonly entry?: string;
  /** Of a raw file; the input's when left out. */
  readonly dataType?: NumericType;
  /** One sample of a raw file; the input's when left out. */
  readonly shape?: readonly number[];
}

/**
 * Pictures of a folder, in the order of their names; those of folders by class, if it has such, in torchvision's order. JPEG, PNG, WebP,
 * TIFF, BMP, PNM, GIF, HEIC and AVIF; whatever else is there is counted and named.
 */
export interface ImageFolderSpec extends Scaling {
  readonly kind: "images";
  readonly path: string;
  /** Where the channels stand; told from the input's shape when left out. */
  readonly layout?: "nchw" | "nhwc";
  readonly channels?: ChannelOrder;
  /** Height and width, for inputs whose size is dynamic. */
  readonly size?: readonly [number, number];
  /** How a picture of another shape becomes of the input's; stretched when left out. */
  readonly resize?: ResizeName;
  /** Of "crop": the share of the shorter side that is kept; all of it, 1, when left out. ImageNet's usual 224 of 256 is 0.875. */
  readonly crop?: number;
  /** Of "letterbox": the grey around the picture, 0 to 255; 114 when left out. */
  readonly pad?: number;
  /** Whether a picture that shrinks is smoothed as Pillow does; without that, as OpenCV's linear interpolation. On when left out. */
  readonly antialias?: boolean;
  readonly filter?: FilterName;
  /** Whether pictures are turned as their cameras note (EXIF); on when left out. */
  readonly upright?: boolean;
  /**
   * How folders become classes: "sorted" by name as Python sorts (torchvision, Keras), "numbers" by the number that each is called, or a
   * file of the classes' names in order. Sorted when left out.
   */
  readonly classes?: string;
}

export const RESIZES = ["stretch", "crop", "letterbox"] as const;
export type ResizeName = (typeof RESIZES)[number];

export type ChannelOrder = "rgb" | "bgr";

/** From stored numbers to those that the model takes: ((stored − zeroPoint) × scale − mean) / std. */
export interface Scaling {
  readonly zeroPoint?: number;
  /** 1 when left out; for images and float inputs 1/255. */
  readonly scale?: number;
  /** One number, or one a channel. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

/** `.npy`, `.txt` (a number a line), `.json` (a list, or an object with one) or `.csv`. */
export interface LabelSpec {
  readonly path: string;
  /** Member of a JSON object, or column of a CSV file. */
  readonly key?: string;
}

/** Enough to see a wrong layer; measuring an approximation needs real samples. */
export const RANDOM_SAMPLES = 16;

/** Whether samples are synthetic, for want of files: what is fitted to them fits noise, and errors on them say little. */
export function isRandom({ inputs = {} }: CalibrationSpec): boolean {
  return Object.keys(inputs).length === 0;
}
