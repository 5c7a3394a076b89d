import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Data of the models that were trained on it, as command lines name it. */
export interface TrainedData {
  /** What weights are fitted to: options of commands that fit. */
  readonly fitting: readonly string[];
  /** What is measured on, and its labels. */
  readonly test: string;
  readonly labels: string;
}

const FOLDER = "../shared/data/digits";

/** 256 images to fit to, 540 others to measure on. */
export const DIGITS: TrainedData = {
  fitting: ["--data", `${FOLDER}/digits_calibration_256x1x32x32_uint8.bin:dtype=uint8,scale=1/255`],
  test: `${FOLDER}/digits_test_540x1x32x32_uint8.bin:dtype=uint8,scale=1/255`,
  labels: `${FOLDER}/digits.json:key=test_labels`,
};

const KWS = "../shared/data/kws";

/** The int8 model's input scale and zero point say what its features stand for. */
const SCHEME = "dtype=int8,zero=83,scale=0.5847029";
const FEATURES = `${KWS}/features_1000x49x10_int8.bin:${SCHEME}`;

/** The first 256 samples to fit to, all 1,000 to measure on. */
export const KEYWORDS: TrainedData = {
  fitting: ["--data", FEATURES, "--samples", "256"],
  test: FEATURES,
  labels: `${KWS}/labels.json:key=labels`,
};

/** Bytes of a keyword's features. */
const KEYWORD_BYTES = 49 * 10;
/** Of 1,000 keywords so many to fit to and to train on. */
const KEYWORDS_TO_TRAIN = 750;

/** The first 750 keywords to fit to, and the others, which are written to a folder, to measure on. */
export function keywordsApart(folder: string): TrainedData {
  const bytes = readFileSync(`${KWS}/features_1000x49x10_int8.bin`);
  const { labels } = JSON.parse(readFileSync(`${KWS}/labels.json`, "utf8")) as { readonly labels: readonly number[] };
  const [features, classes] = [join(folder, "others.bin"), join(folder, "others.json")];
  writeFileSync(features, bytes.subarray(KEYWORDS_TO_TRAIN * KEYWORD_BYTES));
  writeFileSync(classes, JSON.stringify({ labels: labels.slice(KEYWORDS_TO_TRAIN) }));
  return {
    fitting: ["--data", FEATURES, "--samples", `${KEYWORDS_TO_TRAIN}`],
    test: `${features}:${SCHEME}`,
    labels: `${classes}:key=labels`,
  };
}

/** Options of `compare`. */
export function testingOn({ test, labels }: TrainedData): readonly string[] {
  return ["--data", test, "--labels", labels];
}
