import assert from "node:assert/strict";
import { chmodSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { zipSync } from "fflate";
import type { Locator } from "playwright-core";
import { skip } from "../../skip.ts";
import { NetworkBuilder } from "../../zoo/network-builder.ts";
import { writeOnnxFile } from "../../zoo/to-onnx.ts";
import { denseTflite, EDITABLE, EditingDriver } from "./editing-driver.ts";
import { longChain, tfliteSum } from "./models.ts";
import { eventually, useWindow } from "./window.ts";

describe("A document with edits", () => {
  const vscode = useWindow();
  const driver = new EditingDriver(vscode);
  const { onnx } = EDITABLE;

  const bytesOf = (file: string): Buffer => readFileSync(vscode().path(file));
  const open = async ({ file, bytes }: { file: string; bytes: () => Uint8Array }): Promise<void> => {
    writeFileSync(vscode().path(file), bytes());
    await driver.open(file);
  };

  const close = async (): Promise<void> => {
    await driver.run("workbench.action.revertAndCloseActiveEditor");
    await driver.close();
  };

  describe("whose file is not written", () => {
    before("write it", () => writeFileSync(vscode().path(onnx.file), onnx.bytes()));
    beforeEach("open it", () => driver.open(onnx.file));
    afterEach("drop its edits", async () => {
      await driver.run("workbench.action.files.revert");
      await driver.showsParameters(onnx.before);
    });
    after(close);

    it("stays dirty, and its file whole, when the question is dismissed", async () => {
      await driver.apply(onnx.edit);
      await driver.startSaving();
      await driver.answer("Cancel");
      await driver.isMarked(onnx.file, true);
      assert.deepEqual(bytesOf(onnx.file), Buffer.from(onnx.bytes()));
    });

    it("offers only another file where its own is read-only", async () => {
      chmodSync(vscode().path(onnx.file), 0o444);
      await driver.apply(onnx.edit);
      await driver.startSaving();
      const box = vscode().page.locator(".monaco-dialog-box");
      await box.getByText("model.onnx is read-only.").waitFor();
      assert.equal(await box.getByRole("button", { name: "Overwrite" }).count(), 0);
      await driver.answer("Cancel");
      await driver.isMarked(onnx.file, true);
      chmodSync(vscode().path(onnx.file), 0o644);
    });

    it("drops its edits when it is reverted", async () => {
      await driver.apply(onnx.edit);
      await driver.run("workbench.action.files.revert");
      await driver.showsParameters(onnx.before);
      await driver.isMarked(onnx.file, false);
    });

    it("says why an edit does not fit, and is as before", async () => {
      await assert.rejects(driver.apply("dense-low-rank:/stage.0/block.1/conv/Conv:rank=4"), /not a dense layer/);
      await driver.showsParameters(onnx.before);
      await driver.isMarked(onnx.file, false);
    });

    it("is the same in two panels", async () => {
      await driver.run("workbench.action.splitEditor");
      await driver.apply(onnx.edit);
      for (const place of [0, 1]) {
        const panel = vscode()
          .page.locator("iframe.webview.ready")
          .nth(place)
          .contentFrame()
          .frameLocator("#active-frame");
        await panel.locator("[data-total=parameters]").filter({ hasText: /2\.40/ }).waitFor();
      }
      await driver.run("workbench.action.closeActiveEditor");
    });
  });

  describe("with a file of its own", () => {
    afterEach(close);

    for (const { file, bytes, edit, before, after } of Object.values(EDITABLE)) {
      it(`is edited, undone, redone, saved and opened again: ${file}`, async () => {
        await open({ file, bytes });
        await driver.showsParameters(before);
        await driver.apply(edit);
        await driver.showsParameters(after);
        await driver.isMarked(file, true);
        assert.deepEqual(bytesOf(file), Buffer.from(bytes()), "nothing is written before saving");
        await driver.run("undo");
        await driver.showsParameters(before);
        await driver.isMarked(file, false);
        await driver.run("redo");
        await driver.showsParameters(after);
        await driver.overwrite(file);
        await driver.close();
        await driver.open(file);
        await driver.showsParameters(after);
      });
    }

    it("goes back behind what was saved, and asks before overwriting only once", async () => {
      await open(onnx);
      await driver.apply(onnx.edit);
      await driver.overwrite(onnx.file);
      await driver.run("undo");
      await driver.showsParameters(onnx.before);
      await driver.isMarked(onnx.file, true);
      await driver.run("workbench.action.files.save");
      await driver.isMarked(onnx.file, false);
      assert.deepEqual(bytesOf(onnx.file), Buffer.from(onnx.bytes()), "the bytes of the original are back");
    });

    it("tells what is to be known of a file that was saved: that another name keeps the old one", async () => {
      await open(onnx);
      rmSync(vscode().path("other-name.onnx"), { force: true });
      linkSync(vscode().path(onnx.file), vscode().path("other-name.onnx"));
      await driver.apply(onnx.edit);
      await driver.overwrite(onnx.file);
      await driver.run("notifications.showList");
      await vscode().page.locator(".notification-list-item", { hasText: "other names (hard links)" }).waitFor();
      await driver.run("notifications.clearAll");
      assert.deepEqual(bytesOf("other-name.onnx"), Buffer.from(onnx.bytes()));
      rmSync(vscode().path("other-name.onnx"));
    });

    it("is saved as another file, which takes its place", async () => {
      await open(onnx);
      await driver.apply(onnx.edit);
      rmSync(vscode().path("model.slim.onnx"), { force: true });
      // The same question as Save's "Save As…" leads to.
      await vscode().page.keyboard.press("Control+Shift+S");
      const picker = vscode().page.locator(".quick-input-widget");
      // Until it has listed the folder it takes no answer.
      await picker.locator(".monaco-list-row", { hasText: onnx.file }).waitFor();
      assert.match(await picker.locator("input").first().inputValue(), /model\.slim\.onnx$/);
      await picker.getByRole("button", { name: "OK" }).click();
      await driver.page.getByRole("heading", { name: "model.slim.onnx" }).waitFor();
      await driver.showsParameters(onnx.after);
      assert.deepEqual(bytesOf(onnx.file), Buffer.from(onnx.bytes()));
      const offer = vscode().page.locator(".notification-toast", { hasText: "model.slim.onnx was saved" });
      await offer.getByRole("button", { name: "Compare with the Original" }).click();
      await vscode().page.getByRole("tab", { name: "model.onnx ↔ model.slim.onnx" }).waitFor();
      rmSync(vscode().path("model.slim.onnx"));
    });

    it("is saved as a file of its own where it is of a bundle, and compared with the model that was chosen there", async () => {
      const bundle = zipSync({ "sum.tflite": tfliteSum(), "dense.tflite": denseTflite() }, { level: 0 });
      writeFileSync(vscode().path("pair.task"), bundle);
      await driver.open("pair.task");
      const models = driver.page.getByRole("combobox", { name: "Model of the bundle" });
      await models.selectOption("dense.tflite");
      await driver.showsParameters(EDITABLE.tflite.before);
      await driver.apply(EDITABLE.tflite.edit);
      await driver.showsParameters(EDITABLE.tflite.after);
      await driver.startSaving();
      const box = vscode().page.locator(".monaco-dialog-box");
      await box.getByText("pair.task is a bundle, which is not written").waitFor();
      assert.equal(await box.getByRole("button", { name: "Overwrite" }).count(), 0);
      await driver.answer("Save As…");
      const picker = vscode().page.locator(".quick-input-widget");
      await picker.getByRole("button", { name: "OK" }).waitFor();
      await eventually(
        vscode(),
        () => picker.locator("input").first().inputValue(),
        (name) => name.endsWith("pair.slim.tflite"),
      );
      await picker.getByRole("button", { name: "OK" }).click();
      await driver.page.getByRole("heading", { name: "pair.slim.tflite" }).waitFor();
      await driver.showsParameters(EDITABLE.tflite.after);
      assert.deepEqual(bytesOf("pair.task"), Buffer.from(bundle), "a bundle is not written");
      const offer = vscode().page.locator(".notification-toast", { hasText: "pair.slim.tflite was saved" });
      await offer.getByRole("button", { name: "Compare with the Original" }).click();
      await driver.page.locator(".compare-path", { hasText: "pair.task#dense.tflite" }).waitFor();
      await driver.shows(driver.page.locator("[data-total=parameters] dd"), /73\.8 k[^]*9\.38 k/);
      rmSync(vscode().path("pair.slim.tflite"));
    });

    it("takes its data file along when it is saved into another folder", async () => {
      const file = "external.onnx";
      const net = new NetworkBuilder();
      // Most of the data file is still read after the edit: it is kept.
      const wide = net.dense(net.flatten(net.image(4, 16)), "wide", 64);
      const head = net.dense(wide, "head", 64);
      await writeOnnxFile(net.finish("external", head), vscode().path(file), { weights: "external" });
      mkdirSync(vscode().path("elsewhere"), { recursive: true });
      await driver.open(file);
      await driver.showsParameters("69.8 k");
      await driver.apply("dense-low-rank:/head/Gemm:rank=4");
      await driver.showsParameters("66.2 k");
      await driver.startSaving();
      await driver.answer("Save As…");
      const picker = vscode().page.locator(".quick-input-widget");
      await picker.locator(".monaco-list-row", { hasText: file }).first().waitFor();
      await picker.locator("input").first().fill(vscode().path("elsewhere/small.onnx"));
      // Until it has listed that folder it takes no answer.
      await picker.locator(".monaco-list-row", { hasText: file }).first().waitFor({ state: "detached" });
      await picker.getByRole("button", { name: "OK" }).click();
      await driver.page.getByRole("heading", { name: "small.onnx" }).waitFor();
      await driver.showsParameters("66.2 k");
      assert.ok(readdirSync(vscode().path("elsewhere")).includes("external.onnx.data"));
      assert.ok(!existsSync(vscode().path("small.onnx")));
      rmSync(vscode().path("elsewhere"), { recursive: true });
    });

    it("cannot be edited where it is on no disk, which the page and the commands say", async () => {
      await vscode().server.run(async (api, bytes) => {
        const changes = new api.EventEmitter<never>();
        const model = Buffer.from(bytes, "base64");
        const isModel = ({ path }: { readonly path: string }): boolean => path.endsWith(".onnx");
        api.workspace.registerFileSystemProvider("elsewhere", {
          onDidChangeFile: changes.event,
          watch: () => new api.Disposable(() => undefined),
          stat: (uri) =>
            isModel(uri)
              ? { type: api.FileType.File, ctime: 0, mtime: 0, size: model.length }
              : { type: api.FileType.Directory, ctime: 0, mtime: 0, size: 0 },
          readFile: () => model,
          readDirectory: () => [["model.onnx", api.FileType.File]],
          writeFile: () => undefined,
          createDirectory: () => undefined,
          delete: () => undefined,
          rename: () => undefined,
        });
        const uri = api.Uri.parse("elsewhere:/model.onnx");
        await api.commands.executeCommand("vscode.openWith", uri, "edgewise.model");
      }, Buffer.from(onnx.bytes()).toString("base64"));
      await driver.showsParameters(onnx.before);
      await assert.rejects(driver.apply(onnx.edit), /not on a disk/);
      await driver.page.getByRole("button", { name: "Compress", exact: true }).click();
      await driver.shows(driver.page.getByTestId("editing"), /save a copy there/);
      await driver.isMarked(onnx.file, false);
    });

    it("asks when another program writes its file, and puts its edits on the new version", async () => {
      await open(onnx);
      await driver.apply(onnx.edit);
      // A doc_string of 20,000 bytes: the size tells the versions apart, which cost the same.
      const docString = Buffer.concat([Buffer.from([0x32, 0xa0, 0x9c, 0x01]), Buffer.alloc(20_000, "x")]);
      writeFileSync(vscode().path(onnx.file), Buffer.concat([onnx.bytes(), docString]));
      const toast = vscode().page.locator(".notification-toast", { hasText: "changed by another program" });
      await toast.getByRole("button", { name: "Reapply My Edits" }).click();
      await toast.waitFor({ state: "hidden" });
      const size = driver.page.locator("[data-total=fileBytes]");
      await driver.shows(size, /[23]\d(\.\d)? ?KB/);
      await driver.showsParameters(onnx.after);
      await driver.isMarked(onnx.file, true);
      await driver.run("undo");
      await driver.shows(size, /1\d(\.\d)? ?KB/);
      await driver.showsParameters(onnx.after);
      await driver.run("undo");
      await driver.showsParameters(onnx.before);
    });

    it("keeps editing the old version of a file that another program replaced, and can still save it", async () => {
      await open(onnx);
      await driver.apply(onnx.edit);
      writeFileSync(vscode().path(onnx.file), longChain(3));
      const toast = vscode().page.locator(".notification-toast", { hasText: "changed by another program" });
      await toast.getByRole("button", { name: "Keep the Old Version" }).click();
      await toast.waitFor({ state: "hidden" });
      await driver.run("undo");
      await driver.showsParameters(onnx.before);
      await driver.run("redo");
      await driver.showsParameters(onnx.after);
      await driver.overwrite(onnx.file);
      // Agreed to once, saving asks no more; but for a version that nobody has been told of yet.
      await driver.run("undo");
      await driver.isMarked(onnx.file, true);
      writeFileSync(vscode().path(onnx.file), longChain(3));
      await driver.startSaving();
      await vscode().page.getByText("would be replaced by your edits of the version before").first().waitFor();
      await driver.answer("Overwrite");
      await driver.isMarked(onnx.file, false);
      await driver.run("redo");
      await driver.startSaving();
      await driver.isMarked(onnx.file, false);
      await driver.close();
      await driver.open(onnx.file);
      await driver.showsParameters(onnx.after);
    });

    it("leaves the original as it was when the disk is full, and stays dirty", async function () {
      const disk = vscode().path("small-disk");
      const file = join("small-disk", onnx.file);
      const room = Math.ceil(onnx.bytes().length / PAGE_BYTES) + 1;
      mkdirSync(disk);
      if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${room * PAGE_BYTES}`, "tmpfs", disk]).status !== 0)
        skip(this, "a small disk can be mounted by an administrator only");
      try {
        writeFileSync(vscode().path(file), onnx.bytes());
        await vscode().openFile(file);
        await driver.showsParameters(onnx.before);
        await driver.apply(onnx.edit);
        await driver.startSaving();
        await driver.answer("Overwrite");
        await vscode().page.getByText("the disk is full").first().waitFor();
        await driver.isMarked(onnx.file, true);
        assert.deepEqual(readdirSync(disk), [onnx.file], "no part of a file is left");
        assert.deepEqual(bytesOf(file), Buffer.from(onnx.bytes()));
      } finally {
        await driver.run("workbench.action.revertAndCloseActiveEditor");
        spawnSync("umount", ["-l", disk]);
      }
    });

    it("keeps a copy of its file aside while it is edited, and none when it is closed", async () => {
      const copies = (): Promise<readonly string[]> =>
        Promise.resolve(
          readdirSync(vscode().server.folder, { recursive: true, encoding: "utf8" }).filter((path) =>
            /\/copies\/.*\.onnx$/.test(path),
          ),
        );
      await open(onnx);
      assert.deepEqual(await copies(), []);
      await driver.apply(onnx.edit);
      assert.equal((await copies()).length, 1);
      await driver.run("workbench.action.revertAndCloseActiveEditor");
      await eventually(vscode(), copies, (paths) => paths.length === 0);
    });
  });
});

describe("Auto save of a document with edits", () => {
  const vscode = useWindow({ settings: { "files.autoSave": "afterDelay", "files.autoSaveDelay": 100 } });
  const driver = new EditingDriver(vscode);
  const { file, bytes, edit, before, after } = EDITABLE.onnx;
  const offer = (): Locator => vscode().page.locator(".notification-toast", { hasText: "Auto save does not replace" });

  it("leaves the original alone, says so once, and asks whoever saves", async () => {
    writeFileSync(vscode().path(file), bytes());
    await driver.open(file);
    await driver.apply(edit);
    await offer().waitFor();
    await driver.isMarked(file, true);
    assert.equal(await vscode().page.locator(".monaco-dialog-box").count(), 0);
    await offer().getByRole("button", { name: "Clear Notification" }).click();
    await driver.run("undo");
    await driver.showsParameters(before);
    await driver.run("redo");
    await driver.showsParameters(after);
    // With VS Code's own save of the same this is the second, whichever comes first.
    await driver.startSaving();
    await driver.answer("Cancel");
    assert.equal(await offer().count(), 0);
    assert.deepEqual(readFileSync(vscode().path(file)), Buffer.from(bytes()));
    await driver.run("workbench.action.revertAndCloseActiveEditor");
  });

  it("saves each change once the user has agreed", async () => {
    await driver.open(file);
    await driver.apply(edit);
    await offer().getByRole("button", { name: "Overwrite" }).click();
    await driver.isMarked(file, false);
    assert.notDeepEqual(readFileSync(vscode().path(file)), Buffer.from(bytes()));
    await driver.run("undo");
    await driver.showsParameters(before);
    await driver.isMarked(file, false);
    await eventually(
      vscode(),
      () => Promise.resolve(readFileSync(vscode().path(file))),
      (saved) => saved.equals(bytes()),
    );
  });
});

/** A file takes whole pages of a tmpfs. */
const PAGE_BYTES = 4096;
