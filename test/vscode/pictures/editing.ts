import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { resnet } from "../../zoo/networks/resnet.ts";
import { writeOnnxFile } from "../../zoo/to-onnx.ts";
import { unknownOperator } from "../ui/models.ts";
import { SuggestionsDriver } from "../ui/suggestions-driver.ts";
import { SAMPLES, VscodeWindow } from "../ui/window.ts";
import { takeView } from "./album.ts";

const SMALL = "digits_vgg_bn.onnx";
const LARGE = "resnet50.onnx";
const BARE = "unknown.onnx";

/** States of the suggestions view in the order in which a user comes by: each goes on from the one before it. */
const STATES: readonly { readonly name: string; readonly reach: (driver: SuggestionsDriver) => Promise<unknown> }[] = [
  { name: "nothing", reach: async (driver) => driver.open(BARE).then(() => driver.compress.click()) },
  {
    name: "many",
    reach: async (driver) => {
      await driver.close();
      await driver.open(LARGE);
      await driver.suggest();
    },
  },
  {
    name: "list",
    reach: async (driver) => {
      await driver.close();
      await driver.open(SMALL);
      await driver.suggest();
    },
  },
  { name: "opened", reach: (driver) => driver.unfold(driver.suggestion("dense-low-rank")) },
  { name: "tried", reach: (driver) => driver.tryIt(driver.suggestion("dense-low-rank")) },
  {
    name: "conflict",
    reach: async (driver) => {
      for (const place of [0, 1, 2]) await driver.suggestions.nth(place).getByRole("checkbox").click();
      await driver.button("Try together").click();
      await driver.panel.getByTestId("chosen").getByTestId("check").waitFor();
    },
  },
  {
    name: "refused",
    reach: async (driver) => {
      await driver.button("Clear").click();
      await driver.run("edgewise.applyEdits", ["dense-low-rank:nothing"]).catch(() => undefined);
    },
  },
  {
    name: "applied",
    reach: async (driver) => {
      await driver.applyIt(driver.suggestion("dense-low-rank"), 1);
      await driver.suggestions.first().waitFor();
    },
  },
  { name: "differences", reach: (driver) => driver.page.getByRole("button", { name: "Differences" }).click() },
  {
    name: "history",
    reach: async (driver) => {
      await driver.button("Apply all exact").click();
      await driver.page.getByTestId("computing").waitFor({ state: "detached" });
      await driver.part("history");
      await driver.edits
        .first()
        .getByRole("button", { name: /^Change the options/ })
        .click();
    },
  },
  { name: "samples", reach: (driver) => driver.part("calibration") },
  { name: "fit", reach: (driver) => driver.part("fit") },
  {
    name: "curve",
    reach: async (driver) => {
      await driver.panel.locator("[data-goal=parameters] vscode-text-field").getByRole("textbox").fill("15 k");
      await driver.button("Search").click();
      await driver.panel.getByTestId("fit-point").waitFor();
      await driver.panel.getByTestId("task").waitFor({ state: "detached", timeout: 180_000 });
    },
  },
];

/** Pictures of every state of the suggestions view, named "editing-STATE". */
export async function takeEditing(folder: string, wanted: string): Promise<void> {
  const isWanted = ({ name }: { readonly name: string }): boolean => `editing-${name}`.includes(wanted);
  if (!STATES.some(isWanted)) return;
  writeFileSync(join(folder, BARE), unknownOperator());
  await writeOnnxFile(resnet(50), join(folder, LARGE), { weights: "folded" });
  const window = await VscodeWindow.open({ files: [join(SAMPLES, SMALL), join(folder, LARGE), join(folder, BARE)] });
  const driver = new SuggestionsDriver(() => window);
  try {
    for (const state of STATES) {
      await state.reach(driver);
      if (isWanted(state)) await takeView(window, `editing-${state.name}`);
    }
    await driver.run("workbench.action.revertAndCloseActiveEditor");
  } finally {
    await window.close();
  }
}
