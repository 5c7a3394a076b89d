import * as vscode from "vscode";
import { plainText } from "./plain-text.ts";

export interface Question {
  readonly title: string;
  readonly prompt: string;
  readonly value?: string;
  readonly placeholder?: string;
  /** Why a text cannot be taken. */
  readonly fault?: (text: string) => string | undefined;
  /** One of several steps: it stays when the focus goes elsewhere, as what was answered before would be lost with it. */
  readonly isStep?: boolean;
}

/**
 * Asks for a line of text. VS Code makes links and icons of prompts and reasons, so both are shown as text.
 * @returns nothing when the user gives up
 */
export async function ask({
  title,
  prompt,
  value,
  placeholder,
  fault,
  isStep = false,
}: Question): Promise<string | undefined> {
  return vscode.window.showInputBox({
    ignoreFocusOut: isStep,
    title: plainText(title),
    prompt: plainText(prompt),
    ...(value !== undefined && { value }),
    ...(placeholder !== undefined && { placeHolder: placeholder }),
    ...(fault && {
      validateInput: (text) => {
        const reason = fault(text);
        return reason === undefined ? undefined : plainText(reason);
      },
    }),
  });
}
