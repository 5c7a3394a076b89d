import { writeFileSync } from "node:fs";
import { compressible } from "../ui/models.ts";
import { SuggestionsDriver } from "../ui/suggestions-driver.ts";
import { VscodeWindow } from "../ui/window.ts";
import { takeInTurn, type State } from "./album.ts";

const MODEL = "layers.tflite";

/** States of the suggestions for a TFLite file, from its list to bits for each layer. */
const STATES: readonly State<SuggestionsDriver>[] = [
  {
    name: "list",
    reach: async (driver) => {
      await driver.open(MODEL);
      await driver.suggest();
    },
  },
  { name: "weights", reach: (driver) => tryInSight(driver, "quantize-weights") },
  { name: "model", reach: (driver) => tryInSight(driver, "quantize-model") },
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
      await tryInSight(driver, "mixed-precision");
    },
  },
  { name: "applied", reach: (driver) => driver.applyIt(driver.suggestion("mixed-precision"), 1) },
];

/** Pictures of the editing of a TFLite file, named "tflite-STATE". */
export async function takeTflite(wanted: string): Promise<void> {
  if (!STATES.some(({ name }) => `tflite-${name}`.includes(wanted))) return;
  const window = await VscodeWindow.open({});
  writeFileSync(window.path(MODEL), compressible());
  await takeInTurn(window, new SuggestionsDriver(() => window), STATES, "tflite", wanted);
}

async function tryInSight(driver: SuggestionsDriver, restructuring: string): Promise<void> {
  const suggestion = driver.suggestion(restructuring);
  await driver.unfold(suggestion);
  await driver.tryIt(suggestion);
  await suggestion.getByTestId("check").scrollIntoViewIfNeeded();
}
