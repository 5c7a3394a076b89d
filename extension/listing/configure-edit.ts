import * as vscode from "vscode";
import type { Edit, EditOptions, OptionSpec, OptionValue } from "../../profiler/restructure/index.ts";

/**
 * Asks for each option of an edit in turn.
 * @param options what can be set
 * @returns nothing when the user gives up
 */
export async function configureEdit(
  edit: Edit,
  title: string,
  options: readonly OptionSpec[],
): Promise<Edit | undefined> {
  let chosen: EditOptions = edit.options;
  for (const [position, spec] of options.entries()) {
    const step = options.length > 1 ? ` (${position + 1}/${options.length})` : "";
    const answer = await ask(spec, chosen[spec.id] ?? spec.default, `${title}${step}`);
    if (answer === undefined) return undefined;
    const { [spec.id]: _old, ...others } = chosen;
    chosen = answer === LEFT_OUT ? others : { ...others, [spec.id]: answer };
  }
  return { ...edit, options: chosen };
}

/** The user leaves an option without a default to the restructuring. */
const LEFT_OUT = Symbol("left out");
type Answer = OptionValue | typeof LEFT_OUT | undefined;

function ask(spec: OptionSpec, value: OptionValue | undefined, title: string): Thenable<Answer> {
  if (spec.type === "choice") return askChoice(spec.choices, spec, value, title);
  if (spec.type === "boolean") {
    const choices = [
      { value: true, title: vscode.l10n.t("Yes") },
      { value: false, title: vscode.l10n.t("No") },
    ];
    return askChoice(choices, spec, value, title);
  }
  return askNumber(spec, value, title);
}

async function askChoice(
  choices: readonly { readonly value: OptionValue; readonly title: string }[],
  spec: OptionSpec,
  value: OptionValue | undefined,
  title: string,
): Promise<Answer> {
  const items = choices.map((choice) => ({
    label: vscode.l10n.t(choice.title),
    ...(choice.value === value && { description: vscode.l10n.t("current") }),
    value: choice.value,
  }));
  const placeHolder = `${vscode.l10n.t(spec.title)}: ${vscode.l10n.t(spec.description)}`;
  return (await vscode.window.showQuickPick(items, { title, placeHolder }))?.value;
}

async function askNumber(
  spec: Extract<OptionSpec, { type: "number" | "integer" }>,
  value: OptionValue | undefined,
  title: string,
): Promise<Answer> {
  const { minimum = -Infinity, maximum = Infinity, unit } = spec;
  const isOptional = spec.default === undefined;
  const fault = (text: string): string | undefined => {
    if (text.trim() === "") return isOptional ? undefined : vscode.l10n.t("A number is needed.");
    const number = Number(text);
    const isKind = spec.type === "integer" ? Number.isInteger(number) : Number.isFinite(number);
    if (isKind && number >= minimum && number <= maximum) return undefined;
    const kind = spec.type === "integer" ? vscode.l10n.t("A whole number") : vscode.l10n.t("A number");
    const from = Number.isFinite(minimum) ? [vscode.l10n.t("from {0}", minimum)] : [];
    const to = Number.isFinite(maximum) ? [vscode.l10n.t("to {0}", maximum)] : [];
    return [kind, ...from, ...to].join(" ");
  };
  const text = await vscode.window.showInputBox({
    title,
    prompt: `${vscode.l10n.t(spec.title)}${unit === undefined ? "" : ` [${unit}]`}: ${vscode.l10n.t(spec.description)}`,
    value: value === undefined ? "" : String(value),
    validateInput: fault,
  });
  if (text === undefined) return undefined;
  return text.trim() === "" ? LEFT_OUT : Number(text);
}
