import type { Command } from "commander";
import { OptionError } from "../../errors.ts";
import { printable } from "../../exports/printable.ts";
import { sharedWeights } from "../../model/shared-weights.ts";
import { plainTable } from "../../exports/terminal.ts";
import { formatShare, UNKNOWN_TEXT } from "../../format-numbers.ts";
import { formatDecibels } from "../../numeric/decibels.ts";
import { formatEdit } from "../../editing/edit.ts";
import type { Absence } from "../../editing/absences.ts";
import {
  explainScore,
  isSlower,
  savesNoTime,
  WITHOUT_SAMPLES,
  type SavedTotal,
  type Suggestion,
} from "../../editing/suggestion.ts";
import type { Measuring } from "../../editing/measure-suggestions.ts";
import { addCalibrationOptions, calibrationOf, tellFolders, type CalibrationOptions } from "../calibration-options.ts";
import { chooseHardware } from "../choose-hardware.ts";
import type { CliContext } from "../context.ts";
import { parseDimension } from "../quantities.ts";
import { withEditSession } from "../with-model.ts";
import { jsonText } from "../../exports/json-text.ts";
import { MODEL_ARGUMENT } from "../model-argument.ts";

interface SuggestCommandOptions extends CalibrationOptions {
  readonly dim?: Readonly<Record<string, number>>;
  readonly hardware?: string;
  readonly json?: true;
}

/** `edgewise suggest MODEL`: what could be restructured, the most worthwhile first. */
export function addSuggestCommand(program: Command, context: CliContext): void {
  const command = program
    .command("suggest")
    .description(
      "list what could be restructured, with what each change would save; with --data, edits that change answers are ranked by their measured error",
    )
    .argument("<model>", MODEL_ARGUMENT)
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option("--hardware <name>", "hardware profile for the estimates: one of `edgewise hardware`, or a .json file")
    .option("--json", "write JSON");
  addCalibrationOptions(command, ({ data }) => data !== undefined).action(
    async (path: string, options: SuggestCommandOptions) => {
      const { data, dim, seed, samples } = options;
      if (samples !== undefined && data === undefined)
        throw new OptionError("--samples says nothing without --data: nothing is measured then");
      await tellFolders(options, context);
      const settings = {
        hardware: await chooseHardware(options.hardware),
        calibration: calibrationOf(options, dim),
        ...(seed !== undefined && { seed }),
        ...(dim && { bindings: dim }),
      };
      const found: { absences: readonly Absence[]; measuring?: Measuring } = { absences: [] };
      const suggestions = await withEditSession(
        path,
        settings,
        (session) => {
          sharedWeights(session.base).forEach(context.remark);
          return session.suggest({
            onAbsences: (absences) => (found.absences = absences),
            onProgress: (done) => context.progress?.(`${Math.round(100 * done)} % of the candidates`),
            ...(data && { onMeasured: (measuring) => (found.measuring = measuring) }),
          });
        },
        data ? {} : { onMissing: context.remark },
      ).finally(() => context.progress?.(""));
      const { absences, measuring } = found;
      context.write(
        options.json
          ? jsonText(suggestionsJson(path, suggestions, absences, measuring))
          : `${report(suggestions, measuring)}${absencesReport(absences)}`,
      );
    },
  );
}

interface SuggestionsJson {
  readonly schema: 1;
  readonly file: string;
  readonly suggestions: readonly SuggestionJson[];
  /** What they were ranked by; null without samples: sizes alone. */
  readonly measuring: Measuring | null;
  /** Why edits that somebody could expect are not among them. */
  readonly absences: readonly Absence[];
}

interface SuggestionJson extends Suggestion {
  readonly text: string;
  readonly standing: string;
  /** It cuts MACs, but no time on the hardware of the estimates. */
  readonly noTimeSaved: boolean;
}

function suggestionsJson(
  file: string,
  suggestions: readonly Suggestion[],
  absences: readonly Absence[],
  measuring: Measuring | undefined,
): SuggestionsJson {
  return {
    schema: 1,
    file,
    suggestions: suggestions.map((one) => ({
      text: formatEdit(one.edit),
      standing: explainScore(one),
      noTimeSaved: savesNoTime(one),
      ...one,
    })),
    measuring: measuring ?? null,
    absences,
  };
}

const SAVINGS: readonly (readonly [title: string, total: SavedTotal])[] = [
  ["Parameters", "parameters"],
  ["MACs", "macs"],
  ["Weights", "weightBytes"],
  ["Peak memory", "peakMemoryBytes"],
  ["Energy", "energyPicojoules"],
  ["Latency", "latencySeconds"],
];

interface Column {
  readonly title: string;
  readonly align: "left" | "right";
  readonly cell: (one: Suggestion) => string;
}

const SAVED: readonly Column[] = SAVINGS.map(([title, total]) => ({
  title,
  align: "right",
  cell: ({ saves }) => change(saves[total]),
}));

/** Of edits that were measured. */
const MEASURED: readonly Column[] = [
  { title: "SNR dB", align: "right", cell: ({ measured }) => (measured ? formatDecibels(measured.error) : "") },
  { title: "Same top 1", align: "right", cell: ({ measured }) => share(measured?.agreement) },
  { title: "Right", align: "right", cell: ({ measured }) => share(measured?.accuracy) },
];

function columnsFor(suggestions: readonly Suggestion[]): readonly Column[] {
  return [
    { title: "Edit", align: "left", cell: ({ edit }) => printable(formatEdit(edit)) },
    {
      title: "Guarantee",
      align: "left",
      cell: ({ guarantee, wantsSamples }) => (wantsSamples ? `${guarantee}*` : guarantee),
    },
    ...SAVED,
    ...MEASURED.filter(({ cell }) => suggestions.some((one) => cell(one) !== "")),
  ];
}

function timeNote(one: Suggestion): string {
  if (savesNoTime(one)) return "; cuts MACs, but no time on this hardware";
  return isSlower(one) ? "; predicted to be slower on this hardware than the model as it is" : "";
}

function report(suggestions: readonly Suggestion[], measuring: Measuring | undefined): string {
  if (suggestions.length === 0) return "Nothing in this model can be restructured.\n";
  const columns = columnsFor(suggestions);
  const rows = alike(suggestions, columns.slice(1)).map(([one, ...others]) => [
    ...columns.map(({ cell }) => cell(one)),
    printable(`${one.why}${timeNote(one)}${andAt(others)}`),
  ]);
  const table = plainTable(
    [[...columns.map(({ title }) => title), "Why"], ...rows],
    [...columns, { align: "left" as const }].map(({ align }) => ({ align })),
  );
  const wantsSamples = suggestions.some((one) => one.wantsSamples);
  const note = wantsSamples ? `* ${WITHOUT_SAMPLES} Give \`apply\` some: --data SPEC.\n` : "";
  const command = `edgewise apply MODEL --edit EDIT${wantsSamples ? " --data SPEC" : ""} --out FILE`;
  const measured = measuring ? `${measuredText(measuring)}\n` : "";
  return `${table}\n\nChanges of the whole model's totals by each edit alone. Try one: ${command}\n${measured}${note}`;
}

function measuredText({ samples: { fitted, measured: judged, description }, measured, of }: Measuring): string {
  const rest = measured < of ? "; the others are ranked by what their kind guarantees" : "";
  return `Ranked by measured error: of ${of} edits that change answers the ${measured} most worthwhile by their sizes were made, fitted to ${fitted} samples, and run on ${judged} others (${printable(description)})${rest}.`;
}

function share(part: number | null | undefined): string {
  return part === null || part === undefined ? "" : formatShare(part);
}

type Alike = readonly [Suggestion, ...Suggestion[]];

/** Edits that save as much at other places, as in the blocks of a transformer, stand in one line: its reason is that of the first. */
function alike(suggestions: readonly Suggestion[], columns: readonly Column[]): readonly Alike[] {
  const lines = new Map<string, [Suggestion, ...Suggestion[]]>();
  for (const one of suggestions) {
    const { edit } = one;
    const key = JSON.stringify([edit.restructuring, edit.options, columns.map(({ cell }) => cell(one))]);
    const line = lines.get(key);
    if (line) line.push(one);
    else lines.set(key, [one]);
  }
  return [...lines.values()];
}

/** "; as much at 11 more: /layer.1/Gemm … /layer.11/Gemm" */
function andAt(others: readonly Suggestion[]): string {
  const names = others.map(({ edit }) => edit.target);
  if (names.length === 0) return "";
  const shown = names.length <= MOST_NAMES ? names.join(", ") : `${names[0] ?? ""} … ${names.at(-1) ?? ""}`;
  return `; the same at ${names.length} more: ${shown}`;
}

/** Of one restructuring; beyond these a reader looks for one layer: JSON has all. */
const MOST_REASONS = 2;
const MOST_NAMES = 2;

/** Why what a user could expect is not in the list. */
function absencesReport(absences: readonly Absence[]): string {
  if (absences.length === 0) return "";
  const told = new Map<string | undefined, number>();
  const chosen = absences.filter(({ restructuring }) => {
    const before = told.get(restructuring) ?? 0;
    told.set(restructuring, before + 1);
    return before < MOST_REASONS;
  });
  const lines = chosen.map(({ restructuring, layers, reason }) => {
    const more = layers.length - MOST_NAMES;
    const names = [
      ...layers.slice(0, MOST_NAMES).map((name) => (name === "" ? "the model" : name)),
      ...(more > 0 ? [`${more} more`] : []),
    ];
    return printable(`  ${restructuring ?? "any edit"} of ${names.join(", ")}: ${reason}`);
  });
  const left = absences.length - lines.length;
  const rest = left > 0 ? [`  and for ${left} more reasons, all of them in --json`] : [];
  return `\nNot offered:\n${[...lines, ...rest].join("\n")}\n`;
}

/** "−25.0 %" of a saving of a quarter. */
function change(saved: number | null): string {
  if (saved === null) return UNKNOWN_TEXT;
  if (Math.abs(saved) < 0.0005) return "0 %";
  return `${saved > 0 ? "−" : "+"}${formatShare(Math.abs(saved))}`;
}
