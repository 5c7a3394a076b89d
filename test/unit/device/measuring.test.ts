import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { adbCandidates } from "../../../profiler/device/adb/find-adb.ts";
import { energyOf, whyNoEnergy } from "../../../profiler/device/adb/energy.ts";
import { serverAddress } from "../../../profiler/device/adb/adb-server.ts";
import {
  chooseDevice,
  listedName,
  parseDeviceList,
  selectorOf,
  whyNotReady,
} from "../../../profiler/device/adb/listed-device.ts";
import { shellCommand, shellWord } from "../../../profiler/device/adb/shell-word.ts";
import { compareOutputs } from "../../../profiler/device/compare-outputs.ts";
import { latencyStatistics } from "../../../profiler/device/latency-statistics.ts";
import { parseOrtProfile } from "../../../profiler/device/ort-profile.ts";
import { isMeasured, type ConditionsSample } from "../../../profiler/device/run-result.ts";
import { throttlingOf } from "../../../profiler/device/throttling.ts";
import { fromRuntimeBytes, toRuntimeBytes } from "../../../profiler/runtime/tensor-bytes.ts";
import { of } from "../runtime/tiny-models.ts";

describe("words of a shell", () => {
  for (const word of [
    "plain-1.0",
    "",
    "a b",
    "it's",
    "$(reboot)",
    "`id`",
    "a\nb",
    "*",
    "~",
    "-n",
    "ü",
    '"',
    "\\",
    ";&|<>",
  ]) {
    it(`keeps ${JSON.stringify(word)} one word`, () => {
      const said = execFileSync("sh", ["-c", `printf '%s' ${shellWord(word)}`], { encoding: "utf8" });
      assert.equal(said, word);
    });
  }

  it("joins words and refuses what no shell can hold", () => {
    assert.equal(shellCommand("rm", "-rf", "a b"), "rm -rf 'a b'");
    assert.throws(() => shellWord("a\0b"), RangeError);
  });
});

describe("lists of devices", () => {
  const LIST = [
    "R5CT20XYZ              device usb:1-4 product:r0s model:SM_S901E device:r0s transport_id:3",
    "8B3Y12ABC              unauthorized usb:1-2 transport_id:4",
    "0123456789             no permissions (user in plugdev group; are your udev rules wrong?); see [http://developer.android.com/tools/device.html] usb:1-1 transport_id:5",
    "192.168.1.7:5555       offline transport_id:6",
    "",
  ].join("\n");
  const devices = parseDeviceList(LIST);

  it("reads states, of which one has a blank in it", () => {
    assert.deepEqual(
      devices.map(({ state }) => state),
      ["device", "unauthorized", "no permissions", "offline"],
    );
    assert.equal(devices[0]?.model, "SM S901E");
  });

  it("reads serials that hold blanks, and devices that have none", () => {
    const odd = parseDeviceList(
      [
        "adb-00000000-AbCdEf (2)._adb-tls-connect._tcp device product:x model:Pixel_8 device:shiba transport_id:3",
        "adb-0A (3)._adb-tls-connect._tcp offline transport_id:4",
        "(no serial number)     device usb:1-1 product:p model:m device:d transport_id:7",
        "(no serial number)     no permissions (missing udev rules? user is in the plugdev group); see [http://x] usb:1-2 transport_id:8",
        "emulator-5554          device product:sdk_gphone64 model:sdk_gphone64 device:emu64xa transport_id:9",
        "device                 unauthorized transport_id:10",
      ].join("\n"),
    );
    assert.deepEqual(
      odd.map(({ serial, state }) => [serial, state]),
      [
        ["adb-00000000-AbCdEf (2)._adb-tls-connect._tcp", "device"],
        ["adb-0A (3)._adb-tls-connect._tcp", "offline"],
        ["(no serial number)", "device"],
        ["(no serial number)", "no permissions"],
        ["emulator-5554", "device"],
        ["device", "unauthorized"],
      ],
    );
    assert.deepEqual(odd.slice(0, 3).map(selectorOf), [
      { serial: "adb-00000000-AbCdEf (2)._adb-tls-connect._tcp" },
      { serial: "adb-0A (3)._adb-tls-connect._tcp" },
      { transportId: 7n },
    ]);
    assert.deepEqual(odd.map(listedName).slice(3), ["(no serial number)", "sdk gphone64 (emulator)", "device"]);
    const twins = parseDeviceList("0123456789ABCDEF device transport_id:1\n0123456789ABCDEF device transport_id:2\n");
    assert.throws(() => chooseDevice(twins, "0123456789ABCDEF"), /several devices have the serial/);
  });

  it("says what to do about each that is not ready", () => {
    assert.deepEqual(
      devices.map((device) => whyNotReady(device)?.problem),
      [undefined, "unauthorized", "no-permissions", "offline"],
    );
    assert.match(
      whyNotReady({ serial: "x", state: "no permissions", model: null, transportId: null })?.hint ?? "",
      /udev/,
    );
    assert.equal(
      whyNotReady({ serial: "x", state: "recovery", model: null, transportId: null })?.problem,
      "unusable-state",
    );
  });

  it("chooses the only one that is ready", () => {
    assert.equal(chooseDevice(devices).serial, "R5CT20XYZ");
    assert.throws(() => chooseDevice(devices, "8B3Y12ABC"), { problem: "unauthorized" });
    assert.throws(() => chooseDevice(devices, "nobody"), { problem: "no-device" });
    assert.throws(() => chooseDevice([]), { problem: "no-device" });
  });
});

describe("finding adb", () => {
  it("looks on the PATH, in the SDK that is named, and where SDKs are", () => {
    const env = { PATH: "/bin", ANDROID_HOME: "/sdk", ANDROID_SDK_ROOT: "" };
    const found = adbCandidates({ env, home: "/home/me", platform: "linux" });
    assert.deepEqual(found.slice(0, 3), [
      "/bin/adb",
      "/sdk/platform-tools/adb",
      "/home/me/Android/Sdk/platform-tools/adb",
    ]);
  });

  it("finds the server where adb's own variables say", () => {
    assert.deepEqual(serverAddress({}), { host: "127.0.0.1", port: 5037 });
    assert.deepEqual(serverAddress({ ADB_SERVER_SOCKET: "tcp:10.0.0.2:5038" }), { host: "10.0.0.2", port: 5038 });
    assert.deepEqual(serverAddress({ ANDROID_ADB_SERVER_PORT: "5040" }), { host: "127.0.0.1", port: 5040 });
    assert.deepEqual(serverAddress({ ANDROID_ADB_SERVER_PORT: "x" }), { host: "127.0.0.1", port: 5037 });
  });
});

describe("statistics of runs", () => {
  it("takes nearest ranks", () => {
    const statistics = latencyStatistics([5, 1, 4, 2, 3, 10, 9, 8, 7, 6]);
    assert.deepEqual(
      [statistics.median, statistics.mean, statistics.p90, statistics.p99, statistics.minimum, statistics.maximum],
      [5.5, 5.5, 9, 10, 1, 10],
    );
    assert.ok(Math.abs(statistics.standardDeviation - Math.sqrt(82.5 / 9)) < 1e-12);
    assert.equal(latencyStatistics([2]).standardDeviation, 0);
    assert.throws(() => latencyStatistics([]), RangeError);
  });
});

describe("outputs of a device", () => {
  const here = { y: of("float32", [1, 2], [0, 1]) };
  it("are equal within rounding", () => {
    const check = compareOutputs(here, { y: of("float32", [1, 2], [1e-5, 1]) }, []);
    assert.equal(check.verdict, "equal");
  });
  it("differ in numbers, sizes, or by not being there", () => {
    for (const there of [{ y: of("float32", [1, 2], [0.1, 1]) }, { y: of("float32", [2], [0, 1]) }, {}])
      assert.equal(compareOutputs(here, there, []).verdict, "differs");
    const infinite = compareOutputs(here, { y: of("float32", [1, 2], [NaN, 1]) }, []);
    assert.equal(infinite.verdict, "differs");
    assert.equal(infinite.outputs[0]?.maxAbsolute, null);
    assert.doesNotThrow(() => JSON.stringify(infinite));
  });
  it("cannot be compared where they are no numbers", () => {
    assert.equal(compareOutputs({}, {}, [{ name: "z", reason: "it is a sequence" }]).verdict, "not-compared");
  });
});

describe("tensors as runtimes hold them", () => {
  for (const type of ["float32", "float16", "int64", "uint64", "int8", "bool", "float64", "uint16"] as const) {
    it(`carries ${type} there and back`, () => {
      const tensor = of(type, [2, 2], [0, 1, 1, 0]);
      assert.deepEqual(fromRuntimeBytes(type, [2, 2], toRuntimeBytes(tensor)), tensor);
      assert.throws(() => fromRuntimeBytes(type, [3], toRuntimeBytes(tensor)), /elements came as/);
    });
  }
});

describe("energy", () => {
  const at = (seconds: number, cpu: number, modem = 0): Parameters<typeof energyOf>[0][0] => ({
    seconds,
    rails: [
      { name: "S2M_VDD_CPUCL2", subsystem: "CPU(BIG)", joules: cpu },
      { name: "VSYS_PWR_MODEM", subsystem: "Modem", joules: modem },
    ],
  });
  it("is what is above idle, of rails that compute", () => {
    const energy = energyOf([at(0, 100), at(10, 105)], [at(12, 106, 0), at(16, 116, 99)], 50);
    assert.ok(isMeasured(energy));
    assert.equal(energy.rails.length, 1);
    assert.ok(Math.abs(energy.joulesPerInference - (10 / 4 - 0.5) / 50) < 1e-12);
    assert.equal(energy.inferences, 200);
  });
  it("is none within the noise, after a reset, or without rails", () => {
    assert.ok(!isMeasured(energyOf([at(0, 0), at(10, 10)], [at(10, 10), at(20, 20)], 5)));
    assert.ok(!isMeasured(energyOf([at(0, 9), at(10, 10)], [at(10, 10), at(20, 1)], 5)));
    assert.match(whyNoEnergy({ level: 1, celsius: 20, isPluggedIn: true }).reason, /not measurable while plugged in/);
    assert.doesNotMatch(whyNoEnergy(null).reason, /battery/);
  });
});

describe("throttling", () => {
  const conditions = (
    thermalStatus: "none" | "moderate" | null,
    limitHertz: number,
  ): Parameters<typeof throttlingOf>[0] => ({
    thermalStatus,
    temperatures: [],
    cores: [{ core: 7, isOnline: true, hertz: 1e9, maximumHertz: 3e9, limitHertz }],
    battery: null,
  });
  it("is told by a thermal status that rose and by clocks that are held down", () => {
    assert.deepEqual(throttlingOf(conditions("none", 3e9), conditions("none", 3e9)), []);
    assert.deepEqual(throttlingOf(conditions("none", 3e9), conditions("moderate", 2e9)), [
      "thermal status rose from none to moderate",
      "core 7 is held at 2.00 GHz of its 3.00 GHz",
    ]);
    assert.deepEqual(throttlingOf(conditions(null, 3e9), conditions("moderate", 3e9)), ["thermal status is moderate"]);
  });

  it("is told by what was seen in between, and by limits below those of a phone with fixed clocks", () => {
    const sample = (thermalStatus: "none" | "moderate", limitHertz: number): ConditionsSample => ({
      seconds: 1,
      thermalStatus,
      celsius: 40,
      cores: [{ core: 7, hertz: 1e9, limitHertz }],
    });
    const cool = conditions("none", 3e9);
    assert.deepEqual(throttlingOf(cool, cool, [sample("none", 3e9), sample("moderate", 1e9)]), [
      "thermal status rose from none to moderate during the run, and is none after it",
      "core 7 is held at 1.00 GHz of its 3.00 GHz",
    ]);
    const held = conditions("none", 2e9);
    assert.deepEqual(throttlingOf(held, held, [sample("none", 2e9)], true), []);
    assert.deepEqual(throttlingOf(held, held, [sample("none", 1.5e9)], true), [
      "core 7 is held at 1.50 GHz of its 2.00 GHz",
    ]);
  });
});

describe("ONNX Runtime's profile", () => {
  const event = (name: string, ts: number, dur: number, op?: string): object =>
    op === undefined
      ? { cat: "Session", name, ts, dur, args: {} }
      : {
          cat: "Node",
          name: `${name}_kernel_time`,
          ts,
          dur,
          args: { op_name: op, output_type_shape: [{ float: [1, 4] }] },
        };

  it("tells operators of each run, those of bodies apart", () => {
    const events = [
      event("model_run", 0, 100),
      event("conv", 5, 20, "Conv"),
      event("if", 30, 60, "If"),
      event("inner", 35, 50, "Conv"),
      event("model_run", 200, 50),
      event("conv", 205, 40, "Conv"),
    ];
    const [first, second] = parseOrtProfile(JSON.stringify(events));
    assert.deepEqual(
      first?.operators.map(({ name, path, seconds }) => [name, path, Math.round(seconds * 1e6)]),
      [
        ["conv", [], 20],
        ["if", [], 10],
        ["inner", ["if"], 50],
      ],
    );
    assert.equal(second?.operators.length, 1);
    assert.deepEqual(second.operators[0]?.outputShapes, [[1, 4]]);
  });

  it("tells nodes by names that the runtime does not escape", () => {
    const names = ['a"b', "a\\b", "a\tb", "a\nb", '","args" : {', "\u{7}"];
    const lines = names.map(
      (name, index) =>
        `{"cat" : "Node","pid" :1,"tid" :1,"dur" :5,"ts" :${20 + 10 * index},"ph" : "X","name" :"${name}_kernel_time",` +
        '"args" : {"op_name" : "Relu","output_type_shape" : [{"float":[1,4]}]}},',
    );
    const session =
      '{"cat" : "Session","pid" :1,"tid" :1,"dur" :500,"ts" :10,"ph" : "X","name" :"model_run","args" : {}}';
    const [run] = parseOrtProfile(["[", ...lines, session, "]", ""].join("\n"));
    assert.deepEqual(
      run?.operators.map(({ name }) => name),
      names,
    );
  });

  it("refuses what is no profile", () => {
    assert.throws(() => parseOrtProfile("[{]"), /not JSON/);
    // As a full disk leaves it.
    assert.throws(() => parseOrtProfile('[\n{"cat" : "Session",'), /breaks off/);
    assert.throws(() => parseOrtProfile("{}"), /not a list/);
    assert.deepEqual(parseOrtProfile('[1, null, {"cat": 5}]'), []);
  });
});
