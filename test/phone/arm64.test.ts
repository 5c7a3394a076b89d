import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AndroidTarget } from "../../profiler/device/adb/android-target.ts";
import { isMeasured } from "../../profiler/device/run-result.ts";
import { skip } from "../skip.ts";
import { mobilenetV1 } from "../zoo/networks/mobilenet-v1.ts";
import { toBytes } from "../zoo/file-segments.ts";
import { toTflite } from "../zoo/to-tflite.ts";
import { measuredModel } from "./measured-model.ts";
import { useAdb } from "./use-adb.ts";

const SAMPLE = join(import.meta.dirname, "../../media/samples/digits_resnet.onnx");

const BINFMT = "/proc/sys/fs/binfmt_misc";
const NAME = "edgewise-aarch64";
/** An ELF file of 64 bits, little-endian, for machine 183. */
const MAGIC = String.raw`\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`;
const MASK = String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`;

describe("the bundle for arm64, in emulation", function () {
  this.timeout(240_000);
  const adb = useAdb();
  let emulation: { end(): void } | undefined;

  before(function () {
    emulation = emulateArm64();
    if (emulation === undefined) skip(this, "this kernel cannot run programs through qemu (binfmt_misc)");
  });
  after(() => emulation?.end());

  it("runs an ONNX and a TFLite model whose outputs are those of this machine", async () => {
    const phone = await adb().phone({ abis: "arm64-v8a,armeabi-v7a,armeabi" });
    const target = new AndroidTarget(adb().server, { serial: phone.serial });
    const result = await target.run(await measuredModel(SAMPLE), { threads: 2, warmUpRuns: 0, runs: 2 });
    assert.equal(result.outputs.verdict, "equal", JSON.stringify(result.outputs));
    assert.ok(isMeasured(result.layers) && result.layers.rows.length > 10);
    assert.equal(result.device.abis[0], "arm64-v8a");
    const path = join(mkdtempSync(join(tmpdir(), "edgewise-arm64-")), "mobilenet.tflite");
    writeFileSync(path, toBytes(toTflite(mobilenetV1({ width: 0.25, size: 32 }))));
    const model = await measuredModel(path);
    const tflite = await target.run(model, { threads: 2, warmUpRuns: 0, runs: 2 });
    rmSync(dirname(path), { recursive: true });
    assert.equal(tflite.outputs.verdict, "equal", JSON.stringify(tflite.outputs));
    assert.equal(tflite.runtime.name, "TFLite");
    assert.ok(isMeasured(tflite.layers) && tflite.layers.rows.length > 5);
    assert.deepEqual(phone.leftovers(), []);
    await adb().stop(phone);
  });
});

/** Lets the kernel run arm64 programs through qemu, whatever folder they see as their root. undefined where it cannot. */
function emulateArm64(): { end(): void } | undefined {
  const wasMounted = existsSync(join(BINFMT, "register"));
  if (!wasMounted) spawnSync("mount", ["-t", "binfmt_misc", "none", BINFMT]);
  if (!existsSync(join(BINFMT, "register"))) return undefined;
  const unmount = (): void => {
    if (!wasMounted) spawnSync("umount", [BINFMT]);
  };
  // Somebody else's does as well, if it is opened beforehand, as Debian's is.
  if (existsSync(join(BINFMT, "qemu-aarch64"))) return { end: unmount };
  try {
    // F: qemu is opened now, so that a phone need not have it.
    writeFileSync(join(BINFMT, "register"), `:${NAME}:M::${MAGIC}:${MASK}:/usr/bin/qemu-aarch64-static:F`);
  } catch {
    unmount();
    return undefined;
  }
  return {
    end: () => {
      writeFileSync(join(BINFMT, NAME), "-1");
      unmount();
    },
  };
}
