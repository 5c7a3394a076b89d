import * as vscode from "vscode";

export interface InputOptions {
  readonly title: string;
  readonly prompt: string;
  readonly value: string;
  readonly check: (text: string) => Promise<CheckedText>;
}

export interface CheckedText {
  /** Takes the prompt's place; an error keeps the field open. */
  readonly fault?: vscode.InputBoxValidationMessage;
  /** Stands behind the prompt. */
  readonly remark?: string;
}

/**
 * Asks for a text, and says what is to be said of it from the start: VS Code's own question is silent about the value it starts with.
 * @returns nothing when the user gives up
 */
export function askChecked({ title, prompt, value, check }: InputOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const box = vscode.window.createInputBox();
    Object.assign(box, { title, prompt, value, valueSelection: [0, value.length] });
    /** Tells whether the value can be taken. */
    const update = async (): Promise<boolean> => {
      const text = box.value;
      const { fault, remark = "" } = await check(text);
      if (box.value === text) {
        box.validationMessage = fault;
        box.prompt = `${prompt} ${remark}`;
      }
      return fault?.severity !== vscode.InputBoxValidationSeverity.Error;
    };
    const accept = async (): Promise<void> => {
      const text = box.value;
      if (!(await update())) return;
      resolve(text);
      box.hide();
    };
    box.onDidChangeValue(() => void update());
    box.onDidAccept(() => void accept());
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
    });
    void update();
    box.show();
  });
}
