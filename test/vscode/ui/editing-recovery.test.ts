import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Page } from "playwright-core";
import { EDITABLE, EditingDriver } from "./editing-driver.ts";
import { longChain } from "./models.ts";
import { eventually, useWindow } from "./window.ts";

describe("Unsaved edits after a crash", () => {
  const vscode = useWindow({ isAlone: true, settings: { "files.hotExit": "onExitAndWindowClose" } });
  const driver = new EditingDriver(vscode);
  const { file, bytes, edit, before, after } = EDITABLE.onnx;

  /** Backups that VS Code has had us write. */
  const backups = (): Promise<readonly string[]> =>
    Promise.resolve(
      readdirSync(vscode().server.folder, { recursive: true, encoding: "utf8" })
        .map((path) => join(vscode().server.folder, path))
        .filter((path) => /edgewise\.edgewise\/[^/]+$/.test(path) && isBackup(path)),
    );

  /** Edits that we have noted ourselves. */
  const ownNotes = (): Promise<readonly string[]> =>
    Promise.resolve(
      readdirSync(vscode().server.folder, { recursive: true, encoding: "utf8" }).filter((path) =>
        /edgewise\.edgewise\/edits\/[^/]+\.json$/.test(path),
      ),
    );

  /** @returns the path of the backup */
  const openWithEdit = async (): Promise<string> => {
    const start = Date.now();
    writeFileSync(vscode().path(file), bytes());
    await driver.open(file);
    await driver.apply(edit);
    // That of the test before may still be there, under the same name.
    const fresh = (paths: readonly string[]): string | undefined =>
      paths.find((each) => (statSync(each, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= start);
    const path = fresh(await eventually(vscode(), backups, (paths) => fresh(paths) !== undefined)) ?? "";
    assert.ok(readFileSync(path).length < 2000, "edits and no weights");
    // A crash before the window has noted which backup is whose tab's is the next test's.
    await eventually(
      vscode(),
      () => rememberedTabs(vscode().page),
      (tabs) => tabs.includes(basename(path)),
    );
    return path;
  };

  afterEach(async () => {
    await driver.run("workbench.action.revertAndCloseActiveEditor");
    await driver.close();
  });

  it("are there again, and can be saved", async () => {
    await openWithEdit();
    await vscode().crash();
    await driver.showsParameters(after);
    await driver.isMarked(file, true);
    assert.deepEqual(readFileSync(vscode().path(file)), Buffer.from(bytes()));
    await driver.overwrite(file);
    await driver.close();
    await driver.open(file);
    await driver.showsParameters(after);
  });

  it("are there again before VS Code has written down anything of them", async () => {
    writeFileSync(vscode().path(file), bytes());
    await driver.open(file);
    assert.deepEqual(await ownNotes(), []);
    await driver.apply(edit);
    await eventually(vscode(), ownNotes, ({ length }) => length === 1);
    await vscode().crash();
    await driver.open(file);
    await driver.showsParameters(after);
    await driver.isMarked(file, true);
    await driver.run("undo");
    await driver.showsParameters(before);
    await driver.isMarked(file, false);
    await eventually(vscode(), ownNotes, ({ length }) => length === 0);
    await driver.run("redo");
    await driver.showsParameters(after);
    await eventually(vscode(), ownNotes, ({ length }) => length === 1);
    await driver.run("workbench.action.revertAndCloseActiveEditor");
    await eventually(vscode(), ownNotes, ({ length }) => length === 0);
  });

  it("are there again when the window is loaded anew", async () => {
    writeFileSync(vscode().path(file), bytes());
    await driver.open(file);
    await driver.apply(edit);
    await driver.isMarked(file, true);
    await vscode().reload();
    await driver.showsParameters(after);
    await driver.isMarked(file, true);
    assert.deepEqual(readFileSync(vscode().path(file)), Buffer.from(bytes()));
  });

  it("are still of the version that they were made for, when the file has changed meanwhile", async () => {
    await openWithEdit();
    writeFileSync(vscode().path(file), longChain(3));
    await vscode().crash();
    const toast = vscode().page.locator(".notification-toast", { hasText: "changed by another program" });
    await toast.waitFor();
    await driver.showsParameters(after);
    await toast.getByRole("button", { name: "Discard My Edits" }).click();
    await driver.showsParameters("0");
    await driver.isMarked(file, false);
  });

  it("are dropped with their backup when the user does not want them", async () => {
    const path = await openWithEdit();
    await driver.run("workbench.action.files.revert");
    await driver.showsParameters(before);
    await eventually(vscode(), backups, (paths) => !paths.includes(path));
  });
});

/** What the window knows of its tabs when it is opened again: it writes that every few seconds into a database of the browser. */
function rememberedTabs(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const names = (await indexedDB.databases()).flatMap(({ name = "" }) =>
      name.startsWith("vscode-web-state-db-") ? [name] : [],
    );
    const texts = names.map(
      (name) =>
        new Promise<string>((resolve, reject) => {
          const opening = indexedDB.open(name);
          opening.onerror = () => reject(new Error(`${name} cannot be read`));
          opening.onsuccess = () => {
            const { result: database } = opening;
            const items = database.transaction("ItemTable").objectStore("ItemTable");
            const tabs = items.get("memento/workbench.parts.editor");
            tabs.onsuccess = () => {
              database.close();
              resolve(String(tabs.result));
            };
          };
        }),
    );
    return (await Promise.all(texts)).join("\n");
  });
}

function isBackup(path: string): boolean {
  try {
    return readFileSync(path, "utf8").startsWith('{"schema":1');
  } catch {
    return false;
  }
}
