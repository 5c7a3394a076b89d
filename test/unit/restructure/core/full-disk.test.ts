import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import { FileAccessError } from "../../../../profiler/errors.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { readModel } from "../../../../profiler/formats/formats.ts";
import { applyEdit } from "../../../../profiler/editing/apply.ts";
import { GROUP_AND_SHUFFLE } from "../../../../profiler/restructure/restructurings/group-and-shuffle.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import { writeModel } from "../../../../profiler/formats/formats.ts";
import { skip } from "../../../skip.ts";
import { mobilenetLayer } from "../../../zoo/networks/mobilenet-v1.ts";
import { toBytes } from "../../../zoo/file-segments.ts";
import { toOnnx } from "../../../zoo/to-onnx.ts";
import { toTflite } from "../../../zoo/to-tflite.ts";
import { edit } from "../edited-model.ts";

/** Less than the model takes, and room enough for what stands there before. */
const DISK_BYTES = 16_384;

/** Weights of 32×16×3×3 floats after the edit: 18 KB. */
const NETWORK = mobilenetLayer({ convolutions: "plain", channels: 32, size: 8 });

const FILES = { "model.onnx": toBytes(toOnnx(NETWORK).model), "model.tflite": toBytes(toTflite(NETWORK)) };

async function editedModel(name: string, bytes: Uint8Array): Promise<Model> {
  const model = await readModel(new MemorySource(name, bytes), { open: () => Promise.reject(new Error("no files")) });
  const target = GROUP_AND_SHUFFLE.find(liftModel(model))[0]?.target ?? "";
  return (await applyEdit(model, edit(GROUP_AND_SHUFFLE.id, target))).after;
}

describe("writing a model to a small disk", () => {
  let disk = "";

  function mount(...options: readonly string[]): boolean {
    return spawnSync("mount", ["-t", "tmpfs", "-o", options.join(","), "tmpfs", disk]).status === 0;
  }

  before(function () {
    if (process.platform !== "linux" || process.getuid?.() !== 0)
      skip(this, "only root on Linux can make a small disk");
    disk = mkdtempSync(join(tmpdir(), "edgewise-disk-"));
    if (mount(`size=${DISK_BYTES}`)) return;
    rmSync(disk, { recursive: true });
    disk = "";
    skip(this, "this machine lets root mount nothing");
  });
  after(() => {
    if (disk === "") return;
    assert.equal(spawnSync("umount", [disk]).status, 0);
    rmSync(disk, { recursive: true });
  });

  for (const [name, bytes] of Object.entries(FILES)) {
    it(`leaves ${name} as it was when the disk is full, and when it is read-only`, async () => {
      const model = await editedModel(name, bytes);
      const path = join(disk, name);
      writeFileSync(path, "as it was");
      await assertLeft(path, () => writeModel(model, path), /the disk is full/);
      assert.ok(mount("remount", "ro"));
      try {
        await assertLeft(path, () => writeModel(model, path), /the disk is read-only/);
      } finally {
        assert.ok(mount("remount", "rw", `size=${DISK_BYTES}`));
        rmSync(path);
      }
    });
  }
});

async function assertLeft(path: string, write: () => Promise<void>, message: RegExp): Promise<void> {
  await assert.rejects(write(), (error) => {
    assert.ok(error instanceof FileAccessError);
    assert.match(error.message, message);
    return true;
  });
  assert.equal(readFileSync(path, "utf8"), "as it was");
  assert.equal(readdirSync(join(path, "..")).length, 1, "nothing is left behind");
}
