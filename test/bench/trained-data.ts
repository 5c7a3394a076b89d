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
const FEATURES = `${KWS}/features_1000x49x10_int8.bin:dtype=int8,zero=83,scale=0.5847029`;

/** The first 256 samples to fit to, all 1,000 to measure on. */
export const KEYWORDS: TrainedData = {
  fitting: ["--data", FEATURES, "--samples", "256"],
  test: FEATURES,
  labels: `${KWS}/labels.json:key=labels`,
};

/** Options of `compare`. */
export function testingOn({ test, labels }: TrainedData): readonly string[] {
  return ["--data", test, "--labels", labels];
}
