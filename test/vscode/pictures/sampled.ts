import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../../profiler/numeric/random.ts";
import { bytesOf, npyFile } from "../../unit/runtime/npy-file.ts";
import { SuggestionsDriver } from "../ui/suggestions-driver.ts";
import { SAMPLES, VscodeWindow } from "../ui/window.ts";
import { takeInTurn, type State } from "./album.ts";

const MODEL = "digits_lenet.onnx";
const DATA = "digits.npy";
const LABELS = "labels.txt";
/** Measured errors are of samples that nothing was fitted to: there have to be some left. */
const COUNT = 64;
const SHAPE = [1, 32, 32] as const;
const CLASSES = 10;
/** Each suggestion is made and run: half a minute of processor time, more on a machine that does other things too. */
const MEASURED_MILLISECONDS = 400_000;

/** A driver that also chooses samples, searches and trains. */
class SampledStates extends SuggestionsDriver {
  readonly #window: VscodeWindow;

  constructor(window: VscodeWindow) {
    super(() => window);
    this.#window = window;
  }

  /** Samples from a file beside the model, by VS Code's questions. */
  async chooseSamples(): Promise<void> {
    await this.part("calibration");
    await this.button("Choose calibration data…").click();
    const widget = this.#window.page.locator(".quick-input-widget");
    const answers = [
      ["File of Arrays", "File of Arrays"],
      [DATA, this.#window.path(DATA)],
      ["As Stored", "As Stored"],
      ["Labels File", "Labels File"],
      [LABELS, this.#window.path(LABELS)],
    ] as const;
    for (const [listed, text] of answers) {
      await widget.locator(".monaco-list-row", { hasText: listed }).first().waitFor();
      await widget.locator("input").first().fill(text);
      await this.press("Enter");
    }
    await this.shows(this.panel, `${COUNT} samples`);
  }

  /** A search that measures latencies on this machine. */
  async searchMeasured(): Promise<void> {
    const latencies = this.panel.getByLabel("Latencies", { exact: true }).last();
    await latencies.focus();
    await latencies.selectOption({ index: 1 });
    const field = this.panel.locator("[data-goal=latencySeconds]").getByRole("textbox");
    await field.fill("10 s");
    await field.press("Enter");
    await this.panel.getByTestId("fit-point").waitFor();
    await this.panel.getByTestId("task").waitFor({ state: "detached" });
  }

  /** Applies edits, and waits for nothing. */
  async start(...edits: readonly string[]): Promise<void> {
    await this.#window.server.run(
      (api, ...texts) => {
        void api.commands.executeCommand("edgewise.applyEdits", texts);
      },
      ...edits,
    );
  }
}

/** States that samples or the processor's time lead to, in the order in which they are come by: each goes on from the one before it. */
const STATES: readonly State<SampledStates>[] = [
  {
    name: "ranked",
    reach: async (driver) => {
      await driver.open(MODEL);
      await driver.compress.click();
      await driver.suggestions.first().waitFor();
      await driver.panel.getByTestId("task").waitFor({ state: "detached" });
      await driver.chooseSamples();
      await driver.part("suggestions");
      await driver.button("Rank by measured error").click();
      await driver.panel.getByTestId("measuring").waitFor({ timeout: MEASURED_MILLISECONDS });
    },
  },
  {
    name: "training",
    reach: async (driver) => {
      await driver.start("shrink-kernel:/3/Conv:share=1");
      await driver.hasEdits(1);
      await driver.start("recover::steps=100000,copies=2");
      await driver.shows(driver.page.getByTestId("computing"), /Step [1-9]\d{2,}:/);
    },
  },
  {
    name: "continued",
    reach: async (driver) => {
      await driver.page.getByTestId("computing").getByLabel("Cancel").first().click();
      await driver.hasEdits(1);
      for (const isFirst of [true, false]) {
        await driver.run("workbench.action.revertAndCloseActiveEditor");
        await driver.open(MODEL);
        if (isFirst || !(await driver.panel.isVisible())) await driver.compress.click();
        await driver.part("fit");
        await driver.searchMeasured();
      }
      await driver.button("Start over").waitFor();
    },
  },
];

/** Pictures of what samples and long work lead to, named "sampled-STATE". */
export async function takeSampled(wanted: string): Promise<void> {
  if (!STATES.some(({ name }) => `sampled-${name}`.includes(wanted))) return;
  const window = await VscodeWindow.open({ files: [join(SAMPLES, MODEL)] });
  const random = new Random(4);
  // Each with stripes of its own, so that answers differ.
  const pixels = Float32Array.from({ length: COUNT * 32 * 32 }, (_, index) =>
    Math.abs(Math.sin((index % 32) * (1 + Math.floor(index / 1024)) * 0.1) + 0.3 * random.normal()),
  );
  writeFileSync(window.path(DATA), npyFile("<f4", [COUNT, ...SHAPE], bytesOf(pixels)));
  writeFileSync(window.path(LABELS), Array.from({ length: COUNT }, (_, sample) => `${sample % CLASSES}\n`).join(""));
  await takeInTurn(window, new SampledStates(window), STATES, "sampled", wanted);
}
