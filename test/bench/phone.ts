import { execFileSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileSource } from "../../profiler/bytes/file-source.ts";
import { AndroidTarget } from "../../profiler/device/adb/android-target.ts";
import { bundleFolder } from "../../profiler/device/runner/push-bundle.ts";
import { findBundle } from "../../profiler/device/runner/bundle.ts";
import { measuredModel } from "../phone/measured-model.ts";
import { preparePhones } from "../phone/prepare.mjs";
import { startAdb } from "../phone/use-adb.ts";
import type { Finding } from "./finding.ts";
import { median } from "./measure.ts";

const SAMPLE = join(import.meta.dirname, "../../media/samples/digits_resnet.onnx");
const RUNS = 200;
const ROUNDS = 5;
const FILE_BYTES = 256e6;
const REMOTE = "/data/local/tmp/bench";

/** Against `adb shell` and `adb push` on the same real adbd: what our bookkeeping costs, and how fast files get there. */
export async function benchPhone(folder: string): Promise<readonly Finding[]> {
  const reason = preparePhones();
  if (reason !== undefined) {
    console.log(`  skipped: ${reason}`);
    return [];
  }
  const adb = await startAdb();
  try {
    const { serial } = await adb.phone();
    const theirs = (...args: readonly string[]): number =>
      seconds(() => execFileSync("adb", ["-P", String(adb.port), "-s", serial, ...args], { stdio: "ignore" }));
    const target = new AndroidTarget(adb.server, { serial });
    const model = await measuredModel(SAMPLE);
    const options = { threads: 1, warmUpRuns: 3, runs: RUNS };
    await target.run(model, options); // brings the runtime
    const bundle = await findBundle(serial, ["x86_64"]);
    const runner = bundleFolder(bundle);
    theirs("push", SAMPLE, `${REMOTE}/model.onnx`);
    writeFileSync(join(folder, "input.bin"), new Uint8Array(4 * 32 * 32));
    theirs("push", join(folder, "input.bin"), `${REMOTE}/input.bin`);
    // The runner ends with its input: somebody has to hold that open.
    const bare = (flags: string): string =>
      [
        `cd ${REMOTE}; [ -p hold ] || mkfifo hold; sleep 60 > hold & holder=$!`,
        `${runner}/${bundle.loader} --library-path ${runner} ${runner}/runner model.onnx --threads 1 --warm-up 3 --input 1:1x1x32x32:input.bin ${flags} < hold`,
        "kill $holder",
      ].join("; ");
    const ours: number[] = [];
    const theirRuns: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const start = performance.now();
      await target.run(model, options);
      ours.push((performance.now() - start) / 1000);
      // Both runs that ours consists of.
      theirRuns.push(
        theirs("shell", bare(`--optimization all --runs ${RUNS}`)) +
          theirs("shell", bare("--optimization basic --runs 10 --profile p")),
      );
    }
    return [
      { what: "a measured run, start to result", value: median(ours), unit: "s" },
      { what: "its two runs of the bare runner by adb shell", value: median(theirRuns), unit: "s" },
      { what: "our overhead", value: median(ours) - median(theirRuns), unit: "s" },
      ...(await pushing(folder, serial, adb, theirs)),
    ];
  } finally {
    await adb.end();
  }
}

async function pushing(
  folder: string,
  serial: string,
  adb: Awaited<ReturnType<typeof startAdb>>,
  theirs: (...args: readonly string[]) => number,
): Promise<readonly Finding[]> {
  const file = join(folder, "random.bin");
  writeFileSync(file, randomFillSync(new Uint8Array(FILE_BYTES)));
  const device = await adb.server.open(serial);
  const ours: number[] = [];
  const theirPushes: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const source = await FileSource.open(file);
    const start = performance.now();
    await device.push(`${REMOTE}/ours.bin`, source);
    ours.push((performance.now() - start) / 1000);
    await source.close();
    theirPushes.push(theirs("push", file, `${REMOTE}/theirs.bin`));
  }
  await device.close();
  return [
    { what: "pushing 256 MB", value: FILE_BYTES / 1e6 / median(ours), unit: "MB/s" },
    { what: "adb push", value: FILE_BYTES / 1e6 / median(theirPushes), unit: "MB/s" },
  ];
}

function seconds(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}
