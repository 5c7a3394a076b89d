import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CalibrationError } from "../../../profiler/errors.ts";
import { readLabels } from "../../../profiler/calibration/labels.ts";
import { temporaryFolder } from "../cli/run-cli.ts";
import { bytesOf, npyFile } from "./npy-file.ts";

describe("Labels", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    folder = await temporaryFolder();
  });
  after(() => folder.remove());

  async function labels(
    name: string,
    content: string | Uint8Array,
    { key, files, count = 3 }: { key?: string; files?: readonly string[]; count?: number } = {},
  ): Promise<readonly number[]> {
    const path = join(folder.path, name);
    await writeFile(path, content);
    return readLabels(key === undefined ? { path } : { path, key }, count, files);
  }

  const fails = (labelled: Promise<unknown>, message: RegExp): Promise<void> =>
    assert.rejects(labelled, (error) => error instanceof CalibrationError && message.test(error.message));

  it("come from .npy, .txt, .json and .csv", async () => {
    const expected = [4, 0, 7];
    assert.deepEqual(await labels("l.npy", npyFile("<i8", [3], bytesOf(BigInt64Array.of(4n, 0n, 7n)))), expected);
    assert.deepEqual(await labels("l.txt", "4\n0\r\n7\n"), expected);
    assert.deepEqual(await labels("l.json", "[4,0,7]"), expected);
    assert.deepEqual(await labels("m.json", '{"classes":12,"labels":[4,0,7],"other":[1]}'), expected);
    assert.deepEqual(await labels("n.json", '{"a":[1],"test":[4,0,7]}', { key: "test" }), expected);
    assert.deepEqual(await labels("l.csv", "4\n0\n7\n"), expected);
    assert.deepEqual(await labels("m.csv", 'Label,note\n4,"a, b"\n0,\n7,\n'), expected);
    assert.deepEqual(await labels("n.csv", "kind,label\n4,1\n0,1\n7,1\n", { key: "kind" }), expected);
  });

  it("are found by the file's name where a CSV has it", async () => {
    const files = ["a.png", "b.png", "c.png"];
    assert.deepEqual(await labels("f.csv", "file,class\nb.png,0\nc.png,7\na.png,4\n", { files }), [4, 0, 7]);
  });

  it("are one class for each sample", async () => {
    await fails(labels("few.txt", "1 2"), /few\.txt: expected 3 labels, one for each sample, not 2/);
    await fails(labels("words.txt", "1 cat 2"), /label 1 is NaN/);
    await fails(labels("half.csv", "label\n1\n0.5\n2\n"), /label 1 is 0\.5/);
    await fails(labels("bad.json", "{"), /expected JSON/);
    await fails(labels("two.json", '{"a":[1],"b":[2]}'), /expected a list of numbers: it has a, b/);
    await fails(labels("column.csv", "label\n1\n", { key: "kind" }), /expected a column called "kind": it has label/);
    await fails(labels("l.xml", "<l/>"), /expected labels in one of \.npy, \.txt, \.json, \.csv/);
    await fails(readLabels({ path: join(folder.path, "none.txt") }, 1), /cannot be read/);
  });
});
