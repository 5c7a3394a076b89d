import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync, existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatBackup, parseBackup } from "../../../extension/editor/backup.ts";
import { BaseFile, removeStaleCopies, withoutCopyFolder } from "../../../extension/editor/base-file.ts";
import { identityOf, isSameFile } from "../../../extension/editor/file-identity.ts";
import type { ModelLocation } from "../../../extension/worker/protocol.ts";

const IDENTITY = { size: 3, modifiedMilliseconds: 5, digest: "d" };

describe("What is kept of an edited file", () => {
  let folder = "";
  let file = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "edgewise-kept-"));
    file = join(folder, "model.onnx");
    writeFileSync(file, "old");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("backs up edits and which file they are of, and no weights", () => {
    const kept = {
      edit: { restructuring: "dense-low-rank", target: "fc6", options: { rank: 4 } },
      isOn: false,
      calibration: { seed: 3 },
    };
    const edits = [{ ...kept, id: 4, label: "Low rank", options: [] }];
    const text = formatBackup({ file: "file:///model.onnx", identity: IDENTITY, copy: null, edits });
    const backup = { schema: 1, file: "file:///model.onnx", identity: IDENTITY, copy: null, edits: [kept] };
    assert.deepEqual(JSON.parse(text), backup);
    assert.deepEqual(parseBackup(text), backup);
  });

  for (const text of ["", "[]", "{}", '{"schema":2}', '{"schema":1,"file":"a","identity":{},"copy":null,"edits":[]}']) {
    it(`takes nothing for a backup that is none: ${text}`, () => {
      assert.equal(parseBackup(text), undefined);
    });
  }

  it("tells a file that was written or touched from the one before", async () => {
    const before = await identityOf(file);
    assert.ok(isSameFile(before, await identityOf(file)));
    writeFileSync(file, "new");
    utimesSync(file, before.modifiedMilliseconds / 1000, before.modifiedMilliseconds / 1000);
    assert.ok(!isSameFile(before, await identityOf(file)));
    assert.ok(!isSameFile(before, undefined));
  });

  it("copies a file aside once, and leads to the copy from then on", async () => {
    const original: ModelLocation = { kind: "path", path: file, version: 3 };
    const base = new BaseFile(original, IDENTITY);
    let copies = 0;
    const copy = async (_location: ModelLocation, path: string): Promise<void> => {
      copies += 1;
      await copyFile(file, path);
    };
    const aside = join(folder, "copies");
    await Promise.all([base.keep(aside, copy), base.keep(aside, copy)]);
    assert.equal(copies, 1);
    const path = base.copy ?? "";
    assert.ok(path.endsWith("/model.onnx"));
    assert.deepEqual(base.location, { kind: "path", path, version: 3 });
    writeFileSync(file, "new");
    assert.equal(readFileSync(path, "utf8"), "old");
    await base.dispose();
    assert.deepEqual(readdirSync(aside), []);
  });

  it("names the file in messages, and not its copy", () => {
    const copies = join(tmpdir(), "copies");
    const copy = join(copies, "682bfa08-3c9c", "model.onnx");
    assert.equal(withoutCopyFolder(`${copy}: broken, see ${copy}`, copies), "model.onnx: broken, see model.onnx");
    assert.equal(withoutCopyFolder("nothing to hide", copies), "nothing to hide");
  });

  it("leaves nothing of a copy that failed, and tries again", async () => {
    const original: ModelLocation = { kind: "path", path: file, version: 1 };
    const base = new BaseFile(original, IDENTITY);
    const aside = join(folder, "copies");
    await assert.rejects(base.keep(aside, () => Promise.reject(new Error("the disk is full"))));
    assert.equal(base.location, original);
    assert.deepEqual(readdirSync(aside), []);
    await base.keep(aside, (_location, path) => copyFile(file, path));
    assert.ok(base.copy);
  });

  it("removes copies of windows that never came back, and no others", async () => {
    const aside = join(folder, "copies");
    for (const name of ["old", "new"]) await mkdir(join(aside, name), { recursive: true });
    const longAgo = Date.now() / 1000 - 40 * 24 * 3600;
    utimesSync(join(aside, "old"), longAgo, longAgo);
    await removeStaleCopies(aside);
    assert.deepEqual(readdirSync(aside), ["new"]);
    await removeStaleCopies(join(folder, "none"));
    assert.ok(existsSync(join(aside, "new")));
  });
});
