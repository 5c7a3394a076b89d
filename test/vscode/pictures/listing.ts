import { join } from "node:path";
import { EditingDriver } from "../ui/editing-driver.ts";
import { ListingDriver } from "../ui/listing-driver.ts";
import { SAMPLES, VscodeWindow, eventually } from "../ui/window.ts";
import { takeView } from "./album.ts";

const MODEL = "digits_resnet.onnx";

interface Drivers {
  readonly window: VscodeWindow;
  readonly page: EditingDriver;
  readonly listing: ListingDriver;
}

interface State {
  readonly name: string;
  readonly reach: (drivers: Drivers) => Promise<unknown>;
  /** Comes back to it when the window's size has closed it. */
  readonly again?: (drivers: Drivers) => Promise<unknown>;
}

async function showActions({ window, listing }: Drivers): Promise<void> {
  await window.page.keyboard.press("Escape");
  await listing.goTo(/BatchNormalization </);
  await window.page.keyboard.press("Control+.");
  await window.page.locator(".context-view > .action-widget .action").first().waitFor();
}

/** States of the listing in the order in which a user comes by: each goes on from the one before it. */
const STATES: readonly State[] = [
  {
    name: "text",
    reach: async ({ page, listing }) => {
      await page.open(MODEL);
      await page.run("edgewise.openListing");
      await listing
        .lineWith(/Conv.*params.*MACs/)
        .first()
        .waitFor();
      // The listing alone: half of a narrow window shows next to nothing.
      await page.run("workbench.action.maximizeEditorHideSidebar");
    },
  },
  {
    name: "hover",
    reach: async ({ window, listing }) => {
      await listing.goTo(/Conv </);
      await window.runCommand("Show or Focus Hover");
      await window.page.locator(".monaco-hover", { hasText: "output channels" }).waitFor();
    },
  },
  { name: "actions", reach: showActions, again: showActions },
  {
    name: "configure",
    reach: async ({ window, listing }) => {
      await window.page.keyboard.press("Escape");
      await listing.goTo(/\/1\/a\/a\.0\/Conv_output_0 =/);
      await listing.choose(/^Configure /);
      await window.page.locator(".quick-input-widget .quick-input-title").waitFor();
    },
  },
  {
    name: "typing",
    reach: async ({ window, listing }) => {
      await window.page.keyboard.press("Escape");
      await listing.goTo(/= Add /);
      await window.page.keyboard.type("x");
      await window.page.locator(".notification-toast", { hasText: "cannot be typed into" }).waitFor();
    },
  },
  {
    name: "problems",
    reach: async ({ window, page, listing }) => {
      await page.run("notifications.clearAll");
      await eventually(
        window,
        () => listing.problems(),
        (found) => found.length > 0,
      );
      await window.runCommand("Problems: Focus on Problems View");
      await window.page.locator(".markers-panel").getByText("unfused-batch-norm").first().waitFor();
    },
  },
];

/** Pictures of every state of the listing, named "listing-STATE". */
export async function takeListing(wanted: string): Promise<void> {
  const isWanted = ({ name }: { readonly name: string }): boolean => `listing-${name}`.includes(wanted);
  const last = STATES.findLastIndex(isWanted);
  if (last < 0) return;
  const window = await VscodeWindow.open({ files: [join(SAMPLES, MODEL)] });
  const drivers = { window, page: new EditingDriver(() => window), listing: new ListingDriver(() => window, MODEL) };
  try {
    for (const state of STATES.slice(0, last + 1)) {
      await state.reach(drivers);
      if (isWanted(state))
        await takeView(window, `listing-${state.name}`, undefined, () => state.again?.(drivers) ?? Promise.resolve());
    }
  } finally {
    await window.close();
  }
}
