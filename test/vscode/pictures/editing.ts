import { symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeVgg16 } from "../../bench/models.ts";
import { resnet } from "../../zoo/networks/resnet.ts";
import { writeOnnxFile } from "../../zoo/to-onnx.ts";
import { unknownOperator } from "../ui/models.ts";
import { SuggestionsDriver } from "../ui/suggestions-driver.ts";
import { SAMPLES, VscodeWindow } from "../ui/window.ts";
import { takeInTurn, type State } from "./album.ts";

const SMALL = "digits_vgg_bn.onnx";
const LARGE = "resnet50.onnx";
const BARE = "unknown.onnx";
/** Its largest layer takes longer to compute than pictures of that take. */
const SLOW = "vgg16.onnx";

/** A driver that also does what a picture alone is taken of. */
class EditingStates extends SuggestionsDriver {
  readonly #window: VscodeWindow;

  constructor(window: VscodeWindow) {
    super(() => window);
    this.#window = window;
  }

  /** Another program writes the file. */
  async touch(file: string): Promise<void> {
    const now = new Date();
    utimesSync(this.#window.path(file), now, now);
    await this.#window.page.locator(".notification-toast").waitFor();
  }

  dismissNotifications(): Promise<unknown> {
    return this.run("notifications.clearAll");
  }

  /** Applies an edit, and waits for nothing. */
  async start(edit: string): Promise<void> {
    await this.#window.server.run((api, text) => {
      void api.commands.executeCommand("edgewise.applyEdits", [text]);
    }, edit);
  }
}

/** States of the suggestions view in the order in which a user comes by: each goes on from the one before it. */
const STATES: readonly State<EditingStates>[] = [
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
  {
    name: "not-offered",
    reach: async (driver) => {
      await driver.panel.getByTestId("absences").locator("summary").click();
      await driver.panel.getByTestId("absences").locator("li li").last().scrollIntoViewIfNeeded();
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
  { name: "save-question", reach: (driver) => driver.startSaving() },
  {
    name: "changed-file",
    reach: async (driver) => {
      await driver.answer("Cancel");
      await driver.touch(SMALL);
    },
  },
  {
    name: "differences",
    reach: async (driver) => {
      await driver.dismissNotifications();
      await driver.page.getByRole("button", { name: "Differences" }).click();
    },
  },
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
  {
    name: "computing",
    reach: async (driver) => {
      await driver.run("workbench.action.revertAndCloseActiveEditor");
      await driver.open(SLOW);
      await driver.start("dense-low-rank:/classifier/fc6/Gemm:rank=256");
      await driver.page.getByTestId("computing").waitFor();
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
  if (isWanted({ name: "computing" })) symlinkSync((await writeVgg16(folder)).path, window.path(SLOW));
  await takeInTurn(window, new EditingStates(window), STATES, "editing", wanted);
}
