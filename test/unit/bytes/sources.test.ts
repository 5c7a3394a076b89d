import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  appendFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CountingSource } from "../../../profiler/bytes/counting-source.ts";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { ExternalDataFolder } from "../../../profiler/bytes/external-data-folder.ts";
import { ExternalDataError, FileAccessError, FileChangedError, ModelFormatError } from "../../../profiler/errors.ts";

describe("bytes", () => {
  let folder = "";
  let path = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "edgewise-bytes-"));
    path = join(folder, "model.onnx");
    writeFileSync(path, "0123456789");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** The same bytes under another inode. */
  const replaceFile = (target: string): void => {
    writeFileSync(`${target}.new`, "0123456789");
    renameSync(`${target}.new`, target);
  };

  const text = async (reading: Promise<Uint8Array>): Promise<string> => Buffer.from(await reading).toString();

  describe("FileSource", () => {
    it("reads what is asked for", async () => {
      for (const isOpenedForEachRead of [false, true]) {
        const source = await FileSource.open(path, { isOpenedForEachRead });
        assert.deepEqual([source.size, source.name], [10, path]);
        assert.equal(await text(source.read(3, 4)), "3456");
        assert.equal(await text(source.read(10, 0)), "");
        await source.close();
        await assert.rejects(source.read(0, 1), /closed/);
      }
    });

    it("reads into memory that it is given", async () => {
      const source = await FileSource.open(path);
      const scratch = new Uint8Array(6);
      const bytes = await source.read(2, 4, scratch);
      assert.deepEqual([await text(Promise.resolve(bytes)), bytes.buffer], ["2345", scratch.buffer]);
      await source.close();
    });

    it("refuses to read past the end", async () => {
      const source = await FileSource.open(path);
      await assert.rejects(source.read(8, 3), (error) => error instanceof ModelFormatError && error.offset === 8);
      await assert.rejects(source.read(-1, 3), ModelFormatError);
      await source.close();
    });

    it("refuses a file that grew, was rewritten, replaced or removed", async () => {
      const changes: readonly (readonly [string, () => void])[] = [
        ["grew", () => appendFileSync(path, "x")],
        ["rewritten", () => utimesSync(path, 1, 1)],
        ["replaced", () => replaceFile(path)],
        ["removed", () => rmSync(path)],
      ];
      for (const [what, change] of changes) {
        writeFileSync(path, "0123456789");
        const source = await FileSource.open(path);
        await source.read(0, 1);
        change();
        await assert.rejects(source.read(0, 1), FileChangedError, what);
        await source.close();
      }
    });

    it("says why a file cannot be opened", async () => {
      await assert.rejects(
        FileSource.open(join(folder, "none")),
        (error) => error instanceof FileAccessError && error.message.includes("no such file"),
      );
      await assert.rejects(
        FileSource.open(folder),
        (error) => error instanceof FileAccessError && error.message.includes("folder"),
      );
    });
  });

  it("MemorySource reads and refuses alike", async () => {
    const source = new MemorySource("m", Buffer.from("abc"));
    assert.equal(await text(source.read(1, 2)), "bc");
    await assert.rejects(source.read(1, 3), ModelFormatError);
    await source.close();
  });

  it("CountingSource counts", async () => {
    const source = new CountingSource(new MemorySource("m", Buffer.from("abc")));
    await source.read(0, 2);
    await source.read(1, 2);
    assert.deepEqual([source.reads, source.bytesRead, source.size, source.name], [2, 4, 3, "m"]);
    await source.close();
  });

  describe("ExternalDataFolder", () => {
    const outcome = async (relativePath: string, model = path): Promise<string> => {
      try {
        const source = await new ExternalDataFolder(model).open(relativePath);
        return await text(source.read(0, source.size));
      } catch (error) {
        assert.ok(error instanceof ExternalDataError, String(error));
        return error.message;
      }
    };

    it("opens files beside and below the model", async () => {
      mkdirSync(join(folder, "data"));
      writeFileSync(join(folder, "data/w.bin"), "weights");
      writeFileSync(join(folder, "..bin"), "dots");
      assert.equal(await outcome("data/w.bin"), "weights");
      assert.equal(await outcome("data\\w.bin"), "weights");
      assert.equal(await outcome("./data/../data/w.bin"), "weights");
      assert.equal(await outcome("..bin"), "dots");
    });

    it("refuses what is missing or no file", async () => {
      mkdirSync(join(folder, "data"));
      assert.match(await outcome("none.bin"), /"none\.bin".*is missing/);
      assert.match(await outcome("data"), /folder/);
      assert.match(await outcome(""), /not a file name/);
      assert.match(await outcome("a\0b"), /not a file name/);
      assert.match(await outcome("."), /model's folder/);
    });

    it("refuses what lies outside, however it is spelled", async () => {
      const inner = join(folder, "inner");
      mkdirSync(inner);
      writeFileSync(join(inner, "m.onnx"), "");
      symlinkSync(path, join(inner, "link.bin"));
      symlinkSync(folder, join(inner, "up"));
      const model = join(inner, "m.onnx");
      assert.match(await outcome("../model.onnx", model), /outside/);
      assert.match(await outcome("a/../../model.onnx", model), /outside/);
      assert.match(await outcome("..\\model.onnx", model), /outside/);
      for (const absolute of [path, "C:\\model.onnx", "c:model.onnx", "\\\\host\\share", "//host/share"]) {
        assert.match(await outcome(absolute, model), /absolute/);
      }
      assert.match(await outcome("link.bin", model), /link out of the model's folder/);
      assert.match(await outcome("up/model.onnx", model), /link out of the model's folder/);
    });

    it("follows links beside a model that is itself a link into the same store", async () => {
      const store = join(folder, "store");
      const snapshot = join(folder, "snapshot");
      mkdirSync(store);
      mkdirSync(snapshot);
      writeFileSync(join(store, "abc"), "model");
      writeFileSync(join(store, "def"), "weights");
      symlinkSync(join(store, "abc"), join(snapshot, "model.onnx"));
      symlinkSync(join(store, "def"), join(snapshot, "model.onnx_data"));
      assert.equal(await outcome("model.onnx_data", join(snapshot, "model.onnx")), "weights");
    });
  });
});
