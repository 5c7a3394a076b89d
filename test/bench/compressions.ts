import { join } from "node:path";
import type { ComparisonJson } from "../../profiler/cli/commands/compare.ts";
import type { FitJson } from "../../profiler/cli/fit-report.ts";
import { formatShare } from "../../profiler/format-numbers.ts";

/** What `edgewise compress` makes of trained models, and what it takes. */

const DIGITS = "../shared/data/digits";
const KWS = "../shared/data/kws";
const TEST_DIGITS = `${DIGITS}/digits_test_540x1x32x32_uint8.bin:dtype=uint8,scale=1/255`;
const DIGIT_LABELS = `${DIGITS}/digits.json:key=test_labels`;
const FEATURES = `${KWS}/features_1000x49x10_int8.bin:dtype=int8,zero=83,scale=0.5847029`;
const KWS_LABELS = `${KWS}/labels.json:key=labels`;

interface Data {
  readonly fitting: readonly string[];
  readonly test: string;
  readonly labels: string;
}

const OF_DIGITS: Data = {
  fitting: ["--data", `${DIGITS}/digits_calibration_256x1x32x32_uint8.bin:dtype=uint8,scale=1/255`],
  test: TEST_DIGITS,
  labels: DIGIT_LABELS,
};
const OF_KWS: Data = { fitting: ["--data", FEATURES, "--samples", "256"], test: FEATURES, labels: KWS_LABELS };

interface Row {
  readonly model: string;
  readonly limits: readonly string[];
  readonly data: Data;
}

const ROWS: readonly Row[] = [
  {
    model: "media/samples/digits_lenet.onnx",
    limits: ["--max-file-size", "26KB", "--max-download", "20KB", "--min-accuracy", "99%"],
    data: OF_DIGITS,
  },
  {
    model: "media/samples/digits_vgg_bn.onnx",
    limits: ["--max-file-size", "42KB", "--max-download", "36KB", "--min-accuracy", "99.6%"],
    data: OF_DIGITS,
  },
  {
    model: "../shared/models/tflite/kws_dscnn_float.tflite",
    limits: ["--max-file-size", "34KB", "--min-accuracy", "85%"],
    data: OF_KWS,
  },
];

/**
 * @param folder for what is written
 * @param only models whose name holds it
 * @param edgewise runs a command line; settles with what it said
 */
export async function measureCompressions(
  folder: string,
  only: string,
  edgewise: (args: readonly string[]) => Promise<string>,
): Promise<void> {
  const rows = ROWS.filter(({ model }) => model.includes(only));
  if (rows.length === 0) return;
  console.log("\nCompressed to a size, weights fitted without labels, measured on all test samples:\n");
  console.log("    edgewise compress MODEL LIMITS --data SPEC --test-data SPEC --test-labels FILE --out OUT");
  console.log("    edgewise compare MODEL OUT --data SPEC --labels FILE\n");
  console.log("| model | limits | file | download | weights | SNR | right | processor s |");
  console.log("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const { model, limits, data } of rows) {
    const out = join(folder, `compressed${model.slice(model.lastIndexOf("."))}`);
    const before = process.cpuUsage();
    const { points, best } = JSON.parse(
      await edgewise([
        ...["compress", model, ...limits, ...data.fitting, "--out", out, "--json"],
        ...["--test-data", data.test, "--test-labels", data.labels],
      ]),
    ) as FitJson;
    const { user, system } = process.cpuUsage(before);
    const { outputs } = JSON.parse(
      await edgewise(["compare", model, out, "--data", data.test, "--labels", data.labels, "--json"]),
    ) as ComparisonJson;
    const chosen = points[best];
    const { snr, top1 } = outputs[0]?.difference ?? {};
    const cells = [
      model.slice(model.lastIndexOf("/") + 1),
      limits.join(" "),
      `${chosen?.totals.fileBytes}`,
      `${chosen?.downloadBytes}`,
      `${chosen?.totals.weightBytes}`,
      typeof snr === "number" ? `${snr.toFixed(1)} dB` : "∞",
      top1?.accuracy ? formatShare(top1.accuracy.b) : "",
      ((user + system) / 1e6).toFixed(0),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
