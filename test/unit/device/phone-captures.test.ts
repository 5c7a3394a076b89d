import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { energyOf } from "../../../profiler/device/adb/energy.ts";
import { parseDeviceList, selectorOf } from "../../../profiler/device/adb/listed-device.ts";
import { parseBattery } from "../../../profiler/device/adb/phone-facts/battery.ts";
import { parsePowerRails } from "../../../profiler/device/adb/phone-facts/power-rails.ts";
import { parseThermal } from "../../../profiler/device/adb/phone-facts/thermal.ts";
import { isMeasured } from "../../../profiler/device/run-result.ts";
import { skip } from "../../skip.ts";

const CASES = join(import.meta.dirname, "../../../../shared/cases/phone");

describe("captures of what real phones said", () => {
  const capture = (file: string): string => readFileSync(join(CASES, `${file}.txt`), "utf8");
  before(function () {
    if (!existsSync(CASES)) skip(this, "../shared/cases is not there");
  });

  it("a serial of mDNS with a blank in it is one serial", () => {
    const [phone, ...others] = parseDeviceList(capture("adb-devices-mdns-with-blank-defold-12723"));
    assert.ok(phone && others.length === 0);
    assert.equal(phone.state, "device");
    assert.deepEqual(selectorOf(phone), { serial: "adb-00000000-AbCdEf (2)._adb-tls-connect._tcp" });
  });

  it("a battery is plugged in by any of its chargers", () => {
    const battery = parseBattery(capture("battery-pixel6a-android16"));
    assert.deepEqual(battery, { level: 0.19, celsius: 35.7, isPluggedIn: true });
  });

  it("temperatures are those of now and of sensors that are there", () => {
    const pixel = parseThermal(capture("thermalservice-pixel6a-android16"));
    assert.equal(pixel.status, "none");
    assert.deepEqual(
      pixel.temperatures.map(({ sensor, celsius }) => [sensor, Math.round(celsius)]),
      [
        ["neutral_therm", 34],
        ["charger_skin_therm", 40],
        ["skin_therm1", 35],
      ],
    );
    const samsung = parseThermal(capture("thermalservice-samsung-a52-android12"));
    assert.deepEqual(
      samsung.temperatures.map(({ sensor }) => sensor),
      ["AP", "BAT", "LRB", "PA"],
    );
  });

  it("rails of the processor and the memory count, those of all else do not", () => {
    const rails = parsePowerRails(capture("rails-pixel-real-names"));
    assert.equal(rails.length, 15);
    const later = rails.map((rail) => ({ ...rail, joules: rail.joules + 1 }));
    const [idle, begun, ended] = [
      { seconds: 100, rails },
      { seconds: 100, rails },
      { seconds: 101, rails: later },
    ];
    const energy = energyOf([{ seconds: 0, rails }, idle], [begun, ended], 10);
    assert.ok(isMeasured(energy));
    assert.deepEqual(
      energy.rails.map(({ subsystem }) => subsystem),
      ["CPU(BIG)", "CPU(MID)", "CPU(LITTLE)", "INT", "MIF", "DDR", "DDR", "DDR", "DDR", "SLC"],
    );
  });
});
