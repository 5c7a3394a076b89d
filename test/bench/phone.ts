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
import { mobilenetV1 } from "../zoo/networks/mobilenet-v1.ts";
import { toBytes } from "../zoo/file-segments.ts";
import { toTflite } from "../zoo/to-tflite.ts";
import type { Finding } from "./finding.ts";
import { median } from "./measure.ts";
import { MOST_OUTSIDE_ROWS, outsideRows } from "./outside-rows.ts";

const SAMPLES = join(import.meta.dirname, "../../media/samples");
const RUNS = 200;
const ROUNDS = 5;
const FILE_BYTES = 256e6;
const REMOTE = "/data/local/tmp/bench";

/** A model, how its bare runner is called for what our run does too, and what messages call the runtime. */
interface Compared {
  readonly title: string;
  readonly runner: string;
  readonly file: string;
  readonly shape: readonly number[];
  /** Flags of the runs that ours consists of. */
  readonly runs: readonly string[];
}

const ONNX: Compared = {
  title: "ONNX Runtime",
  runner: "runner",
  file: join(SAMPLES, "digits_resnet.onnx"),
  shape: [1, 1, 32, 32],
  runs: [`--optimization all --runs ${RUNS}`, "--optimization all --runs 10 --profile p"],
};

/** Against the bare runners by `adb shell`, and `adb push`, on the same real adbd: what our bookkeeping costs, and how fast files get there. */
export async function benchPhone(folder: string): Promise<readonly Finding[]> {
  const reason = preparePhones();
  if (reason !== undefined) {
    console.log(`  skipped: ${reason}`);
    return [];
  }
  const tflite = join(folder, "mobilenet.tflite");
  writeFileSync(tflite, toBytes(toTflite(mobilenetV1({ width: 0.25, size: 96 }))));
  const TFLITE: Compared = {
    title: "TFLite",
    runner: "tflite-runner",
    file: tflite,
    shape: [1, 96, 96, 3],
    runs: [`--runs ${RUNS}`, "--runs 20 --layers yes"],
  };
  const adb = await startAdb();
  try {
    const { serial } = await adb.phone();
    const theirs = (...args: readonly string[]): number =>
      seconds(() => execFileSync("adb", ["-P", String(adb.port), "-s", serial, ...args], { stdio: "ignore" }));
    return [
      ...(await overhead(ONNX, folder, serial, adb, theirs)),
      ...(await overhead(TFLITE, folder, serial, adb, theirs)),
      ...(await pushing(folder, serial, adb, theirs)),
    ];
  } finally {
    await adb.end();
  }
}

async function overhead(
  { title, runner, file, shape, runs }: Compared,
  folder: string,
  serial: string,
  adb: Awaited<ReturnType<typeof startAdb>>,
  theirs: (...args: readonly string[]) => number,
): Promise<readonly Finding[]> {
  const target = new AndroidTarget(adb.server, { serial });
  const model = await measuredModel(file);
  const options = { threads: 1, warmUpRuns: 3, runs: RUNS };
  const result = await target.run(model, options); // brings the runtime
  const bundle = await findBundle(serial, ["x86_64"]);
  const home = bundleFolder(bundle);
  theirs("push", file, `${REMOTE}/model`);
  writeFileSync(join(folder, "input.bin"), new Uint8Array(4 * shape.reduce((product, size) => product * size, 1)));
  theirs("push", join(folder, "input.bin"), `${REMOTE}/input.bin`);
  // The runner ends with its input: somebody has to hold that open.
  const input = runner === "runner" ? `1:${shape.join("x")}:input.bin` : `${shape.join("x")}:input.bin`;
  const bare = (flags: string): string =>
    [
      `cd ${REMOTE}; [ -p hold ] || mkfifo hold; sleep 60 > hold & holder=$!`,
      `${home}/${bundle.loader} --library-path ${home} ${home}/${runner} model --threads 1 --warm-up 3 --input ${input} ${flags} < hold`,
      "kill $holder",
    ].join("; ");
  const ours: number[] = [];
  const theirRuns: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    await target.run(model, options);
    ours.push((performance.now() - start) / 1000);
    theirRuns.push(runs.reduce((sum, flags) => sum + theirs("shell", bare(flags)), 0));
  }
  return [
    {
      what: `${title}: a measured run to its bare runs by adb shell`,
      value: median(ours) / median(theirRuns),
      unit: "×",
    },
    {
      what: `${title}: operators' time in no row`,
      value: outsideRows(result.layers),
      unit: "of 1",
      limit: MOST_OUTSIDE_ROWS,
    },
  ];
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
  return [{ what: "pushing 256 MB, to adb push", value: median(ours) / median(theirPushes), unit: "×" }];
}

function seconds(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}
