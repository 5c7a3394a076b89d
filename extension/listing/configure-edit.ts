import * as vscode from "vscode";
import type { Edit, EditOptions, OptionSpec, OptionValue } from "../../profiler/editing/index.ts";
import { RpcError } from "../../webview/protocol/rpc.ts";
import { askChecked, type Considered } from "../dialogs/checked-question.ts";
import { choose } from "../dialogs/choices.ts";

/** What an edit would save, in words; undefined where nobody can tell before it is computed. */
export type Predict = (edit: Edit, signal: AbortSignal) => Promise<string | undefined>;

/**
 * Asks for each option of an edit in turn, and says meanwhile what it would save.
 * @param options what can be set
 * @param predict @throws {RpcError} with the reason when an edit does not fit
 * @returns nothing when the user gives up
 */
export async function configureEdit(
  edit: Edit,
  title: string,
  options: readonly OptionSpec[],
  predict: Predict,
): Promise<Edit | undefined> {
  let chosen: EditOptions = edit.options;
  for (const [position, spec] of options.entries()) {
    const step = options.length > 1 ? ` (${position + 1}/${options.length})` : "";
    const { [spec.id]: value, ...others } = chosen;
    const withAnswer = (answer: OptionValue | typeof LEFT_OUT): EditOptions =>
      answer === LEFT_OUT ? others : { ...others, [spec.id]: answer };
    const answer = await ask(spec, value ?? spec.default, `${title}${step}`, (one, signal) =>
      predict({ ...edit, options: withAnswer(one) }, signal),
    );
    if (answer === undefined) return undefined;
    chosen = withAnswer(answer);
  }
  return { ...edit, options: chosen };
}

/** The user leaves an option without a default to the restructuring. */
const LEFT_OUT = Symbol("left out");
type Answer = OptionValue | typeof LEFT_OUT | undefined;
type PredictAnswer = (answer: OptionValue | typeof LEFT_OUT, signal: AbortSignal) => Promise<string | undefined>;

function ask(
  spec: OptionSpec,
  value: OptionValue | undefined,
  title: string,
  predict: PredictAnswer,
): Thenable<Answer> {
  if (spec.type === "choice") return askChoice(spec.choices, spec, value, title);
  if (spec.type === "boolean") {
    const choices = [
      { value: true, title: vscode.l10n.t("Yes") },
      { value: false, title: vscode.l10n.t("No") },
    ];
    return askChoice(choices, spec, value, title);
  }
  return spec.type === "text" ? askText(spec, value, title, predict) : askNumber(spec, value, title, predict);
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
  const placeholder = `${vscode.l10n.t(spec.title)}: ${vscode.l10n.t(spec.description)}`;
  return (await choose(items, { title, placeholder, isStep: true }))?.value;
}

async function askNumber(
  spec: Extract<OptionSpec, { type: "number" | "integer" }>,
  value: OptionValue | undefined,
  title: string,
  predict: PredictAnswer,
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
  const about = vscode.l10n.t(spec.title) + (unit === undefined ? "" : ` [${unit}]`);
  const text = await askChecked({
    title,
    prompt: `${about}: ${vscode.l10n.t(spec.description)}`,
    value: value === undefined ? "" : String(value),
    fault,
    consider: (typed, signal) => saving(predict, answerOf(typed), signal),
  });
  return text === undefined ? undefined : answerOf(text);
}

async function askText(
  spec: Extract<OptionSpec, { type: "text" }>,
  value: OptionValue | undefined,
  title: string,
  predict: PredictAnswer,
): Promise<Answer> {
  const answer = (text: string): string | typeof LEFT_OUT => (text.trim() === "" ? LEFT_OUT : text);
  const text = await askChecked({
    title,
    prompt: `${vscode.l10n.t(spec.title)}: ${vscode.l10n.t(spec.description)}`,
    value: value === undefined ? "" : String(value),
    fault: () => undefined,
    consider: (typed, signal) => saving(predict, answer(typed), signal),
  });
  return text === undefined ? undefined : answer(text);
}

function answerOf(text: string): number | typeof LEFT_OUT {
  return text.trim() === "" ? LEFT_OUT : Number(text);
}

/** What a value would save, or why it does not fit. */
async function saving(
  predict: PredictAnswer,
  answer: OptionValue | typeof LEFT_OUT,
  signal: AbortSignal,
): Promise<Considered> {
  try {
    const remark = await predict(answer, signal);
    return remark === undefined ? {} : { remark };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { warning: error.failure.message };
  }
}
