import type { Command } from "commander";
import { FileSource } from "../../bytes/file-source.ts";
import { SiblingFolder } from "../../bytes/sibling-files.ts";
import { OptionError } from "../../errors.ts";
import { printable } from "../../exports/printable.ts";
import { plainTable } from "../../exports/terminal.ts";
import { formatShare } from "../../format-numbers.ts";
import type { Model } from "../../model/model.ts";
import { readModel } from "../../profile-model.ts";
import { applyEdit } from "../../restructure/apply.ts";
import { checkEdit } from "../../restructure/check-edit.ts";
import { formatEdit, parseEdit, type Edit } from "../../restructure/edit.ts";
import { writeModel } from "../../restructure/write-model.ts";
import { activationsOn } from "../../run/activation-source.ts";
import type { RunComparison } from "../../run/compare-runs.ts";
import { addCalibrationOptions, calibrationOf, type CalibrationOptions } from "../calibration-options.ts";
import type { CliContext } from "../context.ts";

interface ApplyCommandOptions extends CalibrationOptions {
  readonly edit: readonly Edit[];
  readonly out: string;
  readonly json?: true;
}

/** `edgewise apply MODEL --edit EDIT… --out FILE`: restructures, checks each step by running it, and writes the result. */
export function addApplyCommand(program: Command, context: CliContext): void {
  const command = program
    .command("apply")
    .description("restructure a model, check what that did to its answers, and write it")
    .argument("<model>", "an .onnx or .tflite file")
    .requiredOption(
      "--edit <ID:TARGET[:k=v,…]>",
      "an edit as `edgewise suggest` names it; may be given several times",
      addEdit,
    )
    .requiredOption("--out <file>", "the file to write; an old one is replaced when all is done")
    .option("--json", "write JSON");
  addCalibrationOptions(command).action(async (path: string, options: ApplyCommandOptions) => {
    const calibration = calibrationOf(options);
    const source = await FileSource.open(path);
    try {
      const base = await readModel(source, new SiblingFolder(path));
      const steps: AppliedStep[] = [];
      let model: Model = base;
      for (const edit of options.edit) {
        const say = (what: string): void => context.progress?.(`${formatEdit(edit)}: ${what}`);
        // Weights are fitted to samples of the user's own; random ones would fit them to noise.
        const activations = options.data && (await activationsOn(model, calibration));
        const step = await applyEdit(model, edit, {
          ...(activations && { activationsOf: () => activations }),
          ...(options.seed !== undefined && { seed: options.seed }),
          onProgress: (done, what) => say(`${what} ${Math.round(100 * done)} %`),
        });
        say("checking");
        steps.push({
          edit: formatEdit(edit),
          promise: step.promise,
          changed: step.changed,
          check: await checkEdit(step, { calibration }),
        });
        model = step.after;
      }
      context.progress?.("writing");
      await writeModel(model, options.out);
      context.progress?.("");
      context.write(
        options.json ? `${JSON.stringify({ schema: 1, file: options.out, steps })}\n` : report(steps, options.out),
      );
    } finally {
      context.progress?.("");
      await source.close();
    }
  });
}

interface AppliedStep {
  readonly edit: string;
  readonly promise: string;
  readonly changed: readonly string[];
  readonly check: RunComparison;
}

function addEdit(text: string, before: readonly Edit[] = []): readonly Edit[] {
  const edit = parseEdit(text);
  if (edit.target === "" && !text.includes(":")) throw new OptionError(`edit "${text}": expected ID:TARGET[:k=v,…]`);
  return [...before, edit];
}

function report(steps: readonly AppliedStep[], out: string): string {
  const rows = steps.flatMap(({ edit, promise, check }) =>
    check.outputs.map(({ names, difference }) => [
      printable(edit),
      promise,
      printable(names.b),
      difference ? difference.maxRelative.toPrecision(3) : "not compared",
      difference && Number.isFinite(difference.snr) ? difference.snr.toFixed(1) : "∞",
      difference?.top1 ? formatShare(difference.top1.agreement) : "",
      difference?.top1?.accuracy
        ? `${formatShare(difference.top1.accuracy.a)} → ${formatShare(difference.top1.accuracy.b)}`
        : "",
    ]),
  );
  const head = ["Edit", "Promise", "Output", "Largest error of range", "SNR dB", "Same top 1", "Right"];
  const [first] = steps;
  const samples = first
    ? `Measured on ${first.check.samples.count} samples: ${first.check.samples.description}.\n`
    : "";
  const columns = head.map((_, index) => ({ align: index < 3 ? ("left" as const) : ("right" as const) }));
  return `${plainTable([head, ...rows], columns)}\n\n${samples}Wrote ${printable(out)}\n`;
}
