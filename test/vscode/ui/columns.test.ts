import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { longChain, stagedNetwork } from "./models.ts";
import { PageDriver } from "./page-driver.ts";
import { useWindow } from "./window.ts";

const USUAL = ["index", "name", "op", "shape", "parameters", "macs", "activationBytes", "energy"];

describe("The columns of the table", () => {
  const vscode = useWindow();
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
  afterEach("close it", () => driver.close());

  const width = async (id: string): Promise<number> => (await driver.column(id).boundingBox())?.width ?? 0;

  it("are chosen from a menu, and remembered for every model", async () => {
    await driver.column("op").click({ button: "right" });
    const menu = driver.page.getByRole("menu", { name: "Columns" });
    await menu.getByRole("menuitemcheckbox", { name: "Latency estimate" }).click();
    await menu.getByRole("menuitemcheckbox", { name: "Energy", exact: true }).click();
    await driver.press("Escape");
    await menu.waitFor({ state: "detached" });
    const chosen = [...USUAL.filter((id) => id !== "energy"), "latency"];
    assert.deepEqual(await driver.columns(), chosen);
    await vscode().page.waitForTimeout(400); // they are remembered a moment later
    await driver.close();
    await driver.open("chain.onnx");
    assert.deepEqual(await driver.columns(), chosen);
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
    assert.ok(fitted < before && fitted > 40, `${fitted} after ${before}`);
  });

  it("show exact values on hover", async () => {
    await driver.layers.first().locator(".column-macs").hover();
    // 8 × 14 × 14 × 8 × 3 × 3
    await driver.shows(driver.page.getByRole("tooltip"), "112,896 MACs");
  });
});
