import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { severalEntries } from "../../builders/several-entries.ts";
import { splitModel, unknownOperator } from "../ui/models.ts";
import { PageDriver } from "../ui/page-driver.ts";
import { SAMPLES, VscodeWindow } from "../ui/window.ts";
import { takeDocument, takeView, type State } from "./album.ts";

const MODEL = "digits_resnet.onnx";
const OTHER = "digits_lenet.onnx";
const UNKNOWN = "unknown.onnx";
const BROKEN = "broken.onnx";
const SPLIT = "split.onnx";
const ENTRIES = "entries.tflite";
/** As `edgewise run --learn` writes them; rounded. */
const LEARNED = {
  ...DEFAULT_HARDWARE,
  name: "learned-here",
  kernels: {
    conv: 1.43,
    "conv-padded": 1.12,
    "few-channels": 2.19,
    pointwise: 1.63,
    "conv-maps": 0.99,
    layout: 2.44,
    other: 1.61,
  },
  secondsPerOperator: 1.8e-6,
  sources: { ...DEFAULT_HARDWARE.sources, kernels: "Fitted to runs on this machine" },
};
const REPORT = "report.html";

/** A driver of the page that also opens what stands beside it. */
class StatesDriver extends PageDriver {
  readonly #window: VscodeWindow;

  constructor(window: VscodeWindow) {
    super(() => window);
    this.#window = window;
  }

  button(name: string): Promise<void> {
    return this.page.getByRole("button", { name, exact: true }).click();
  }

  async compare(...names: readonly string[]): Promise<void> {
    await this.#window.server.run(
      (api, paths) => {
        const [first, ...others] = paths.map((path) => api.Uri.file(path));
        void api.commands.executeCommand("edgewise.compareSelected", first, [first, ...others]);
      },
      names.map((name) => this.#window.path(name)),
    );
    await this.lines.first().waitFor();
  }

  /** A setting of the user. */
  set(setting: string, value: unknown): Promise<void> {
    return this.#window.server.run(
      (api, name, given) =>
        api.workspace.getConfiguration("edgewise").update(name, given, api.ConfigurationTarget.Global),
      setting,
      value,
    );
  }

  async report(): Promise<string> {
    const paths = [MODEL, REPORT].map((name) => this.#window.path(name));
    await this.#window.server.run(
      (api, files) => api.commands.executeCommand("edgewise.exportHtml", ...files.map((file) => api.Uri.file(file))),
      paths,
    );
    return this.#window.path(REPORT);
  }
}

/** States of the page in the order in which they are come by: each goes on from the one before it. */
const STATES: readonly State<StatesDriver>[] = [
  {
    name: "several",
    reach: async (driver) => {
      await driver.open(MODEL);
      await driver.layers.nth(1).click();
      await driver.layers.nth(4).click({ modifiers: ["Shift"] });
    },
  },
  { name: "columns", reach: (driver) => driver.button("Choose columns") },
  {
    name: "filter-help",
    reach: async (driver) => {
      await driver.press("Escape");
      await driver.button("How to filter");
    },
  },
  {
    name: "filter",
    reach: async (driver) => {
      await driver.press("Escape");
      await driver.filter("kind:conv macs>");
    },
  },
  {
    name: "flat",
    reach: async (driver) => {
      await driver.filter("kind:conv macs>10k");
      await driver.button("Group layers by module");
      await driver.column("latency").getByRole("button", { name: "Latency estimate" }).click();
    },
  },
  {
    name: "hardware",
    reach: async (driver) => {
      await driver.filter("");
      await driver.button("Group layers by module");
      await driver.button("flagship-phone");
    },
  },
  {
    name: "budget",
    reach: async (driver) => {
      await driver.press("Escape");
      await driver.button("Show budgets").catch(() => undefined);
      await driver.page.locator("[data-budget=response] button").click();
    },
  },
  {
    name: "dimension",
    reach: async (driver) => {
      await driver.press("Escape");
      const field = driver.page.getByRole("textbox", { name: "Value of the dimension batch" });
      await field.fill("8");
      await driver.press("Enter");
      await driver.page.getByRole("button", { name: "Batch 1" }).waitFor();
      await field.fill("four");
      await driver.press("Enter");
    },
  },
  {
    name: "weights",
    reach: async (driver) => {
      await driver.button("Batch 1");
      // What a filter finds is in sight, folded modules or not.
      await driver.filter("kind:conv");
      await driver.layers.nth(1).click();
      await driver.filter("");
      await driver.details.getByTestId("statistics").first().scrollIntoViewIfNeeded();
    },
  },
  {
    name: "warnings",
    reach: async (driver) => {
      await driver.close();
      await driver.open(UNKNOWN);
      await driver.page.getByRole("button", { name: /warning/ }).click();
    },
  },
  {
    name: "missing-data",
    reach: async (driver) => {
      await driver.close();
      await driver.open(SPLIT);
      await driver.page.getByTestId("missing-data").waitFor();
    },
  },
  {
    name: "failed",
    reach: async (driver) => {
      await driver.close();
      await driver.show(BROKEN);
      await driver.page.getByTestId("failed").waitFor();
    },
  },
  {
    name: "compare",
    reach: async (driver) => {
      await driver.close();
      await driver.compare(MODEL, OTHER);
    },
  },
  {
    name: "compare-outputs",
    reach: async (driver) => {
      await driver.button("Compare Outputs");
      await driver.page.getByTestId("outputs").locator("[data-fact=snr]").waitFor();
    },
  },
  {
    name: "compare-graphs",
    reach: async (driver) => {
      await driver.page.getByRole("tab", { name: "Graphs" }).click();
      await driver.page.locator("[data-side=after] .box").first().waitFor();
      await driver.button("Next difference");
    },
  },
  {
    name: "entries",
    reach: async (driver) => {
      await driver.close();
      await driver.open(ENTRIES);
      await driver.page.getByTestId("parts").waitFor();
    },
  },
  {
    name: "learned-latency",
    reach: async (driver) => {
      await driver.close();
      await driver.set("hardwareProfiles", [LEARNED]);
      await driver.set("hardwareProfile", LEARNED.name);
      await driver.open(MODEL);
      await driver.filter("kind:conv");
      await driver.layers.nth(1).click();
      await driver.filter("");
      await driver.details.locator("[data-formula=latency]").scrollIntoViewIfNeeded();
    },
  },
];

/** Pictures of every state of the page, named "page-STATE", and of the report that is exported. */
export async function takeStates(wanted: string): Promise<void> {
  const isWanted = ({ name }: { readonly name: string }): boolean => `page-${name}`.includes(wanted);
  const report = { name: "report" };
  if (![...STATES, report].some(isWanted)) return;
  const window = await VscodeWindow.open({ files: [MODEL, OTHER].map((name) => join(SAMPLES, name)) });
  writeFileSync(window.path(UNKNOWN), unknownOperator());
  writeFileSync(window.path(BROKEN), "no model");
  writeFileSync(window.path(SPLIT), splitModel());
  writeFileSync(window.path(ENTRIES), severalEntries());
  const driver = new StatesDriver(window);
  try {
    for (const state of STATES) {
      await state.reach(driver);
      if (isWanted(state)) await takeView(window, `page-${state.name}`);
    }
    if (isWanted(report)) await takeDocument(await driver.report(), "page-report");
  } finally {
    await window.close();
  }
}
