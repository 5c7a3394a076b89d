import { OptionError } from "../errors.ts";
import { isNumericType } from "../tensors/numeric-tensor.ts";
import type { PictureFit } from "./fit-picture.ts";
import { RESIZES, type ArraySpec, type ImageFolderSpec, type InputSpec, type LabelSpec, type Scaling } from "./spec.ts";

/** What `parseData` understands, for help texts. */
export const DATA_SYNTAX = "[INPUT=]PATH[:key=value,…]";

type Options = ReadonlyMap<string, string>;

const COMMON = ["zero", "scale", "mean", "std"];
const ARRAY = [...COMMON, "entry", "dtype", "shape"];
const FIT = ["resize", "crop", "pad", "antialias", "filter"];
const IMAGES = [...COMMON, "layout", "channels", "size", ...FIT, "upright", "classes"];

/**
 * Samples as a command line or a setting names them: `digits.bin:dtype=uint8,shape=1x32x32,scale=1/255`,
 * `ids=tokens.npz:entry=ids`, `photos:mean=0.485,0.456,0.406,std=0.229,0.224,0.225,layout=nchw,channels=bgr`. What stands
 * behind a comma without a key of its own belongs to the key before it. A path without an ending names a folder of images.
 *
 * @returns the name of the input ("" when none is given) and its files
 * @throws {OptionError} saying what is wrong with which part
 */
export function parseData(text: string): readonly [string, InputSpec] {
  const { head, options } = split(text);
  const [, input = "", path = ""] = /^(?:([^=\\/]+)=)?(.+)$/.exec(head) ?? [];
  if (path === "") throw new OptionError(`samples "${text}": expected ${DATA_SYNTAX}`);
  const isArray = /\.[^.\\/]+$/.test(path) || options.has("dtype") || options.has("shape");
  checkKeys(text, options, isArray ? ARRAY : IMAGES);
  return [input, isArray ? arraySpec(text, path, options) : imagesSpec(text, path, options)];
}

/** Labels as a command line names them: `labels.txt`, `digits.json:key=test_labels`. */
export function parseLabels(text: string): LabelSpec {
  const { head, options } = split(text);
  checkKeys(text, options, ["key"]);
  const key = options.get("key");
  return key === undefined ? { path: head } : { path: head, key };
}

/** Options begin behind the last colon that a key follows: a Windows path has colons too. */
function split(text: string): { readonly head: string; readonly options: Options } {
  const [, head = text, tail = ""] = /^(.+?):(?=[a-z]+=)(.*)$/s.exec(text) ?? [];
  const options = new Map<string, string>();
  let key: string | undefined;
  for (const part of tail === "" ? [] : tail.split(",")) {
    const [, name, value = ""] = /^([a-z]+)=(.*)$/s.exec(part) ?? [];
    if (name !== undefined) {
      if (options.has(name)) throw new OptionError(`"${text}": ${name} is given twice`);
      key = name;
      options.set(name, value);
    } else if (key !== undefined) options.set(key, `${options.get(key) ?? ""},${part}`);
  }
  return { head, options };
}

function checkKeys(text: string, options: Options, known: readonly string[]): void {
  const unknown = [...options.keys()].find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new OptionError(`"${text}": there is no option "${unknown}" here: expected ${known.join(", ")}`);
}

function arraySpec(text: string, path: string, options: Options): ArraySpec {
  const dataType = options.get("dtype");
  if (dataType !== undefined && !isNumericType(dataType))
    throw new OptionError(`"${text}": dtype=${dataType}: expected a type of numbers such as uint8 or float32`);
  const entry = options.get("entry");
  const shape = sizes(text, "shape", options);
  return {
    kind: "array",
    path,
    ...scaling(text, options),
    ...(entry !== undefined && { entry }),
    ...(dataType !== undefined && { dataType }),
    ...(shape && { shape }),
  };
}

function imagesSpec(text: string, path: string, options: Options): ImageFolderSpec {
  const layout = choice(text, "layout", options, ["nchw", "nhwc"] as const);
  const channels = choice(text, "channels", options, ["rgb", "bgr"] as const);
  const size = sizes(text, "size", options);
  const [height, width = height] = size ?? [];
  const classes = options.get("classes");
  return {
    kind: "images",
    path,
    ...scaling(text, options),
    ...(layout && { layout }),
    ...(channels && { channels }),
    ...(height !== undefined && width !== undefined && { size: [height, width] }),
    ...fit(text, options),
    ...flag(text, "upright", options),
    ...(classes !== undefined && { classes }),
  };
}

function fit(text: string, options: Options): PictureFit {
  const resize = choice(text, "resize", options, RESIZES);
  const filter = choice(text, "filter", options, ["bilinear", "bicubic"] as const);
  const [crop] = numbers(text, "crop", options) ?? [];
  const [pad] = numbers(text, "pad", options) ?? [];
  if (crop !== undefined && (crop <= 0 || crop > 1))
    throw new OptionError(`"${text}": crop=${crop}: expected a share above 0, at most 1`);
  if (pad !== undefined && (pad < 0 || pad > 255))
    throw new OptionError(`"${text}": pad=${pad}: expected a grey of 0 to 255`);
  if (crop !== undefined && resize !== "crop") throw new OptionError(`"${text}": crop=${crop} goes with resize=crop`);
  if (pad !== undefined && resize !== "letterbox")
    throw new OptionError(`"${text}": pad=${pad} goes with resize=letterbox`);
  return {
    ...(resize && { resize }),
    ...(crop !== undefined && { crop }),
    ...(pad !== undefined && { pad }),
    ...flag(text, "antialias", options),
    ...(filter && { filter }),
  };
}

function flag<Key extends string>(text: string, key: Key, options: Options): Partial<Readonly<Record<Key, boolean>>> {
  const value = choice(text, key, options, ["on", "off"] as const);
  return (value === undefined ? {} : { [key]: value === "on" }) as Partial<Record<Key, boolean>>;
}

function scaling(text: string, options: Options): Scaling {
  const [zeroPoint] = numbers(text, "zero", options) ?? [];
  const [scale] = numbers(text, "scale", options) ?? [];
  const mean = numbers(text, "mean", options);
  const std = numbers(text, "std", options);
  return {
    ...(zeroPoint !== undefined && { zeroPoint }),
    ...(scale !== undefined && { scale }),
    ...(mean && { mean }),
    ...(std && { std }),
  };
}

/** Numbers with commas between; a fraction such as 1/255 is one. */
function numbers(text: string, key: string, options: Options): readonly number[] | undefined {
  return options
    .get(key)
    ?.split(",")
    .map((part) => {
      const [numerator = "", denominator = "1"] = part.split("/");
      const value = numerator.trim() === "" ? Number.NaN : Number(numerator) / Number(denominator);
      if (!Number.isFinite(value)) throw new OptionError(`"${text}": ${key}=${part}: expected a number`);
      return value;
    });
}

/** "1x32x32" */
function sizes(text: string, key: string, options: Options): readonly number[] | undefined {
  const value = options.get(key);
  if (value === undefined) return undefined;
  const all = value === "" ? [] : value.split(/[x×]/i).map(Number);
  if (all.some((size) => !Number.isSafeInteger(size) || size < 1))
    throw new OptionError(`"${text}": ${key}=${value}: expected sizes such as 1x32x32`);
  return all;
}

function choice<T extends string>(text: string, key: string, options: Options, known: readonly T[]): T | undefined {
  const value = options.get(key);
  const found = known.find((each) => each === value);
  if (value !== undefined && found === undefined)
    throw new OptionError(`"${text}": ${key}=${value}: expected ${known.join(" or ")}`);
  return found;
}
