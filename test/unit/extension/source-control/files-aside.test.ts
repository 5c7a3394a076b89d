import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesAside } from "../../../../extension/source-control/files-aside.ts";
import { longChain } from "../../../vscode/ui/models.ts";

describe("Models that a text editor saves", () => {
  const folder = mkdtempSync(join(tmpdir(), "files-aside-"));
  const file = join(folder, "model.onnx");
  const model = longChain(10);
  const copies = (): readonly string[] => readdirSync(tmpdir()).filter((name) => /^edgewise-[0-9a-f-]{36}$/.test(name));
  const since = (before: readonly string[]): readonly string[] => copies().filter((name) => !before.includes(name));

  beforeEach(() => writeFileSync(file, model));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Whether the file holds these bytes; without a list of them where it does not. */
  const holds = (path: string, bytes: Uint8Array): boolean => readFileSync(path).equals(bytes);

  it("are put back, and leave no copy", async () => {
    const before = copies();
    const aside = new FilesAside();
    aside.keep(file);
    writeFileSync(file, "damaged");
    assert.equal((await aside.putBack(file))?.failure, undefined);
    assert.ok(holds(file, model));
    assert.deepEqual(since(before), []);
    assert.equal(await aside.putBack(file), undefined);
  });

  it("are put back whole when they are saved again before that is done", async () => {
    const before = copies();
    const aside = new FilesAside();
    aside.keep(file);
    writeFileSync(file, "damaged");
    const first = aside.putBack(file);
    writeFileSync(file, "damaged \uFFFD");
    aside.keep(file);
    writeFileSync(file, "damaged again");
    const second = aside.putBack(file);
    await Promise.all([first, second]);
    assert.ok(holds(file, model));
    assert.deepEqual(since(before), []);
  });

  it("are copied anew, and the copy before is gone, where a save never came about", async () => {
    const before = copies();
    const aside = new FilesAside();
    aside.keep(file);
    const now = longChain(11);
    writeFileSync(file, now);
    aside.keep(file);
    assert.equal(since(before).length, 1);
    writeFileSync(file, "damaged");
    await aside.putBack(file);
    assert.ok(holds(file, now));
    aside.keep(file);
    aside.dispose();
    assert.deepEqual(since(before), []);
  });

  it("are left alone where they hold text", async () => {
    const text = join(folder, "pointer.onnx");
    writeFileSync(text, "version https://git-lfs.github.com/spec/v1\n");
    const aside = new FilesAside();
    aside.keep(text);
    writeFileSync(text, "edited");
    assert.equal(await aside.putBack(text), undefined);
    assert.equal(readFileSync(text, "utf8"), "edited");
  });

  it("are kept aside where they cannot be put back, and the reason is told", async () => {
    const aside = new FilesAside();
    aside.keep(file);
    rmSync(folder, { recursive: true });
    const { copy = "", failure } = (await aside.putBack(file)) ?? {};
    assert.match(failure ?? "", /ENOENT/);
    assert.ok(holds(copy, model));
    rmSync(copy);
  });
});
