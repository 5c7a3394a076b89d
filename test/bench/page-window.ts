import type { Frame } from "playwright-core";
import type { VscodeWindow } from "../vscode/ui/window.ts";

export async function firstRow(window: VscodeWindow): Promise<void> {
  await window.webview().locator("[data-testid=layers] [role=rowgroup] [role=row][id]").first().waitFor();
}

export async function pageFrame(window: VscodeWindow): Promise<Frame> {
  const body = await window.webview().locator("body").elementHandle();
  const frame = await body.ownerFrame();
  if (!frame) throw new Error("The page is gone.");
  return frame;
}

export async function closeEditors(window: VscodeWindow): Promise<void> {
  await window.server.run((api) => api.commands.executeCommand("workbench.action.closeAllEditors"));
}
