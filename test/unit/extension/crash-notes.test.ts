import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatBackup } from "../../../extension/editor/backup.ts";
import { CrashNotes } from "../../../extension/editor/crash-notes.ts";

const FILE = "file:///model.onnx";
const backup = (digest: string): string =>
  formatBackup({ file: FILE, identity: { size: 3, modifiedMilliseconds: 5, digest }, copy: null, edits: [] });

describe("Notes of unsaved edits", () => {
  let folder = "";
  const left = (): readonly string[] => readdirSync(folder);
  const digestTaken = async (): Promise<string | undefined> =>
    (await new CrashNotes(folder).take(FILE))?.identity.digest;

  /** A note as a process of that number leaves it. */
  const leave = async (digest: string, number: number, seconds: number): Promise<void> => {
    await new CrashNotes(folder).write(FILE, backup(digest));
    const own = left().find((name) => name.includes(`.${process.pid}.`)) ?? "";
    const path = join(folder, own.replace(`.${process.pid}.`, `.${number}.`));
    renameSync(join(folder, own), path);
    utimesSync(path, seconds, seconds);
  };

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "edgewise-notes-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are taken over from a process that is gone, the newest of them", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    await leave("newer", pid, 200);
    await leave("older", process.pid, 100);
    assert.equal(await digestTaken(), "newer");
    assert.equal(left().length, 1);
    assert.match(left()[0] ?? "", new RegExp(`\\.${process.pid}\\.json$`));
  });

  it("are left to a window that is still open", async () => {
    await leave("theirs", process.ppid, 100);
    assert.equal(await digestTaken(), undefined);
    assert.equal(left().length, 1);
  });

  it("are what was said last, and of one file", async () => {
    const notes = new CrashNotes(folder);
    await Promise.all([notes.write(FILE, backup("first")), notes.remove(FILE), notes.write(FILE, backup("last"))]);
    assert.equal(await notes.take("file:///another.onnx"), undefined);
    assert.equal(await digestTaken(), "last");
    await notes.remove(FILE);
    assert.deepEqual(left(), []);
  });

  it("are nothing where there is no folder, or no note that can be read", async () => {
    assert.equal(await new CrashNotes(join(folder, "none")).take(FILE), undefined);
    await leave("broken", process.pid, 100);
    writeFileSync(join(folder, left()[0] ?? ""), "{");
    assert.equal(await digestTaken(), undefined);
  });
});
