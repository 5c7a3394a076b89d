import { join } from "node:path";
import { answerCells, compared, type Edgewise } from "./compared-answers.ts";
import { DIGITS, testingOn } from "./trained-data.ts";

/** What recovering gives back to edited models, judged on samples that nothing was fitted to or trained on. */

const FITTING = DIGITS.fitting;
const TESTING = testingOn(DIGITS);

interface Row {
  readonly model: string;
  readonly edits: readonly string[];
  readonly options: readonly string[];
}

const VGG_CONVS = ["/3/3.0/Conv", "/4/4.0/Conv", "/6/6.0/Conv", "/7/7.0/Conv"];

const ROWS: readonly Row[] = [
  ...(["vgg_bn", "resnet", "inception", "lenet"] as const).map((name) => width(name, 1 / 32, ["--steps", "800"])),
  width("vgg_bn", 1 / 64, ["--steps", "800"]),
  width("resnet", 1 / 64, ["--steps", "700"]),
  width("inception", 1 / 64, ["--steps", "1600"]),
  {
    model: "digits_vgg_bn",
    edits: VGG_CONVS.map((layer) => `shrink-kernel:${layer}:share=1`),
    options: ["--steps", "100"],
  },
  {
    model: "digits_vgg_bn",
    edits: VGG_CONVS.map((layer) => `group-and-shuffle:${layer}:groups=4`),
    options: ["--steps", "200"],
  },
  { model: "digits_vgg_bn", edits: ["downsample-earlier:"], options: ["--steps", "100"] },
];

function width(name: string, share: number, options: readonly string[]): Row {
  return { model: `digits_${name}`, edits: [`reduce-channels::macs=${share}`], options };
}

/**
 * @param folder for what is written
 * @param only models whose name holds it
 */
export async function measureRecoveries(folder: string, only: string, edgewise: Edgewise): Promise<void> {
  const rows = ROWS.filter(({ model }) => model.includes(only));
  if (rows.length === 0) return;
  console.log("\nRecovered without labels on 256 images, measured on 540 others:\n");
  console.log(`    edgewise apply MODEL --edit EDIT… --out STUDENT ${FITTING.join(" ")}`);
  console.log(`    edgewise recover STUDENT --teacher MODEL --out OUT ${FITTING.join(" ")} OPTIONS`);
  console.log(`    edgewise compare MODEL STUDENT ${TESTING.join(" ")}`);
  console.log(`    edgewise compare MODEL OUT ${TESTING.join(" ")}\n`);
  console.log(
    "| model | edits | options | right after the edit | SNR | right after recovering | SNR | processor time |",
  );
  console.log("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |");
  for (const { model, edits, options } of rows) {
    const path = join("media/samples", `${model}.onnx`);
    const [student, out] = [join(folder, "student.onnx"), join(folder, "recovered.onnx")];
    await edgewise(["apply", path, ...edits.flatMap((edit) => ["--edit", edit]), "--out", student, ...FITTING]);
    const started = process.cpuUsage();
    await edgewise(["recover", student, "--teacher", path, "--out", out, ...FITTING, ...options]);
    const { user, system } = process.cpuUsage(started);
    const figures: string[] = [];
    for (const measured of [student, out]) {
      const { after, snr } = answerCells(await compared(edgewise, path, measured, TESTING));
      figures.push(after, snr);
    }
    const seconds = `${((user + system) / 1e6).toFixed(0)} s`;
    console.log(`| ${[model, edits.join(" + "), options.join(" "), ...figures, seconds].join(" | ")} |`);
  }
}
