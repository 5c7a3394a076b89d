import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AndroidTarget } from "../../profiler/device/adb/android-target.ts";
import { DeviceError } from "../../profiler/device/device-error.ts";
import type { MeasuredModel, RunOptions, RunPhase, TargetProgress } from "../../profiler/device/target.ts";
import { graph, node, onnxModel, tensor, value } from "../builders/onnx-builder.ts";
import { measuredModel } from "./measured-model.ts";
import type { TestPhone } from "./test-phone.ts";
import { until } from "./until.ts";
import { useAdb } from "./use-adb.ts";

const SAMPLE = join(import.meta.dirname, "../../media/samples/digits_lenet.onnx");

/** Would go on for minutes. */
const LONG: RunOptions = { runs: 1_000_000, threads: 1 };
/** "Within seconds", on a busy machine. */
const SECONDS = 10;
/** The rails are read for so long before and while the model runs. */
const ENERGY_TIMES = { idleSeconds: 5, loopSeconds: 60 };

describe("a run on a phone that is cut short", function () {
  this.timeout(120_000);
  const adb = useAdb();
  let phone: TestPhone;
  let model: MeasuredModel;
  const folder = mkdtempSync(join(tmpdir(), "edgewise-large-"));
  before(async () => {
    phone = await adb().phone();
    model = await measuredModel(SAMPLE);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  let large: Promise<MeasuredModel> | undefined;
  const largeOnDisk = (): Promise<MeasuredModel> => (large ??= writeLarge(join(folder, "large.onnx")));

  const target = (): AndroidTarget =>
    new AndroidTarget(adb().server, { serial: phone.serial, energyTimes: ENERGY_TIMES });

  /** Calls `cut` at the first sign of a phase, and tells how the run ended and how long that took. */
  const runUntil = async (
    phase: RunPhase,
    cut: (ending: AbortController) => unknown,
    options: RunOptions,
    measured = model,
  ): Promise<{ readonly error: unknown; readonly seconds: number }> => {
    const ending = new AbortController();
    let cutAt: number | undefined;
    const onProgress = ({ phase: now, done }: TargetProgress): void => {
      const hasBegun = now === phase && (!now.startsWith("pushing") || done !== undefined);
      if (!hasBegun || cutAt !== undefined) return;
      cutAt = performance.now();
      cut(ending);
    };
    const error = await target()
      .run(measured, options, { signal: ending.signal, onProgress })
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    assert.notEqual(cutAt, undefined, `${phase} never came`);
    return { error, seconds: (performance.now() - (cutAt ?? 0)) / 1000 };
  };

  const leavesNothing = async (): Promise<void> => {
    await until("nothing of the run is left", () => phone.leftovers().length === 0 && phone.processes().length === 0);
  };

  const runsAgain = async (): Promise<void> => {
    const result = await target().run(model, { runs: 2 });
    assert.equal(result.outputs.verdict, "equal");
  };

  const PHASES: readonly (readonly [RunPhase, RunOptions])[] = [
    ["preparing", {}],
    ["pushing-runtime", {}],
    ["pushing-model", {}],
    ["latency", LONG],
    ["comparing", {}],
    ["layers", {}],
    ["energy", { measuresEnergy: true, runs: 2 }],
  ];
  for (const [phase, options] of PHASES) {
    it(`ends at once when it is cancelled while ${phase}`, async () => {
      if (phase === "pushing-runtime") await target().cleanUp();
      const { error, seconds } = await runUntil(phase, (ending) => ending.abort(new Error("cancelled")), options);
      assert.equal(error instanceof Error ? error.message : error, "cancelled");
      assert.ok(seconds < SECONDS, `${seconds} s`);
      await leavesNothing();
    });
  }

  it("runs after all that", runsAgain);

  for (const [when, phase] of [
    ["while the runtime is pushed", "pushing-runtime"],
    ["while the model is pushed", "pushing-model"],
    ["while the model runs", "latency"],
  ] as const) {
    it(`says within seconds that the cable was pulled ${when}, and runs again`, async () => {
      if (phase === "pushing-runtime") await target().cleanUp();
      const { error, seconds } = await runUntil(phase, () => void phone.pull(), LONG);
      assert.ok(error instanceof DeviceError && error.problem === "gone", String(error));
      assert.ok((error.hint ?? "").includes("Plug it in again"));
      assert.ok(seconds < SECONDS, `${seconds} s`);
      await leavesNothing();
      await phone.plugIn();
      await adb().reconnect(phone);
      await runsAgain();
    });
  }

  const fixed = (): string => readFileSync(phone.path("/fixed-performance"), "utf8");

  it("holds the phone's clocks only while it measures, and looks at them meanwhile", async () => {
    rmSync(phone.path("/fixed-performance"), { force: true });
    const { settings, notes, conditions } = await target().run(model, { runs: 500, threads: 1 });
    assert.equal(fixed(), "true\nfalse\n");
    assert.equal(settings.fixedPerformance, true);
    assert.ok(notes.some((note) => note.includes("fixed-performance mode")));
    const [sample] = conditions.during ?? [];
    assert.deepEqual([sample?.celsius, sample?.cores[0]], [38, { core: 0, hertz: 1704e6, limitHertz: 2914e6 }]);
    await target().run(model, { runs: 1, fixedPerformance: false });
    assert.equal(fixed(), "true\nfalse\n");
    writeFileSync(phone.path("/answers/no-fixed-performance"), "");
    const other = await target().run(model, { runs: 1 });
    assert.equal(other.settings.fixedPerformance, undefined);
    rmSync(phone.path("/answers/no-fixed-performance"));
  });

  for (const [how, cut] of [
    ["its connection is cut", () => adb().disconnect(phone)],
    ["adb's server is killed", () => void adb().restart()],
  ] as const) {
    for (const phase of ["pushing-model", "latency"] as const) {
      it(`leaves nothing on a phone that lives on when ${how} while ${phase}`, async () => {
        const { error } = await runUntil(phase, cut, LONG, phase === "pushing-model" ? await largeOnDisk() : model);
        assert.ok(error instanceof DeviceError, String(error));
        await leavesNothing();
        assert.match(fixed(), /false\n$/);
        await adb().reconnect(phone);
      });
    }
  }

  it("says why a run was killed, and why nothing may be executed", async () => {
    const path = join(folder, "made.onnx");
    await writeFile(path, modelThatMakesItsWeights());
    const killed = target().run(await measuredModel(path), LONG, {
      onProgress: ({ phase }) => {
        if (phase === "latency") phone.kill("--optimization all");
      },
    });
    await assert.rejects(killed, (error: unknown) => {
      assert.ok(error instanceof DeviceError && error.problem === "killed", String(error));
      assert.match(
        error.message,
        /low-memory killer.*The model alone is 4\.\d+ MB, and the phone had .*B free of .*B in all$/,
      );
      return true;
    });
    await leavesNothing();
    const noexec = await adb().phone({ dataBytes: 200e6, options: "noexec" });
    await assert.rejects(
      new AndroidTarget(adb().server, { serial: noexec.serial }).run(model, {}),
      (error: unknown) => {
        assert.ok(error instanceof DeviceError && error.problem === "not-executable", String(error));
        assert.match(error.message, /mounted without the right to execute \(noexec\)/);
        return true;
      },
    );
    await adb().stop(noexec);
  });

  it("refuses Android 7 before it pushes anything", async () => {
    const old = await adb().phone({
      properties: { "ro.build.version.sdk": "25", "ro.build.version.release_or_codename": "7.1.1" },
    });
    const running = new AndroidTarget(adb().server, { serial: old.serial }).run(model, {});
    await assert.rejects(running, /has Android 7\.1\.1 \(API level 25\): Edgewise needs Android 8 or newer/);
    assert.ok(!existsSync(old.path("/data/local/tmp/edgewise")));
    await adb().stop(old);
  });

  it("ends when its time is over", async () => {
    await assert.rejects(target().run(model, { ...LONG, timeLimitSeconds: 2 }), { problem: "time-limit" });
    await leavesNothing();
  });

  it("waits while another run has the phone", async () => {
    const ending = new AbortController();
    const phases: RunPhase[] = [];
    let second: Promise<unknown> | undefined;
    const first = target().run(model, LONG, {
      signal: ending.signal,
      onProgress: ({ phase }) => {
        if (phase === "latency")
          second ??= target().run(
            model,
            { runs: 2 },
            {
              onProgress: (progress) => {
                phases.push(progress.phase);
              },
            },
          );
      },
    });
    first.catch(() => undefined);
    await until("the second run waits", () => phases.includes("queued"));
    assert.ok(!phases.includes("latency"));
    ending.abort(new Error("enough"));
    await assert.rejects(first, /enough/);
    await second;
    assert.ok(phases.includes("latency"));
    await leavesNothing();
  });

  it("is refused on a processor that there is nothing for", async () => {
    const old = await adb().phone({ abis: "armeabi-v7a,armeabi" });
    await assert.rejects(new AndroidTarget(adb().server, { serial: old.serial }).run(model, {}), (error: unknown) => {
      assert.ok(error instanceof DeviceError && error.problem === "unsupported");
      assert.match(error.message, /armeabi-v7a/);
      return true;
    });
    await adb().stop(old);
  });

  it("says how much space is missing before it pushes anything", async () => {
    const small = await adb().phone({ dataBytes: 20e6 });
    const phases: RunPhase[] = [];
    const running = new AndroidTarget(adb().server, { serial: small.serial }).run(
      model,
      {},
      {
        onProgress: ({ phase, done }) => {
          if (done !== undefined) phases.push(phase);
        },
      },
    );
    await assert.rejects(running, { problem: "no-space" });
    assert.deepEqual(phases, []);
    await adb().stop(small);
  });

  it("removes what it pushed to a phone that fills up meanwhile", async () => {
    const small = await adb().phone({ dataBytes: 120e6 });
    const onSmall = new AndroidTarget(adb().server, { serial: small.serial });
    await onSmall.run(model, { runs: 1 });
    try {
      const large = await largeOnDisk();
      const running = onSmall.run(
        large,
        {},
        {
          onProgress: ({ phase, done }) => {
            // Somebody else's video: all but ten megabytes.
            if (phase === "pushing-model" && done !== undefined && done < 4e6) fill(small, 55e6);
          },
        },
      );
      await assert.rejects(running, (error: unknown) => {
        assert.ok(error instanceof DeviceError && error.problem === "no-space", String(error));
        return true;
      });
      await until("the model is removed", () => small.leftovers().length === 0);
    } finally {
      await adb().stop(small);
    }
  });
});

/** At once, or all of the model would be there before it. */
function fill(phone: TestPhone, bytes: number): void {
  try {
    writeFileSync(phone.path("/data/local/tmp/video.mp4"), new Uint8Array(bytes));
  } catch {
    // As much of it as there is space for.
  }
}

/** 4 MB of weights in a file of some hundred bytes. */
function modelThatMakesItsWeights(): Uint8Array {
  const size = 1024;
  return onnxModel({
    graph: graph([node("ConstantOfShape", ["shape"], ["w"]), node("MatMul", ["x", "w"], ["y"])], {
      inputs: [value("x", "float32", [1, size])],
      outputs: ["y"],
      initializers: [tensor("shape", "int64", [2], [size, size])],
    }),
  });
}

/** 36 MB of weights. */
async function writeLarge(path: string): Promise<MeasuredModel> {
  const size = 3000;
  const rawData = new Uint8Array(Float32Array.from({ length: size * size }, () => 0.5).buffer);
  const weights = { ...tensor("w", "float32", [size, size], []), rawData };
  const bytes = onnxModel({
    graph: graph([node("MatMul", ["x", "w"], ["y"])], {
      inputs: [value("x", "float32", [1, size])],
      outputs: ["y"],
      initializers: [weights],
    }),
  });
  await writeFile(path, bytes);
  return measuredModel(path);
}
