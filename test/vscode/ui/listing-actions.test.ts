import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NetworkBuilder } from "../../zoo/network-builder.ts";
import { toBytes } from "../../zoo/file-segments.ts";
import { toTflite } from "../../zoo/to-tflite.ts";
import { ListingDriver } from "./listing-driver.ts";
import { SAMPLES, eventually, useWindow } from "./window.ts";

const ONNX = "digits_resnet.onnx";
const TFLITE = "small.tflite";

/** Two convolutions and a fully connected head. */
function smallTflite(): Uint8Array {
  const net = new NetworkBuilder();
  const first = net.relu(net.conv(net.image(3, 16), "first", { out: 16, kernel: 3, pad: 1 }));
  const second = net.relu(net.conv(first, "second", { out: 16, kernel: 3, pad: 1 }));
  return toBytes(toTflite(net.finish("small", net.dense(net.flatten(second), "head", 32))));
}

describe("Code actions of the listing", () => {
  const vscode = useWindow({ isAlone: true, files: [join(SAMPLES, ONNX)], size: { width: 1700, height: 1000 } });

  const dirtyTabs = (): Promise<readonly string[]> =>
    vscode().server.run((api) =>
      api.window.tabGroups.all.flatMap(({ tabs }) => tabs.filter(({ isDirty }) => isDirty).map(({ label }) => label)),
    );
  /** Opens page and listing, whose cursor goes to the first layer last of all. */
  const open = async (name: string, listing: ListingDriver): Promise<void> => {
    await vscode().openFile(name);
    await vscode().rows().first().waitFor();
    await vscode().runCommand("Edgewise: Open Listing");
    await eventually(
      vscode(),
      () => listing.cursorLine(),
      (line) => line > 0,
    );
  };

  const redo = async (listing: ListingDriver, isDone: (text: string) => boolean): Promise<void> => {
    await eventually(
      vscode(),
      () => listing.hasFocus(),
      (hasFocus) => hasFocus,
    );
    await vscode().page.keyboard.press("Control+y");
    await eventually(vscode(), () => listing.text(), isDone);
  };
  /** Saves with the listing in front, which keeps its text, over a file that is another one then. */
  const saveByKeys = async (file: string, original: Uint8Array, listing: ListingDriver): Promise<void> => {
    await eventually(vscode(), dirtyTabs, (tabs) => tabs.join() === file);
    const text = await listing.text();
    await listing.goTo(/ = /);
    await vscode().page.keyboard.press("Control+s");
    const question = vscode().page.locator(".monaco-dialog-box");
    await question.getByRole("button", { name: "Overwrite", exact: true }).click();
    await eventually(vscode(), dirtyTabs, (tabs) => tabs.length === 0);
    assert.notDeepEqual(readFileSync(vscode().path(file)), Buffer.from(original));
    await eventually(
      vscode(),
      () => listing.hasFocus(),
      (hasFocus) => hasFocus,
    );
    assert.equal(await listing.text(), text);
  };

  afterEach(async () => {
    await vscode().server.run(async (api) => {
      await api.commands.executeCommand("workbench.action.closeAllEditors");
    });
  });

  it("edit an ONNX model like the page does: fix, dirty mark, undo and redo", async () => {
    const listing = new ListingDriver(vscode, ONNX);
    await open(ONNX, listing);
    await listing
      .lineWith(/BatchNormalization/)
      .first()
      .waitFor();
    const before = await listing.text();
    const count = (text: string): number => text.split("= BatchNormalization").length - 1;

    const offered = await listing.actions(/= BatchNormalization/);
    assert.ok(
      offered.some(({ title, kind }) => kind === "quickfix" && /^Fold batch normalisation: .*exact$/.test(title)),
      JSON.stringify(offered),
    );
    assert.ok(offered.some(({ kind }) => kind === "source.fixAll.edgewise"));
    const conv = await listing.actions(/\/1\/a\/a\.0\/Conv_output_0 =/);
    assert.ok(conv.some(({ title, kind }) => kind === "refactor.rewrite" && title.startsWith("Separable: −")));
    assert.ok(conv.some(({ title }) => /^Configure .*…$/.test(title)));

    await listing.goTo(/BatchNormalization </);
    await listing.choose("Fold batch normalisation");
    const fixed = await eventually(
      vscode(),
      () => listing.text(),
      (text) => count(text) === count(before) - 1,
    );
    await eventually(vscode(), dirtyTabs, (tabs) => tabs.join() === ONNX);

    await listing.goTo(/BatchNormalization </);
    await vscode().page.keyboard.press("Control+z");
    await eventually(
      vscode(),
      () => listing.text(),
      (text) => text === before,
    );
    await eventually(vscode(), dirtyTabs, (tabs) => tabs.length === 0);
    await eventually(
      vscode(),
      () => listing.hasFocus(),
      (hasFocus) => hasFocus,
    );
    await vscode().page.keyboard.press("Control+y");
    await eventually(
      vscode(),
      () => listing.text(),
      (text) => text === fixed,
    );
    await eventually(vscode(), dirtyTabs, (tabs) => tabs.join() === ONNX);
    await vscode().server.run(async (api) => {
      await api.commands.executeCommand("edgewise.listing.undo");
    });
    await eventually(
      vscode(),
      () => listing.text(),
      (text) => text === before,
    );
  });

  it("edit a TFLite model, with options asked for", async () => {
    writeFileSync(vscode().path(TFLITE), smallTflite());
    const listing = new ListingDriver(vscode, TFLITE);
    await open(TFLITE, listing);
    await listing
      .lineWith(/FULLY_CONNECTED/)
      .first()
      .waitFor();
    const before = await listing.text();
    const problems = await eventually(
      vscode(),
      () => listing.problems(),
      (found) => found.length > 0,
    );
    assert.ok(problems.some(({ code }) => code === "dense-head"));

    await listing.goTo(/FULLY_CONNECTED </);
    await listing.choose(/^Configure .*[Ll]ow rank/);
    const picker = vscode().page.locator(".quick-input-widget");
    await picker.waitFor();
    const title = picker.locator(".quick-input-title");
    const steps = Number(/\(1\/(\d+)\)/.exec(await title.innerText())?.[1]);
    await picker.getByText(/−\d+ % .*parameters/).waitFor();
    for (let step = 1; step <= steps; step++) {
      await title.filter({ hasText: `(${step}/${steps})` }).waitFor();
      await vscode().page.keyboard.press("Enter");
    }
    const count = (text: string): number => text.split("= FULLY_CONNECTED").length - 1;
    await eventually(
      vscode(),
      () => listing.text(),
      (text) => count(text) === count(before) + 1,
    );
    await listing.goTo(/FULLY_CONNECTED </);
    await vscode().page.keyboard.press("Control+z");
    await eventually(
      vscode(),
      () => listing.text(),
      (text) => text === before,
    );
    await redo(listing, (text) => count(text) === count(before) + 1);
    await saveByKeys(TFLITE, smallTflite(), listing);
  });

  it("apply all that is exact as one step, which Ctrl+S saves from here", async () => {
    const file = "exact.onnx";
    const original = readFileSync(join(SAMPLES, ONNX));
    writeFileSync(vscode().path(file), original);
    const listing = new ListingDriver(vscode, file);
    await open(file, listing);
    const before = await listing.text();
    const norms = (text: string): number => text.split("= BatchNormalization").length - 1;
    assert.ok(norms(before) > 1);
    await listing.choose("Apply all exact restructurings", () => vscode().runCommand("Source Action..."));
    const fixed = await eventually(
      vscode(),
      () => listing.text(),
      (text) => norms(text) === 0,
    );
    await listing.goTo(/= Add /);
    await vscode().page.keyboard.press("Control+z");
    await eventually(
      vscode(),
      () => listing.text(),
      (text) => text === before,
    );
    // As VS Code's own command does it, which a user may have bound to a key.
    await listing.goTo(/= Add /);
    await vscode().server.run((api) => api.commands.executeCommand("editor.action.fixAll"));
    await eventually(
      vscode(),
      () => listing.text(),
      (text) => text === fixed,
    );
    await saveByKeys(file, original, listing);
  });
});
