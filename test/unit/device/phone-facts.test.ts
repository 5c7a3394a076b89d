import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseBattery } from "../../../profiler/device/adb/phone-facts/battery.ts";
import { bigCores, parseClocks, parseFrequencies } from "../../../profiler/device/adb/phone-facts/frequencies.ts";
import {
  parseAvailableMemory,
  parseFreeSpace,
  parseTotalMemory,
} from "../../../profiler/device/adb/phone-facts/memory-and-space.ts";
import { parsePowerRails } from "../../../profiler/device/adb/phone-facts/power-rails.ts";
import {
  androidVersion,
  instructionSets,
  parseProperties,
  phoneName,
  systemOnChip,
} from "../../../profiler/device/adb/phone-facts/properties.ts";
import { parseThermal } from "../../../profiler/device/adb/phone-facts/thermal.ts";
import { coresAndThreads } from "../../../profiler/device/adb/run-cores.ts";

const answer = (version: string, command: string): string =>
  readFileSync(join(import.meta.dirname, "../../phone/answers", version, `${command}.txt`), "utf8");

describe("what phones say of themselves", () => {
  const PHONES = [
    ["android-10", "Google Pixel 3", "Android 10 (API level 29)", "sdm845", "arm64-v8a"],
    ["android-11", "Xiaomi Redmi Note 8 Pro", "Android 11 (API level 30)", "mt6785", "arm64-v8a"],
    ["android-12", "Google Pixel 6", "Android 12 (API level 31)", "Google GS101", "arm64-v8a"],
    ["android-13", "Samsung SM-S901E", "Android 13 (API level 33)", "QTI SM8450", "arm64-v8a"],
    ["android-14", "Google Pixel 8", "Android 14 (API level 34)", "Google Tensor G3", "arm64-v8a"],
    [
      "android-15",
      "Google sdk_gphone64_x86_64 (emulator)",
      "Android VanillaIceCream (API level 35)",
      "AOSP ranchu",
      "x86_64",
    ],
  ] as const;
  for (const [version, name, system, soc, abi] of PHONES) {
    it(`names a phone of ${version}`, () => {
      const properties = parseProperties(answer(version, "getprop"));
      assert.equal(phoneName(properties), name);
      assert.equal(androidVersion(properties), system);
      assert.equal(systemOnChip(properties), soc);
      assert.equal(instructionSets(properties)[0], abi);
    });
  }

  it("names emulators as such, whichever of their marks they have", () => {
    const marks = [
      "[ro.kernel.qemu]: [1]",
      "[ro.boot.qemu]: [1]",
      "[ro.hardware]: [vbox86]",
      "[ro.hardware]: [cutf_cvd]",
      "[ro.build.characteristics]: [nosdcard,emulator]",
      "[ro.product.manufacturer]: [Genymobile]",
      "[ro.product.device]: [vsoc_x86_64]",
    ];
    for (const mark of marks)
      assert.match(
        phoneName(parseProperties(`[ro.product.model]: [Thing]\n${mark}`)) ?? "",
        /Thing \(emulator\)$/,
        mark,
      );
    for (const real of ["[ro.hardware]: [qcom]", "[ro.kernel.qemu]: [0]", "[ro.product.device]: [sdkfoo]"])
      assert.equal(phoneName(parseProperties(`[ro.product.model]: [Thing]\n${real}`)), "Thing");
  });

  it("reads properties of several lines", () => {
    const properties = parseProperties(answer("android-14", "getprop"));
    assert.equal(properties.get("persist.sys.boot.reason.history")?.split("\n").length, 3);
    assert.equal(properties.get("ro.board.platform"), "zuma");
  });

  const BATTERIES = [
    ["android-10", { level: 0.5, celsius: 25.1, isPluggedIn: false }],
    ["android-11", { level: 0.6, celsius: -1.5, isPluggedIn: true }],
    ["android-13", { level: 0.75, celsius: 35.7, isPluggedIn: true }],
    ["android-14", { level: 0.81, celsius: 28.7, isPluggedIn: true }],
    ["android-15", null],
  ] as const;
  for (const [version, expected] of BATTERIES) {
    it(`reads the battery of ${version}`, () => assert.deepEqual(parseBattery(answer(version, "battery")), expected));
  }

  it("reads temperatures of now, not those that were kept", () => {
    const { status, temperatures } = parseThermal(answer("android-14", "thermalservice"));
    assert.equal(status, "none");
    assert.deepEqual(temperatures[0], { sensor: "BIG", celsius: 38, isProcessor: true });
    // Neither the battery's voltage nor a sensor that is not there.
    assert.deepEqual(
      temperatures.map(({ sensor }) => sensor),
      ["BIG", "MID", "LITTLE", "G3D", "battery", "VIRTUAL-SKIN"],
    );
  });

  it("takes kept temperatures where there are no others", () => {
    assert.deepEqual(parseThermal(answer("android-10", "thermalservice")).temperatures, [
      { sensor: "skin", celsius: 28.2, isProcessor: false },
    ]);
    assert.deepEqual(parseThermal(answer("android-11", "thermalservice")).temperatures, []);
  });

  it("reads the thermal status", () => {
    assert.equal(parseThermal(answer("android-13", "thermalservice")).status, "moderate");
    assert.equal(parseThermal(answer("android-15", "thermalservice")).status, "severe");
    assert.equal(parseThermal("Can't find service: thermalservice").status, null);
  });

  it("reads free space by the title of its column", () => {
    assert.equal(parseFreeSpace(answer("android-10", "df")), 32518628 * 1024);
    assert.equal(parseFreeSpace(answer("android-11", "df")), 63596808 * 1024);
    const old =
      "Filesystem               Size     Used     Free   Blksize\n/data                   25.0G     9.5G    15.5G   4096\n";
    assert.equal(parseFreeSpace(old), 15.5 * 1024 ** 3);
    assert.equal(parseFreeSpace("df: /data: Permission denied"), null);
  });

  it("reads memory", () => {
    assert.equal(parseTotalMemory("MemTotal:        7836460 kB\nMemFree: 1 kB\n"), 7836460 * 1024);
    assert.equal(parseTotalMemory(""), null);
  });

  it("reads frequencies, and that there are none", () => {
    const cores = parseFrequencies(
      "cpu10 online=1 current=1704000 maximum=2914000 limit=2000000\ncpu0 online= current= maximum= limit=\ncpu1 online=0 current=0 maximum=x limit=1\n",
    );
    assert.deepEqual(cores, [
      { core: 0, isOnline: true, hertz: null, maximumHertz: null, limitHertz: null },
      { core: 1, isOnline: false, hertz: null, maximumHertz: null, limitHertz: 1000 },
      { core: 10, isOnline: true, hertz: 1704e6, maximumHertz: 2914e6, limitHertz: 2e9 },
    ]);
  });

  it("knows big cores by their frequencies", () => {
    const cores = (...kilohertz: readonly (number | string)[]): ReturnType<typeof parseFrequencies> =>
      parseFrequencies(
        kilohertz.map((maximum, core) => `cpu${core} online=1 current=1 maximum=${maximum} limit=1\n`).join(""),
      );
    assert.deepEqual(bigCores(cores(1704000, 1704000, 2367000, 2914000)), [2, 3]);
    assert.deepEqual(bigCores(cores(2914000, 1704000)), [0]);
    assert.deepEqual(bigCores(cores(2000000, 2000000)), []);
    assert.deepEqual(bigCores(cores("", "")), []);
  });

  it("takes no more threads than cores that a run may use", () => {
    const phone = { bigCores: [6, 7], cores: 8 };
    assert.deepEqual(coresAndThreads({}, phone), { cores: null, threads: 2 });
    assert.deepEqual(coresAndThreads({ cores: "big" }, phone), { cores: [6, 7], threads: 2 });
    assert.deepEqual(coresAndThreads({ cores: [0] }, phone), { cores: [0], threads: 1 });
    assert.deepEqual(coresAndThreads({ cores: [0], threads: 3 }, phone), { cores: [0], threads: 3 });
    assert.deepEqual(coresAndThreads({ cores: "big" }, { bigCores: [], cores: 8 }), { cores: null, threads: 4 });
    assert.deepEqual(coresAndThreads({}, { bigCores: [], cores: null }), { cores: null, threads: 4 });
  });

  it("reads clocks while a model runs", () => {
    const folder = "/sys/devices/system/cpu";
    const answer = `${folder}/cpu0/cpufreq/scaling_cur_freq:1704000\n${folder}/cpu10/cpufreq/scaling_max_freq:2000000\ngrep: ${folder}/cpu1/cpufreq/scaling_cur_freq: Permission denied\n`;
    assert.deepEqual(parseClocks(answer), [
      { core: 0, hertz: 1704e6, limitHertz: null },
      { core: 10, hertz: null, limitHertz: 2e9 },
    ]);
  });

  it("reads power rails of both generations", () => {
    assert.deepEqual(parsePowerRails(answer("android-10", "power-rails")), [
      { name: "S4M_VDD_CPUCL_BIG", subsystem: null, joules: 153.26521 },
      { name: "VDD_MEM", subsystem: null, joules: 53.265 },
    ]);
    assert.deepEqual(parsePowerRails(answer("android-12", "power-rails")), [
      { name: "S2M_VDD_CPUCL2", subsystem: "CPU(BIG)", joules: 153.26521 },
      { name: "S10M_VDD_TPU", subsystem: "TPU", joules: 1.26521 },
    ]);
    assert.deepEqual(parsePowerRails("Can't find service"), []);
  });

  it("makes nothing of what is none of these", () => {
    for (const hostile of ["", "\0\n[", "[a]: [", "]: [x]", "Temperature{mValue=1e999, mType=0}", "%".repeat(10_000)]) {
      assert.doesNotThrow(() => parseProperties(hostile));
      assert.equal(parseBattery(hostile), null);
      assert.deepEqual(parseThermal(hostile).temperatures, []);
      assert.equal(parseFreeSpace(hostile), null);
      assert.deepEqual(parseFrequencies(hostile), []);
      assert.deepEqual(parsePowerRails(hostile), []);
    }
  });
});

describe("Answers of a phone that no phone gives", () => {
  const battery = (line: string): ReturnType<typeof parseBattery> =>
    parseBattery(`Current Battery Service state:\n  ${line}\n  scale: 100\n`);

  it("temperatures, clocks and sizes that cannot be are unknown", () => {
    for (const tenths of ["-2147483648", "2147483647", "-500"])
      assert.equal(battery(`temperature: ${tenths}`)?.celsius, null, tenths);
    assert.equal(battery("temperature: 215")?.celsius, 21.5);
    assert.equal(battery("level: -5")?.level, null);
    const nines = "9".repeat(400);
    assert.equal(parseTotalMemory(`MemTotal: ${nines} kB`), null);
    assert.equal(parseAvailableMemory("MemAvailable: garbage kB"), null);
    assert.equal(parseFreeSpace(`Filesystem 1K-blocks Used Available Mounted on\n/dev/x 1 1 ${nines} /data`), null);
    assert.deepEqual(parseClocks(`/sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq:${nines}`), [
      { core: 1, hertz: null, limitHertz: null },
    ]);
    assert.deepEqual(parseFrequencies(`cpu${nines} online=1 current=1 maximum=1 limit=1`), []);
    assert.deepEqual(
      parseThermal("Cached temperatures:\n Temperature{mValue=-2.1E9, mType=0, mName=CPU0}").temperatures,
      [],
    );
  });

  it("a name is one line of text, whatever characters it has", () => {
    const properties = parseProperties(`[ro.product.model]: [Pix\u001b]0;el\nx\u202e${"8".repeat(1000)}]`);
    const name = phoneName(properties) ?? "";
    assert.ok(name.length <= 200 && !/\p{C}/u.test(name) && name.startsWith("Pix"), JSON.stringify(name));
  });

  it("very long ones are read in a time that grows with their length, not with its square", () => {
    const before = process.cpuUsage();
    const blank = " ".repeat(200_000);
    parseBattery(`Current Battery Service state:\n  a${blank}\n ${blank}x\n  b: c${blank}d\n`);
    parseThermal("\n".repeat(200_000));
    parseTotalMemory(`MemTotal:${blank}\n`.repeat(3));
    parseProperties(`[a]: [${blank}\n`.repeat(3));
    const { user, system } = process.cpuUsage(before);
    assert.ok((user + system) / 1e6 < 2, `it took ${(user + system) / 1e6} s of processor time`);
  });
});
