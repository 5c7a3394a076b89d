import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { longChain, stagedNetwork } from "./models.ts";
import { PageDriver } from "./page-driver.ts";
import { SAMPLES, useWindow } from "./window.ts";

const USUAL = ["index", "name", "op", "shape", "parameters", "macs", "activationBytes", "energy", "latency"];

/** Its longest one is BatchNormalization. */
const WIDE_OPERATORS = "digits_vgg_bn.onnx";

describe("The columns of the table", () => {
  const vscode = useWindow({ files: [join(SAMPLES, WIDE_OPERATORS)] });
  const driver = new PageDriver(vscode);

  before("write the models", () => {
    writeFileSync(vscode().path("staged.onnx"), stagedNetwork());
    writeFileSync(vscode().path("chain.onnx"), longChain(3));
  });
  beforeEach("open one, with its usual columns", async () => {
    await driver.open("staged.onnx");
    await driver.page.getByRole("button", { name: "Choose columns" }).click();
    await driver.page.getByRole("menuitem", { name: "Reset Columns" }).click();
  });

  const width = async (id: string): Promise<number> => (await driver.column(id).boundingBox())?.width ?? 0;

  it("give way where there is little room, costs last, and come back with the room", async () => {
    const { page } = vscode();
    await page.setViewportSize({ width: 800, height: 800 });
    await driver.column("shape").waitFor({ state: "detached" });
    assert.deepEqual(await driver.columns(), ["name", "macs", "energy", "latency"]);
    await driver.column("name").getByRole("button").focus();
    await driver.press("Shift+ArrowRight");
    assert.deepEqual(await driver.columns(), ["name", "macs", "energy", "latency"]);
    await page.setViewportSize({ width: 1280, height: 800 });
    await driver.column("shape").waitFor();
    assert.deepEqual(await driver.columns(), USUAL);
  });

  it("keep the name in sight where they are scrolled sideways", async () => {
    await driver.column("op").getByRole("button").focus();
    for (let press = 0; press < 20; press++) await driver.press("Shift+ArrowRight");
    const name = driver.layers.first().locator(".column-name");
    const gridLeft = (await driver.grid.boundingBox())?.x;
    await driver.grid.evaluate((grid) => (grid.scrollLeft = 100));
    assert.ok((await driver.grid.evaluate((grid) => grid.scrollLeft)) > 40, "there is nothing to scroll");
    assert.equal((await name.boundingBox())?.x, gridLeft);
  });

  it("are moved by keyboard and by dragging", async () => {
    await driver.column("macs").getByRole("button").focus();
    await driver.press("Alt+ArrowLeft");
    await driver.press("Alt+ArrowLeft");
    assert.deepEqual((await driver.columns()).slice(0, 5), ["index", "name", "op", "macs", "shape"]);
    assert.equal(
      await driver
        .column("macs")
        .getByRole("button")
        .evaluate((button) => button.matches(":focus")),
      true,
    );
    await driver.column("energy").dragTo(driver.column("op"));
    assert.deepEqual((await driver.columns()).slice(0, 4), ["index", "name", "energy", "op"]);
  });

  it("are resized by keyboard, by dragging, and to what they hold", async () => {
    await driver.column("op").getByRole("button").focus();
    const before = await width("op");
    await driver.press("Shift+ArrowRight");
    assert.ok(Math.abs((await width("op")) - before - 10) <= 1);
    const handle = driver.column("op").locator(".resize");
    const box = await handle.boundingBox();
    assert.ok(box);
    const { mouse } = vscode().page;
    await mouse.move(box.x + 4, box.y + 10);
    await mouse.down();
    await mouse.move(box.x + 64, box.y + 10, { steps: 4 });
    await mouse.up();
    assert.ok(Math.abs((await width("op")) - before - 70) <= 2);
    await handle.dblclick();
    const fitted = await width("op");
    assert.ok(fitted < before + 60 && fitted > 40, `${fitted} after ${before}`);
  });

  it("show exact values on hover", async () => {
    await driver.layers.first().locator(".column-macs").hover();
    // 8 × 14 × 14 × 8 × 3 × 3
    await driver.shows(driver.page.getByRole("tooltip"), "112,896 MACs");
  });

  it("are chosen from a menu, and remembered for every model", async () => {
    await driver.column("op").click({ button: "right" });
    const menu = driver.page.getByRole("menu", { name: "Columns" });
    await menu.getByRole("menuitemcheckbox", { name: "Weights", exact: true }).click();
    await menu.getByRole("menuitemcheckbox", { name: "Energy", exact: true }).click();
    await driver.press("Escape");
    await menu.waitFor({ state: "detached" });
    const chosen = USUAL.toSpliced(6, 0, "weightBytes").filter((id) => id !== "energy");
    assert.deepEqual(await driver.columns(), chosen);
    await driver.open("chain.onnx");
    assert.deepEqual(await driver.columns(), chosen);
  });

  it("are the same in another page that is open already", async () => {
    await driver.close();
    await driver.open("chain.onnx");
    await vscode().server.run((api, path) => {
      const uri = api.Uri.file(path);
      return api.commands.executeCommand("vscode.openWith", uri, "edgewise.model", api.ViewColumn.Beside);
    }, vscode().path("staged.onnx"));
    const pages = vscode().page.locator("iframe.webview.ready");
    await pages.nth(1).waitFor();
    const [first, second] = [0, 1].map((place) => pages.nth(place).contentFrame().frameLocator("#active-frame"));
    assert.ok(first && second);
    await first.locator("[data-column=name]").click({ button: "right" });
    await first.getByRole("menuitemcheckbox", { name: "Kind", exact: true }).click();
    await second.locator("[data-column=kind]").waitFor();
    await driver.close();
  });

  it("are all there beside wide operators, and none of their titles is cut, sorted or not", async () => {
    await driver.close();
    await driver.open(WIDE_OPERATORS);
    assert.deepEqual(await driver.columns(), USUAL);
    for (const id of USUAL) {
      await driver.column(id).getByRole("button").click();
      const title = driver.column(id).locator(".title");
      const [whole, shown] = await title.evaluate(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth]);
      assert.equal(shown, whole, id);
    }
  });
});
