import { join } from "node:path";
import { answerCells, compared, type Edgewise } from "./compared-answers.ts";
import { processorSeconds } from "./processor-time.ts";
import { DIGITS, keywordsApart, testingOn, type TrainedData } from "./trained-data.ts";

/** What recovering gives back to edited models, judged on samples that nothing was fitted to or trained on. */

interface Row {
  readonly model: string;
  readonly edits: readonly string[];
  readonly options: readonly string[];
}

/** Models that are fitted and measured alike. */
interface Group {
  readonly title: string;
  readonly folder: string;
  readonly extension: string;
  /** @param folder for what has to be written */
  readonly data: (folder: string) => TrainedData;
  readonly rows: readonly Row[];
}

const VGG_CONVS = ["/3/3.0/Conv", "/4/4.0/Conv", "/6/6.0/Conv", "/7/7.0/Conv"];

const GROUPS: readonly Group[] = [
  {
    title: "256 images, measured on 540 others",
    folder: "media/samples",
    extension: "onnx",
    data: () => DIGITS,
    rows: [
      width("digits_vgg_bn", 1 / 32, "--steps 800 --batch 16 --augment crop-flip --copies 16"),
      width("digits_resnet", 1 / 32, "--steps 600 --batch 16"),
      width("digits_inception", 1 / 32, "--steps 800"),
      width("digits_lenet", 1 / 32, "--steps 400 --batch 16"),
      width("digits_vgg_bn", 1 / 64, "--steps 800 --batch 16"),
      width("digits_resnet", 1 / 64, "--steps 1000 --batch 16"),
      width("digits_inception", 1 / 64, "--steps 1200"),
      inner("shrink-kernel", "share=0.5", "--steps 200"),
      inner("shrink-kernel", "share=1", "--steps 600"),
      inner("group-and-shuffle", "groups=4", "--steps 100"),
      row("digits_vgg_bn", ["downsample-earlier:"], "--steps 200"),
      row("digits_vgg_bn", ["dense-to-pooled-conv:/10/Gemm", "reduce-resolution:"], "--steps 600"),
      row(
        "digits_lenet",
        ["/0/Conv", "/3/Conv"].map((layer) => `stack-small-kernels:${layer}:relu=true`),
        "--steps 200",
      ),
      row("digits_resnet", ["binarize-weights:"], "--steps 60"),
    ],
  },
  {
    title: "750 keywords, measured on 250 others",
    folder: "../shared/models/tflite",
    extension: "tflite",
    data: keywordsApart,
    rows: [
      width("kws_dscnn_float", 1 / 2, "--steps 800"),
      width("kws_dscnn_float", 1 / 4, "--steps 800"),
      row("kws_dscnn_float", ["quantize-weights::bits=2"], "--steps 600"),
    ],
  },
];

function row(model: string, edits: readonly string[], options: string): Row {
  return { model, edits, options: options.split(" ") };
}

function width(model: string, share: number, options: string): Row {
  return row(model, [`reduce-channels::macs=${share}`], options);
}

/** All inner layers of digits_vgg_bn but the first. */
function inner(restructuring: string, option: string, options: string): Row {
  const edits = VGG_CONVS.map((layer) => `${restructuring}:${layer}:${option}`);
  return row("digits_vgg_bn", edits, options);
}

/**
 * @param folder for what is written
 * @param only models whose name holds it
 */
export async function measureRecoveries(folder: string, only: string, edgewise: Edgewise): Promise<void> {
  for (const group of GROUPS) {
    const rows = group.rows.filter(({ model }) => model.includes(only));
    if (rows.length > 0) await measureGroup(folder, { ...group, rows }, edgewise);
  }
}

async function measureGroup(folder: string, group: Group, edgewise: Edgewise): Promise<void> {
  const data = group.data(folder);
  const [fitting, testing] = [data.fitting, testingOn(data)];
  console.log(`\nRecovered without labels on ${group.title}:\n`);
  console.log(`    edgewise apply MODEL --edit EDIT… --out STUDENT ${fitting.join(" ")}`);
  console.log(`    edgewise recover STUDENT --teacher MODEL --out OUT ${fitting.join(" ")} OPTIONS`);
  console.log(`    edgewise compare MODEL STUDENT ${testing.join(" ")}`);
  console.log(`    edgewise compare MODEL OUT ${testing.join(" ")}\n`);
  console.log(
    "| model | edits | options | right after the edit | SNR | right after recovering | SNR | processor time |",
  );
  console.log("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |");
  for (const { model, edits, options } of group.rows) {
    const path = join(group.folder, `${model}.${group.extension}`);
    const [student, out] = ["student", "recovered"].map((name) => join(folder, `${name}.${group.extension}`));
    if (student === undefined || out === undefined) continue;
    await edgewise(["apply", path, ...edits.flatMap((edit) => ["--edit", edit]), "--out", student, ...fitting]);
    const started = processorSeconds();
    await edgewise(["recover", student, "--teacher", path, "--out", out, ...fitting, ...options]);
    const seconds = `${(processorSeconds() - started).toFixed(0)} s`;
    const figures: string[] = [];
    for (const measured of [student, out]) {
      const { after, snr } = answerCells(await compared(edgewise, path, measured, testing));
      figures.push(after, snr);
    }
    console.log(`| ${[model, edits.join(" + "), options.join(" "), ...figures, seconds].join(" | ")} |`);
  }
}
