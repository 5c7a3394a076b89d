import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import type { RunResult } from "../../profiler/device/run-result.ts";
import type { DeviceFacts } from "../../profiler/device/target.ts";
import { cliProgram, ROOT } from "../unit/cli/cli-program.ts";
import type { TestPhone } from "./test-phone.ts";
import { until } from "./until.ts";
import { useAdb } from "./use-adb.ts";

const SAMPLE = "media/samples/digits_lenet.onnx";

describe("phones on the command line", function () {
  // Each command line is a process of its own.
  this.timeout(120_000);
  const adb = useAdb();
  let phone: TestPhone;
  before(async () => void (phone = await adb().phone()));

  const start = (...args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [...cliProgram(), ...args], {
      cwd: ROOT,
      env: { ...process.env, ADB_SERVER_SOCKET: `tcp:127.0.0.1:${adb().port}` },
    });

  const finished = async (
    child: ChildProcess,
  ): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> => {
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name]?.setEncoding("utf8").on("data", (text: string) => (texts[name] += text));
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { code, ...texts };
  };

  it("lists them with what they are", async () => {
    const { code, stdout } = await finished(start("devices"));
    assert.equal(code, 0);
    assert.match(stdout, /^host +This machine /m);
    const line = stdout.split("\n").find((each) => each.startsWith(phone.serial)) ?? "";
    assert.match(line, /Google Pixel 8 +Android 14 \(API level 34\) +Google Tensor G3 +x86_64 .* 81\.0 % +38 °C$/);
    const { devices } = JSON.parse((await finished(start("devices", "--json"))).stdout) as {
      devices: { device: string; state: string; facts: DeviceFacts }[];
    };
    const found = devices.find(({ device }) => device === phone.serial);
    assert.deepEqual([found?.state, found?.facts.name], ["device", "Google Pixel 8"]);
  });

  it("runs a model on one", async () => {
    const flags = ["--threads", "1", "--runs", "5"];
    const { code, stdout, stderr } = await finished(start("run", SAMPLE, "--device", phone.serial, ...flags));
    assert.equal(code, 0, stderr);
    assert.match(stdout, /digits_lenet\.onnx on Google Pixel 8 \(Android 14/);
    assert.match(stdout, /^3 +\/3\/Conv +Conv .*%.*×$/m);
    assert.match(stdout, /^Outputs +equal/m);
    const json = await finished(start("run", SAMPLE, "--device", phone.serial, ...flags, "--json"));
    const result = JSON.parse(json.stdout) as RunResult;
    assert.deepEqual([result.device.serial, result.outputs.verdict], [phone.serial, "equal"]);
    assert.deepEqual(phone.leftovers(), []);
  });

  it("leaves nothing on it when Ctrl-C ends the run", async () => {
    const child = start("run", SAMPLE, "--device", phone.serial, "--threads", "1", "--runs", "1000000");
    const end = finished(child);
    await until("the model runs", () => phone.processes().some((command) => command.includes("--optimization all")));
    const cutAt = performance.now();
    child.kill("SIGINT");
    const { code, stdout, stderr } = await end;
    assert.deepEqual([code, stdout, stderr], [130, "", "edgewise: interrupted\n"]);
    assert.ok(performance.now() - cutAt < 10_000);
    await until("nothing is left", () => phone.leftovers().length === 0 && phone.processes().length === 0);
  });

  for (const signal of ["SIGKILL", "SIGHUP"] as const) {
    it(`leaves nothing on it when ${signal === "SIGKILL" ? "the program is killed" : "its terminal is closed"}`, async () => {
      const child = start("run", SAMPLE, "--device", phone.serial, "--threads", "1", "--runs", "1000000");
      const end = finished(child);
      await until("the model runs", () => phone.processes().some((command) => command.includes("--optimization all")));
      child.kill(signal);
      await end;
      await until("nothing is left", () => phone.leftovers().length === 0 && phone.processes().length === 0);
    });
  }

  it("names the phones there are when it is none of them", async () => {
    const { code, stderr } = await finished(start("run", SAMPLE, "--device", "no; such"));
    assert.equal(code, 2);
    assert.match(stderr, /^edgewise: no device "no; such" is connected\. Name one of: .*\n$/);
  });
});
