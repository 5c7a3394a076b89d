import * as vscode from "vscode";
import { plainText } from "./plain-text.ts";

/** Messages beside the user's work, whose text is text whatever file, runtime or phone it came from. Buttons are ours. */

/** @returns the button that was pressed */
export async function showInformation(message: string, ...buttons: readonly string[]): Promise<string | undefined> {
  return vscode.window.showInformationMessage(plainText(message), ...buttons);
}

/** @returns the button that was pressed */
export async function showWarning(message: string, ...buttons: readonly string[]): Promise<string | undefined> {
  return vscode.window.showWarningMessage(plainText(message), ...buttons);
}

/** @returns the button that was pressed */
export async function showError(message: string, ...buttons: readonly string[]): Promise<string | undefined> {
  return vscode.window.showErrorMessage(plainText(message), ...buttons);
}

/**
 * A question that waits for its answer: only where something could be lost.
 * @returns the button that was pressed
 */
export async function askModally(
  question: string,
  detail: string,
  ...buttons: readonly string[]
): Promise<string | undefined> {
  const options = { modal: true, detail: plainText(detail) };
  return vscode.window.showWarningMessage(plainText(question), options, ...buttons);
}
