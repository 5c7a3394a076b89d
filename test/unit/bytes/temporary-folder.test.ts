import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { makeTemporaryFolder } from "../../../profiler/bytes/temporary-folder.ts";

describe("Temporary folders", () => {
  it("of killed programs are removed when the next one is made, and what is called otherwise is left", async () => {
    const own = await makeTemporaryFolder();
    const { pid: ended } = spawnSync(process.execPath, ["--version"]);
    const left = join(tmpdir(), basename(own).replace(`-${process.pid}-`, `-${ended}-`));
    renameSync(own, left);
    writeFileSync(join(left, "model.tflite"), "");
    const other = mkdtempSync(join(tmpdir(), "edgewise-run-"));
    const file = `${left.slice(0, -6)}afile_`;
    writeFileSync(file, "");
    const running = await makeTemporaryFolder();
    mkdirSync(join(running, "inner"));
    const next = await makeTemporaryFolder();
    assert.deepEqual([left, other, file, running, next].map(existsSync), [false, true, true, true, true]);
    for (const path of [other, file, running, next]) rmSync(path, { recursive: true });
  });
});
