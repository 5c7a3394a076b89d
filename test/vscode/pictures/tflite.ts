import { writeFileSync } from "node:fs";
import { compressible } from "../ui/models.ts";
import { SuggestionsDriver } from "../ui/suggestions-driver.ts";
import { VscodeWindow } from "../ui/window.ts";
import { takeView } from "./album.ts";

const MODEL = "layers.tflite";

/** States of the suggestions for a TFLite file, from its list to bits for each layer. */
const STATES: readonly { readonly name: string; readonly reach: (driver: SuggestionsDriver) => Promise<unknown> }[] = [
  {
    name: "list",
    reach: async (driver) => {
      await driver.open(MODEL);
      await driver.suggest();
    },
  },
  {
    name: "weights",
    reach: async (driver) => {
      const suggestion = driver.suggestion("quantize-weights");
      await driver.unfold(suggestion);
      await driver.tryIt(suggestion);
      await suggestion.getByTestId("check").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "model",
    reach: async (driver) => {
      const suggestion = driver.suggestion("quantize-model");
      await driver.unfold(suggestion);
      await driver.tryIt(suggestion);
      await suggestion.getByTestId("check").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "not-offered",
    reach: async (driver) => {
      await driver.panel.getByTestId("absences").locator("summary").click();
      await driver.panel.getByTestId("absences").locator("li li").last().scrollIntoViewIfNeeded();
    },
  },
  {
    name: "sensitivity",
    reach: async (driver) => {
      await driver.part("fit");
      await driver.choose("Search by", "Compress weights");
      await driver.button("Measure each layer").click();
      const chart = driver.panel.getByTestId("chart-sensitivity");
      await driver.shows(chart, /dB with 2 bits/);
      await driver.panel.getByTestId("task").waitFor({ state: "detached" });
      await chart.scrollIntoViewIfNeeded();
    },
  },
  {
    name: "mixed",
    reach: async (driver) => {
      await driver.part("suggestions");
      const suggestion = driver.suggestion("mixed-precision");
      await driver.unfold(suggestion);
      await driver.tryIt(suggestion);
      await suggestion.getByTestId("check").scrollIntoViewIfNeeded();
    },
  },
  { name: "applied", reach: (driver) => driver.applyIt(driver.suggestion("mixed-precision"), 1) },
];

/** Pictures of the editing of a TFLite file, named "tflite-STATE". */
export async function takeTflite(wanted: string): Promise<void> {
  const isWanted = ({ name }: { readonly name: string }): boolean => `tflite-${name}`.includes(wanted);
  const last = STATES.findLastIndex(isWanted);
  if (last < 0) return;
  const window = await VscodeWindow.open({});
  writeFileSync(window.path(MODEL), compressible());
  const driver = new SuggestionsDriver(() => window);
  try {
    for (const state of STATES.slice(0, last + 1)) {
      await state.reach(driver);
      if (isWanted(state)) await takeView(window, `tflite-${state.name}`);
    }
    await driver.run("workbench.action.revertAndCloseActiveEditor");
  } finally {
    await window.close();
  }
}
