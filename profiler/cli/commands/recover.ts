import type { Command } from "commander";
import { requireWritable } from "../../bytes/write-target.ts";
import { requireNameOf } from "../out-name.ts";
import { OptionError } from "../../errors.ts";
import { printable } from "../../exports/printable.ts";
import { plainTable } from "../../exports/terminal.ts";
import { formatShare } from "../../format-numbers.ts";
import { writeModel } from "../../formats/formats.ts";
import { formatDecibels } from "../../numeric/decibels.ts";
import { AUGMENTATIONS } from "../../training/augmentation.ts";
import { recoverModel, type RecoveredModel } from "../../training/recover-model.ts";
import { DEFAULT_STEPS, type RecoverOptions } from "../../training/recover.ts";
import type { TrainingPoint } from "../../training/loop.ts";
import { addCalibrationOptions, calibrationOf, type CalibrationOptions, tellFolders } from "../calibration-options.ts";
import { EXIT, type CliContext } from "../context.ts";
import { parseNumber, parsePositive } from "../quantities.ts";
import { aligned } from "../tensor-table.ts";
import { withModel } from "../with-model.ts";
import { jsonText } from "../../exports/json-text.ts";

interface RecoverCommandOptions extends CalibrationOptions {
  readonly teacher: string;
  readonly steps?: number;
  readonly minutes?: number;
  readonly rate?: number;
  readonly batch?: number;
  readonly augment?: string;
  readonly copies?: number;
  readonly inner?: number;
  readonly crossEntropy?: number;
  readonly only?: string;
  readonly out: string;
  readonly json?: true;
}

/** `edgewise recover MODEL --teacher ORIGINAL --data SPEC --out FILE`: trains an edited model to answer as its original does. */
export function addRecoverCommand(program: Command, context: CliContext): void {
  const command = program
    .command("recover")
    .description("train an edited model to answer as its original does, on samples without labels")
    .argument("<model>", "the edited .onnx or .tflite file")
    .requiredOption("--teacher <file>", "the original model")
    .option("--steps <count>", `steps of training (default: ${DEFAULT_STEPS})`, parsePositive)
    .option("--minutes <time>", "train for this many minutes instead of a number of steps", parseNumber)
    .option(
      "--rate <number>",
      "largest learning rate: by what share of its tensor's weights a step moves each (default: 0.03; less where weights have 4 bits or fewer)",
      parseNumber,
    )
    .option("--batch <count>", "samples in each step (default: 32)", parsePositive)
    .option(
      "--augment <how>",
      `make more samples by ${AUGMENTATIONS.map(({ id }) => id).join(", ")} (default: affine for pictures, else mixup, or none where weights have 4 bits or fewer)`,
    )
    .option("--copies <count>", "copies of the samples, each changed in that way (default: 8)", parsePositive)
    .option("--inner <weight>", "bring inner tensors that both models have together too, with this weight", parseNumber)
    .option(
      "--cross-entropy <weight>",
      "let the cross entropy of the samples' own classes count too, with this weight; needs --labels or folders of classes",
      parseNumber,
    )
    .option(
      "--only <weights>",
      "train only biases-and-scales, or edited: layers that differ from the original's, and their neighbours",
    )
    .requiredOption("--out <file>", "the file to write; nothing is written when training does not improve the model")
    .option("--json", "write JSON");
  addCalibrationOptions(command).action(async (path: string, options: RecoverCommandOptions) => {
    await tellFolders(options, context);
    if (options.data === undefined) throw new OptionError("nothing to train on: give samples with --data");
    await requireWritable(options.out);
    const stop = context.interruption?.();
    const training = { ...trainingOptions(options), ...(stop && { stop }), ...progressIn(context) };
    const recovering = withModel(path, (student) =>
      withModel(options.teacher, async (teacher) => {
        requireNameOf(student.format, options.out);
        const recovered = await recoverModel(student, teacher, calibrationOf(options), training);
        if (recovered.model) {
          context.progress?.("writing");
          await writeModel(recovered.model, options.out, { onNote: context.remark });
        } else context.setExitCode(EXIT.failed);
        return recovered;
      }),
    );
    const recovered = await recovering.finally(() => context.progress?.(""));
    context.write(options.json ? jsonText(recoverJson(recovered, options.out)) : report(recovered, options.out));
  });
}

function trainingOptions(options: RecoverCommandOptions): RecoverOptions {
  const { steps, minutes, rate, batch, augment, copies, inner, crossEntropy, seed, only } = options;
  if (only !== undefined && only !== "biases-and-scales" && only !== "edited")
    throw new OptionError(`--only "${only}" is not known: biases-and-scales, edited`);
  return {
    ...(steps !== undefined && { steps }),
    ...(minutes !== undefined && { seconds: 60 * minutes }),
    ...(rate !== undefined && { rate }),
    ...(batch !== undefined && { batch }),
    ...(augment !== undefined && { augmentation: augment }),
    ...(copies !== undefined && { copies }),
    ...(inner !== undefined && { inner }),
    ...(crossEntropy !== undefined && { crossEntropy }),
    ...(seed !== undefined && { seed }),
    ...(only === "biases-and-scales" && { roles: only }),
    ...(only === "edited" && { editedOnly: true }),
  };
}

/** One line: how far it is, what it says of itself, and the error on what was held out. */
function progressIn({ progress }: CliContext): Pick<RecoverOptions, "onPoint" | "onProgress"> {
  if (progress === undefined) return {};
  let error = "";
  return {
    onPoint: ({ heldOut, accuracy }) => {
      const right = accuracy ? `, ${formatShare(accuracy.now)} right` : "";
      error = `, ${snrText(heldOut)}${right} on samples held out`;
    },
    onProgress: (done, what) => progress(`${what}: ${Math.round(100 * done)} %${error}`),
  };
}

function recoverJson({ recovery }: RecoveredModel, out: string): object {
  const { points, best, samples, augmentation, rate, stops, wasStopped, endedEarly } = recovery;
  const file = best === 0 ? null : out;
  return { schema: 1, file, points, best, samples, augmentation, rate, stops, wasStopped, endedEarly };
}

/** How the errors went, and what was kept. */
function report({ recovery }: RecoveredModel, out: string): string {
  const { points, best, samples, augmentation, stops, wasStopped, endedEarly } = recovery;
  const hasClasses = points.some(({ agreement }) => agreement !== null);
  const original = points[0]?.accuracy?.original;
  const head = [
    "Step",
    "Training SNR dB",
    "Held-out SNR dB",
    ...(hasClasses ? ["Same top 1"] : []),
    ...(original === undefined ? [] : ["Right"]),
    "",
  ];
  const rows = thinned(points, best).map(([index, { step, training, heldOut, agreement, accuracy }]) => [
    String(step),
    training === null ? "" : formatDecibels(training),
    formatDecibels(heldOut),
    ...(hasClasses ? [agreement === null ? "" : formatShare(agreement)] : []),
    ...(accuracy ? [formatShare(accuracy.now)] : []),
    index === best ? "←" : "",
  ]);
  const made = `${samples.copies === 1 ? "" : `${samples.copies} copies (${augmentation}) of `}${samples.trained} samples`;
  const sections = [
    plainTable([head, ...rows], aligned(head.length).toSpliced(0, 1, { align: "right" })),
    `Trained on ${made}, measured on ${samples.heldOut} others${samples.isChanged ? `, changed (${augmentation}), as earlier edits may have been fitted to them: recovering in the same list of edits (apply) tells more surely` : " as they are"}.${original === undefined ? "" : ` The original says the right class of ${formatShare(original)} of these, as they are.`}${wasStopped ? " Stopped early: the best so far was kept." : ""}${endedEarly ? " Ended early: half of the steps brought nothing better, and the error on those held out had doubled." : ""}`,
    ...stops.map(({ layer, op, why }) => printable(`Not trained: what is before ${op} "${layer}", where ${why}.`)),
    best === 0 ? "Training did not improve the model: nothing was written." : `Wrote ${printable(out)}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

/** Lines that a table of points has at most. */
const MOST_LINES = 18;

/** Points spread evenly, the last and the best among them. */
function thinned(points: readonly TrainingPoint[], best: number): readonly (readonly [number, TrainingPoint])[] {
  const every = Math.ceil(points.length / MOST_LINES);
  return [...points.entries()].filter(
    ([index]) => index % every === 0 || index === best || index === points.length - 1,
  );
}

function snrText(error: number): string {
  return `${formatDecibels(error)} dB`;
}
