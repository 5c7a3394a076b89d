/** VS Code's setting `files.autoSave`. */
export type AutoSaveMode = "off" | "afterDelay" | "onFocusChange" | "onWindowChange";

/**
 * Tells saves that VS Code makes by itself from those that the user asks for: an extension is told of both alike. Taking the one for the
 * other writes nothing that the user has not agreed to; it only asks where it need not, or later than it could.
 */
export class AutoSave {
  #content: unknown;
  #isDue = true;

  /** Tells what would be saved now. */
  onContent(content: unknown): void {
    if (content !== this.#content) this.#isDue = true;
    this.#content = content;
  }

  /** @param isInFront whether the document has the focus, in a window that has it */
  isAutomatic(mode: AutoSaveMode, isInFront: boolean): boolean {
    if (mode === "off") return false;
    if (mode !== "afterDelay") return !isInFront;
    // A change is saved by itself once; who saves the same again has pressed a key.
    const isFirst = this.#isDue;
    this.#isDue = false;
    return isFirst;
  }
}
