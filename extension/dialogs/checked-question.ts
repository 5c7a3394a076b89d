import * as vscode from "vscode";
import { plainText } from "./plain-text.ts";

export interface InputOptions {
  readonly title: string;
  readonly prompt: string;
  readonly value: string;
  /** Why a text cannot be taken: takes the prompt's place, and keeps the field open. */
  readonly fault: (text: string) => string | undefined;
  /** What else is to be said of a text that can be taken. Given up once another one is typed, and nobody waits for it. */
  readonly consider: (text: string, signal: AbortSignal) => Promise<Considered>;
}

export interface Considered {
  /** Takes the prompt's place. */
  readonly warning?: string;
  /** Stands behind the prompt. */
  readonly remark?: string;
}

/**
 * Asks for a text, and says what is to be said of it from the start: VS Code's own question is silent about the value it starts with.
 * @returns nothing when the user gives up
 */
export function askChecked({ title, prompt, value, fault, consider }: InputOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const box = vscode.window.createInputBox();
    Object.assign(box, {
      // What was typed would be lost when the focus goes elsewhere.
      ignoreFocusOut: true,
      title: plainText(title),
      prompt: plainText(prompt),
      value,
      valueSelection: [0, value.length],
    });
    let considering = new AbortController();
    const update = async (): Promise<void> => {
      considering.abort();
      const { signal } = (considering = new AbortController());
      const text = box.value;
      const message = fault(text);
      const said = message === undefined ? await consider(text, signal).catch(() => undefined) : {};
      if (signal.aborted || said === undefined) return;
      box.validationMessage = message === undefined ? warningOf(said) : plainText(message);
      box.prompt = plainText(`${prompt} ${said.remark ?? ""}`);
    };
    box.onDidChangeValue(() => void update());
    box.onDidAccept(() => {
      if (fault(box.value) !== undefined) return;
      resolve(box.value);
      box.hide();
    });
    box.onDidHide(() => {
      considering.abort();
      resolve(undefined);
      box.dispose();
    });
    void update();
    box.show();
  });
}

function warningOf({ warning }: Considered): vscode.InputBoxValidationMessage | undefined {
  if (warning === undefined) return undefined;
  return { message: plainText(warning), severity: vscode.InputBoxValidationSeverity.Warning };
}
