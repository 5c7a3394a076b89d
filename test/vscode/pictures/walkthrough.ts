// npm run pictures:walkthrough: takes the pictures of media/walkthrough that show the page, the README's among them.
import { join } from "node:path";
import { installChromium, installVscodeHost, ROOT } from "../../../install.mjs";
import { SAMPLES, VscodeWindow } from "../ui/window.ts";

const MODEL = "digits_resnet.onnx";
const SIZE = { width: 1280, height: 880 };

const whyNot = installVscodeHost() ?? installChromium();
if (whyNot !== undefined) {
  console.error(whyNot);
  process.exit(1);
}
const window = await VscodeWindow.open({ files: [join(SAMPLES, MODEL)], size: SIZE });
const take = (name: string): Promise<unknown> =>
  window.page.screenshot({ path: join(ROOT, `media/walkthrough/${name}.png`) });
try {
  await window.openFile(MODEL);
  const page = window.webview();
  await page.locator("[role=row][id]").first().waitFor();
  await window.server.run((vscode) => vscode.commands.executeCommand("workbench.action.closeSidebar"));
  await page.locator("[role=row][id^=layer-]", { hasText: "Conv" }).nth(1).click();
  await page.locator("[data-formula=latency]").waitFor();
  await take("read");
  await page.getByRole("button", { name: "flagship-phone" }).click();
  await page.locator(".hardware-numbers").waitFor();
  await take("hardware");
} finally {
  await window.close();
}
