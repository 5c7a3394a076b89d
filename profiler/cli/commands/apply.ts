import { basename } from "node:path";
import type { Command } from "commander";
import { requireWritable } from "../../bytes/write-target.ts";
import { requireNameOf } from "../out-name.ts";
import { OptionError } from "../../errors.ts";
import { printable } from "../../exports/printable.ts";
import type { EditSession, EditSettings } from "../../editing/edit-session.ts";
import { DEFAULT_HARDWARE } from "../../hardware/hardware.ts";
import { isMain } from "../../model/choose-entry.ts";
import { formatOf } from "../../formats/formats.ts";
import { ABSENT, type Model } from "../../model/model.ts";
import { describeFixes } from "../../editing/fixed-sizes.ts";
import { formatEdit, parseEdit, type Edit } from "../../editing/edit.ts";
import { holdingOut, isTraining } from "../../editing/held-out-edits.ts";
import type { RunComparison } from "../../runtime/compare-runs.ts";
import { addCalibrationOptions, calibrationOf, type CalibrationOptions, tellFolders } from "../calibration-options.ts";
import type { CliContext } from "../context.ts";
import { readEdits, readLearned, writeEdits } from "../edit-files.ts";
import { parseDimension } from "../quantities.ts";
import { notComparedText, tensorTable } from "../tensor-table.ts";
import { withEditSession } from "../with-model.ts";
import { jsonText } from "../../exports/json-text.ts";
import { MODEL_ARGUMENT } from "../model-argument.ts";

interface ApplyCommandOptions extends CalibrationOptions {
  readonly edits?: string;
  readonly edit?: readonly Edit[];
  readonly out: string;
  readonly saveEdits?: string;
  readonly dim?: Readonly<Record<string, number>>;
  readonly json?: true;
}

/** `edgewise apply MODEL --edit EDIT… --out FILE`: restructures, checks each step by running it, and writes the result. */
export function addApplyCommand(program: Command, context: CliContext): void {
  const command = program
    .command("apply")
    .description("restructure a model, check what that did to its answers, and write it")
    .argument("<model>", MODEL_ARGUMENT)
    .option("--edit <ID:TARGET[:k=v,…]>", "an edit as `edgewise suggest` names it; may be given several times", addEdit)
    .option("--edits <file>", "a list of edits as --save-edits writes it; those of --edit come after it")
    .requiredOption("--out <file>", "the file to write; an old one is replaced when all is done")
    .option("--save-edits <file>", "write the list of edits too, as JSON")
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option("--json", "write JSON");
  addCalibrationOptions(command).action(async (path: string, options: ApplyCommandOptions) => {
    await tellFolders(options, context);
    const edits = [...(options.edits === undefined ? [] : await readEdits(options.edits)), ...(options.edit ?? [])];
    if (edits.length === 0) throw new OptionError("nothing to apply: give --edit or --edits");
    await requireWritable(options.out, options.saveEdits);
    const stored = options.edits === undefined ? new Map<string, Uint8Array>() : await readLearned(options.edits);
    const { made: steps, refusals } = await withEditSession(path, settingsOf(options), async (session) => {
      requireNameOf(session.base.format, options.out);
      const { model, steps: made, done, learned } = await applied(session, edits, context, stored);
      context.progress?.("writing");
      await session.write(model, options.out, { onNote: context.remark });
      if (options.saveEdits !== undefined) await writeEdits(options.saveEdits, done, basename(path), learned);
      return { made, refusals: refusalsOf(model) };
    }).finally(() => context.progress?.(""));
    context.write(
      options.json
        ? jsonText({ schema: 1, file: options.out, steps, microcontrollers: refusals })
        : `${report(steps, options.out)}${describeRefusals(refusals)}`,
    );
  });
}

interface AppliedStep {
  readonly edit: string;
  readonly guarantee: string;
  readonly changed: readonly string[];
  /** No samples were given, though its weights would have been fitted to them. */
  readonly isUnfitted: boolean;
  /** Dynamic dimensions that the file now fixes. */
  readonly fixes: Readonly<Record<string, number>>;
  /** The exact edit before it that had done what it was to do. */
  readonly doneBy?: string;
  readonly check: RunComparison;
}

interface Applied {
  readonly model: Model;
  readonly steps: readonly AppliedStep[];
  /** The edits with the hashes of what they learned. */
  readonly done: readonly Edit[];
  readonly learned: ReadonlyMap<string, Uint8Array>;
}

/** Operators that the format's runtime for microcontrollers does not run, each with the reason. */
function refusalsOf(model: Model): readonly MicrocontrollerRefusal[] {
  const { tensors, nodes } = model.entries[0].graph;
  return Array.from(formatOf(model).microcontrollerRefusals(model), ([node, reason]) => {
    const made = nodes.includes(node) ? tensors[node.outputs[0] ?? ABSENT]?.name : undefined;
    return { layer: node.identity ?? (node.name === "" ? (made ?? "") : node.name), op: node.op, reason };
  });
}

interface MicrocontrollerRefusal {
  readonly layer: string;
  readonly op: string;
  readonly reason: string;
}

function describeRefusals(refusals: readonly MicrocontrollerRefusal[]): string {
  return refusals
    .map(
      ({ layer, op, reason }) =>
        `Not accepted by LiteRT Micro: ${printable(op)} ${printable(layer)}, since ${reason}.\n`,
    )
    .join("");
}

/** Each edit on what those before it made, checked against that. */
async function applied(
  session: EditSession,
  edits: readonly Edit[],
  context: CliContext,
  stored: ReadonlyMap<string, Uint8Array>,
): Promise<Applied> {
  const { base, settings } = session;
  const steps: AppliedStep[] = [];
  const done: Edit[] = [];
  const learned = new Map<string, Uint8Array>();
  // Ctrl-C ends training early; where nothing is trained, it ends the command.
  const trains = edits.some(isTraining);
  const stop = trains ? context.interruption?.() : undefined;
  let model = base;
  const samples = settings.fitsToSamples === true ? session.samples() : null;
  for (const { edit, calibration } of holdingOut(edits.map((each) => ({ edit: each, calibration: samples })))) {
    const say = (what: string): void => context.progress?.(`${formatEdit(edit)}: ${what}`);
    const step = await session.apply(edit, model, {
      calibration,
      earlier: { base, edits: [...done] },
      training: {
        teacher: base,
        calibration: samples ?? undefined,
        learned: (hash) => Promise.resolve(stored.get(hash)),
        ...(stop && { stop }),
      },
      onProgress: (share, what) => say(`${what} ${Math.round(100 * share)} %`),
    });
    say("checking");
    const { guarantee, changed, fixes, isUnfitted } = step;
    const doneBy = step.doneBy && { doneBy: formatEdit(step.doneBy) };
    const check = await session.check(step, stop?.aborted === false ? { signal: stop } : {});
    steps.push({ edit: formatEdit(edit), guarantee, changed, isUnfitted, fixes, ...doneBy, check });
    model = step.after;
    // A list is applied to the file as it stands elsewhere.
    done.push(isMain(base) ? step.edit : { ...step.edit, entry: step.edit.entry ?? base.entries[0].name });
    if (step.learned) learned.set(step.learned.hash, step.learned.bytes);
  }
  return { model, steps, done, learned };
}

/** Weights are fitted to samples of the user's own. Nothing is estimated, so no hardware is asked for. */
function settingsOf(options: ApplyCommandOptions): EditSettings {
  const { data, seed, dim } = options;
  return {
    hardware: DEFAULT_HARDWARE,
    calibration: calibrationOf(options, dim),
    ...(data && { fitsToSamples: true }),
    ...(seed !== undefined && { seed }),
    ...(dim && { bindings: dim }),
  };
}

function addEdit(text: string, before: readonly Edit[] = []): readonly Edit[] {
  const edit = parseEdit(text);
  if (edit.target === "" && !text.includes(":")) throw new OptionError(`edit "${text}": expected ID:TARGET[:k=v,…]`);
  return [...before, edit];
}

const NOT_FITTED =
  "Not fitted to data: without --data no layer was fitted to what is left, and random inputs do not show how right the model still is. Compare it on data of your own before you use it.";

/** Each edit with what it did, a being the model before it and b the one after. */
function report(steps: readonly AppliedStep[], out: string): string {
  const sections = steps.map(({ edit, guarantee, fixes, isUnfitted, doneBy, check }) => {
    const table = tensorTable([...check.outputs, ...check.tensors]);
    const notes = [notComparedText(check), isUnfitted ? NOT_FITTED : ""].filter((text) => text !== "");
    const said = [guarantee, describeFixes(fixes), doneBy === undefined ? "" : `done by ${doneBy} already`];
    const words = said.filter((text) => text !== "").map(printable);
    return `${printable(edit)} (${words.join("; ")})\n${[table, ...notes].filter((text) => text !== "").join("\n")}`;
  });
  const [first] = steps;
  const { count = 0, description = "" } = first?.check.samples ?? {};
  const counted = count === 1 ? "1 sample" : `${count} samples`;
  const samples = first ? `Measured on ${counted}: ${printable(description)}.\n` : "";
  const doubts = [...new Set(steps.flatMap(({ check }) => check.doubts))].map((doubt) => `${printable(doubt)}\n`);
  return `${sections.join("\n\n")}\n\n${samples}${doubts.join("")}Wrote ${printable(out)}\n`;
}
