import type { Command } from "commander";
import { printable } from "../../exports/printable.ts";
import { plainTable } from "../../exports/terminal.ts";
import { formatShare, UNKNOWN_TEXT } from "../../format-numbers.ts";
import { formatEdit } from "../../editing/edit.ts";
import type { Absence } from "../../editing/absences.ts";
import {
  explainScore,
  savesNoTime,
  WITHOUT_SAMPLES,
  type SavedTotal,
  type Suggestion,
} from "../../editing/suggestion.ts";
import { chooseHardware } from "../choose-hardware.ts";
import type { CliContext } from "../context.ts";
import { parseDimension } from "../quantities.ts";
import { withEditSession } from "../with-model.ts";
import { jsonText } from "../../exports/json-text.ts";
import { MODEL_ARGUMENT } from "../model-argument.ts";

interface SuggestCommandOptions {
  readonly dim?: Readonly<Record<string, number>>;
  readonly hardware?: string;
  readonly json?: true;
}

/** `edgewise suggest MODEL`: what could be restructured, the most worthwhile first. */
export function addSuggestCommand(program: Command, context: CliContext): void {
  program
    .command("suggest")
    .description("list what could be restructured, with what each change would save")
    .argument("<model>", MODEL_ARGUMENT)
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option("--hardware <name>", "hardware profile for the estimates: one of `edgewise hardware`, or a .json file")
    .option("--json", "write JSON")
    .action(async (path: string, options: SuggestCommandOptions) => {
      const hardware = await chooseHardware(options.hardware);
      const settings = { hardware, ...(options.dim && { bindings: options.dim }) };
      let absences: readonly Absence[] = [];
      const suggestions = await withEditSession(
        path,
        settings,
        (session) =>
          session.suggest({
            onAbsences: (found) => (absences = found),
            onProgress: (done) => context.progress?.(`${Math.round(100 * done)} % of the candidates`),
          }),
        { onMissing: context.remark },
      ).finally(() => context.progress?.(""));
      context.write(
        options.json
          ? jsonText(suggestionsJson(path, suggestions, absences))
          : `${report(suggestions)}${absencesReport(absences)}`,
      );
    });
}

interface SuggestionsJson {
  readonly schema: 1;
  readonly file: string;
  readonly suggestions: readonly SuggestionJson[];
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

function report(suggestions: readonly Suggestion[]): string {
  if (suggestions.length === 0) return "Nothing in this model can be restructured.\n";
  const head = ["Edit", "Guarantee", ...SAVINGS.map(([title]) => title), "Why"];
  const rows = alike(suggestions).map(([one, ...others]) => [
    printable(formatEdit(one.edit)),
    one.wantsSamples ? `${one.guarantee}*` : one.guarantee,
    ...SAVINGS.map(([, total]) => change(one.saves[total])),
    printable(`${savesNoTime(one) ? `${one.why}; cuts MACs, but no time on this hardware` : one.why}${andAt(others)}`),
  ]);
  const columns = head.map((title) => ({
    align: SAVINGS.some(([name]) => name === title) ? ("right" as const) : ("left" as const),
  }));
  const wantsSamples = suggestions.some((one) => one.wantsSamples);
  const note = wantsSamples ? `* ${WITHOUT_SAMPLES} Give \`apply\` some: --data SPEC.\n` : "";
  const command = `edgewise apply MODEL --edit EDIT${wantsSamples ? " --data SPEC" : ""} --out FILE`;
  return `${plainTable([head, ...rows], columns)}\n\nChanges of the whole model's totals by each edit alone. Try one: ${command}\n${note}`;
}

type Alike = readonly [Suggestion, ...Suggestion[]];

/** Edits that save as much at other places, as in the blocks of a transformer, stand in one line: its reason is that of the first. */
function alike(suggestions: readonly Suggestion[]): readonly Alike[] {
  const lines = new Map<string, [Suggestion, ...Suggestion[]]>();
  for (const one of suggestions) {
    const { edit, saves } = one;
    const figures = SAVINGS.map(([, total]) => change(saves[total]));
    const key = JSON.stringify([edit.restructuring, edit.options, figures]);
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
