import { join } from "node:path";
import type { FitJson } from "../../profiler/cli/fit-report.ts";
import { answerCells, compared, type Edgewise } from "./compared-answers.ts";
import { DIGITS, KEYWORDS, testingOn, type TrainedData } from "./trained-data.ts";

/** What `edgewise compress` makes of trained models, and what it takes. */

interface Row {
  readonly model: string;
  readonly limits: readonly string[];
  readonly data: TrainedData;
}

const ROWS: readonly Row[] = [
  {
    model: "media/samples/digits_lenet.onnx",
    limits: ["--max-file-size", "26KB", "--max-download", "20KB", "--min-accuracy", "99%"],
    data: DIGITS,
  },
  {
    model: "media/samples/digits_vgg_bn.onnx",
    limits: ["--max-file-size", "42KB", "--max-download", "36KB", "--min-accuracy", "99.6%"],
    data: DIGITS,
  },
  {
    model: "../shared/models/tflite/kws_dscnn_float.tflite",
    limits: ["--max-file-size", "34KB", "--min-accuracy", "90%"],
    data: KEYWORDS,
  },
];

/**
 * @param folder for what is written
 * @param only models whose name holds it
 */
export async function measureCompressions(folder: string, only: string, edgewise: Edgewise): Promise<void> {
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
    const { snr, after } = answerCells(await compared(edgewise, model, out, testingOn(data)));
    const chosen = points[best];
    const cells = [
      model.slice(model.lastIndexOf("/") + 1),
      limits.join(" "),
      `${chosen?.totals.fileBytes}`,
      `${chosen?.downloadBytes}`,
      `${chosen?.totals.weightBytes}`,
      snr,
      after,
      ((user + system) / 1e6).toFixed(0),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
