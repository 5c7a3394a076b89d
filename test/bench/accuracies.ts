import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FileSource } from "../../profiler/bytes/file-source.ts";
import { ExternalDataFolder } from "../../profiler/bytes/external-data-folder.ts";
import type { ComparisonJson } from "../../profiler/cli/commands/compare.ts";
import { runCommandLine } from "../../profiler/cli/program.ts";
import type { Model } from "../../profiler/model/model.ts";
import { readModel } from "../../profiler/formats/formats.ts";
import { applyEdit } from "../../profiler/editing/apply.ts";
import { formatEdit, type Edit } from "../../profiler/editing/edit.ts";
import { liftModel } from "../../profiler/translation/lift-model.ts";
import { formatShare } from "../../profiler/format-numbers.ts";
import { answerCells, compared } from "./compared-answers.ts";
import { measureCompressions } from "./compressions.ts";
import { measureRecoveries } from "./recoveries.ts";
import { DIGITS, KEYWORDS, testingOn } from "./trained-data.ts";
import { RESTRUCTURINGS, restructuringOf } from "../../profiler/restructure/registry.ts";
import { isRefusal } from "../../profiler/restructure/restructuring.ts";

/**
 * `npm run accuracies [-- --only TEXT]`: what edits of trained models do to their answers, each measured by the command lines that are
 * printed above it. Weights are fitted on one part of the data, and what is measured is measured on another where there is one.
 */

const MODELS = "../shared/models";

/** Models that are fed, and measured, alike. */
interface Group {
  readonly title: string;
  readonly folder: string;
  /** Options of `apply`. */
  readonly fitting: readonly string[];
  /** Options of `compare`. */
  readonly testing: readonly string[];
  readonly models: readonly { readonly name: string; readonly edits: readonly Wanted[] }[];
}

/** Edits that are applied together; a function finds the layers. */
type Wanted = string | ((model: Model) => Promise<readonly (readonly string[])[]>);

const INTEGERS_8 = "quantize-model::weights=8";
const INTEGERS = [INTEGERS_8, "quantize-model::weights=7"];

const GROUPS: readonly Group[] = [
  {
    title: "Handwritten digits: fitted on 256 images, measured on 540 others",
    folder: "media/samples",
    fitting: DIGITS.fitting,
    testing: testingOn(DIGITS),
    models: [
      { name: "digits_lenet.onnx", edits: [everyExact, eachDense("cost=0.25"), ...widths(1 / 2, 1 / 4), ...INTEGERS] },
      {
        name: "digits_vgg_bn.onnx",
        edits: [everyExact, ...widths(1 / 4, 1 / 8, 1 / 16), each3x3("multiplier=2"), ...INTEGERS],
      },
      { name: "digits_resnet.onnx", edits: [everyExact, ...widths(1 / 2, 1 / 4), ...INTEGERS] },
      { name: "digits_inception.onnx", edits: [everyExact, ...widths(1 / 2, 1 / 4), ...INTEGERS] },
    ],
  },
  {
    title: "Keywords: fitted on the first 256 samples, without their labels, and measured on all 1,000",
    folder: `${MODELS}/tflite`,
    fitting: KEYWORDS.fitting,
    testing: testingOn(KEYWORDS),
    models: [
      {
        name: "kws_dscnn_float.tflite",
        edits: [everyExact, ...widths(3 / 4, 1 / 2), ...uniform(3 / 4, 1 / 2), INTEGERS_8],
      },
    ],
  },
  {
    title: "CIFAR-10, for which there are no pictures here: weights alone, measured on 32 random inputs",
    folder: `${MODELS}/tflite`,
    fitting: [],
    testing: ["--samples", "32"],
    models: [{ name: "resnet_cifar10_float.tflite", edits: [everyExact, ...widths(3 / 4), each3x3("multiplier=4")] }],
  },
];

const folder = mkdtempSync(join(tmpdir(), "edgewise-accuracies-"));
try {
  const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
  for (const group of GROUPS) await measure(group, values.only);
  await measureRecoveries(folder, values.only, edgewise);
  await measureCompressions(folder, values.only, edgewise);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure({ title, folder: models, fitting, testing, models: list }: Group, only: string): Promise<void> {
  const chosen = list.filter(({ name }) => name.includes(only));
  if (chosen.length === 0) return;
  console.log(`\n${title}:\n`);
  console.log(`    edgewise apply MODEL --edit EDIT… ${["--out", "OUT", ...fitting].join(" ")}`);
  console.log(`    edgewise compare MODEL OUT ${testing.join(" ")}\n`);
  console.log("| model | edit | MACs | parameters | weights' bytes | right before | after | same answer | SNR |");
  console.log("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const { name, edits } of chosen) {
    const path = join(models, name);
    const base = await readModel(await FileSource.open(path), new ExternalDataFolder(path));
    for (const wanted of edits) {
      for (const together of typeof wanted === "string" ? [[wanted]] : await wanted(base)) {
        const out = join(folder, `edited${name.slice(name.lastIndexOf("."))}`);
        await edgewise(["apply", path, ...together.flatMap((each) => ["--edit", each]), "--out", out, ...fitting]);
        const cells = figures(await compared(edgewise, path, out, testing));
        console.log(`| ${[name, editsText(together), ...cells].join(" | ")} |`);
      }
    }
  }
}

/** @throws {Error} with what the command said when it fails */
async function edgewise(args: readonly string[]): Promise<string> {
  let said = "";
  let failure: string | undefined;
  await runCommandLine(args, {
    write: (text) => void (said += text),
    remark: (text) => void (failure = text),
    width: undefined,
    setExitCode: (code) => void (failure ??= `exit code ${code}`),
  });
  if (failure !== undefined) throw new Error(`edgewise ${args.join(" ")}: ${failure}`);
  return said;
}

function figures(comparison: ComparisonJson): readonly string[] {
  const left = (id: string): string => {
    const total = comparison.totals.find((each) => each.id === id);
    return total?.before && total.after !== null ? formatShare(total.after / total.before) : "";
  };
  const { before, after, same, snr } = answerCells(comparison);
  return [left("macs"), left("parameters"), left("weightBytes"), before, after, same, snr];
}

function editsText(edits: readonly string[]): string {
  return edits.map((each) => `\`${each}\``).join(" ");
}

function widths(...shares: readonly number[]): readonly string[] {
  return shares.map((share) => `reduce-channels::macs=${share}`);
}

function uniform(...shares: readonly number[]): readonly string[] {
  return shares.map((share) => `reduce-channels::macs=${share},allocation=uniform`);
}

/** All exact edits that there are, each on what the ones before it made, as one list. */
async function everyExact(base: Model): Promise<readonly (readonly string[])[]> {
  let model = base;
  const edits: Edit[] = [];
  for (const { id } of RESTRUCTURINGS.filter(({ guarantee }) => guarantee === "exact")) {
    const targets = targetsOf(model, id);
    for (const target of targets.includes("") ? [""] : targets) {
      const edit = { restructuring: id, target, options: {} };
      edits.push(edit);
      model = (await applyEdit(model, edit)).after;
    }
  }
  return edits.length === 0 ? [] : [edits.map(formatEdit)];
}

/** Low rank for each dense layer, one at a time. */
function eachDense(options: string): Wanted {
  return (model) =>
    Promise.resolve(targetsOf(model, "dense-low-rank").map((at) => [`dense-low-rank:${at}:${options}`]));
}

/** Depthwise separable for each layer of 3×3 kernels, one at a time. */
function each3x3(options: string): Wanted {
  return (model) => {
    const graph = liftModel(model);
    const is3x3 = (name: string): boolean => {
      const form = graph.layer(name)?.form;
      return form?.kind === "conv" && form.weight.shape.slice(2).join("×") === "3×3";
    };
    return Promise.resolve(
      targetsOf(model, "separable")
        .filter(is3x3)
        .map((target) => [`separable:${target}:${options}`]),
    );
  };
}

function targetsOf(model: Model, restructuring: string): readonly string[] {
  return restructuringOf(restructuring)
    .find(liftModel(model))
    .flatMap((finding) => (isRefusal(finding) ? [] : [finding.target]));
}
