import assert from "node:assert/strict";
import { OptionError } from "../../../profiler/errors.ts";
import { computeType, parseHardwareProfile } from "../../../profiler/hardware/hardware-profile.ts";
import { DEFAULT_HARDWARE, findHardware, HARDWARE_PROFILES } from "../../../profiler/hardware/hardware.ts";

function refused(change: Readonly<Record<string, unknown>>, message: RegExp): void {
  assert.throws(
    () => parseHardwareProfile({ ...DEFAULT_HARDWARE, name: "mine", ...change }, "settings"),
    (error) => error instanceof OptionError && message.test(error.message),
  );
}

describe("Hardware profiles", () => {
  it("built in pass the check that settings pass, and have names of their own", () => {
    for (const profile of HARDWARE_PROFILES) {
      assert.deepEqual(parseHardwareProfile(JSON.parse(JSON.stringify(profile)), "built in"), profile);
    }
    assert.equal(new Set(HARDWARE_PROFILES.map(({ name }) => name)).size, HARDWARE_PROFILES.length);
  });

  it("compute what their sources say", () => {
    assert.equal(findHardware("flagship-phone").peakMacsPerSecond.float32, (4 * 33 + 3 * 2 * 32) * 1e8 * 4);
    assert.equal(findHardware("midrange-phone").peakMacsPerSecond.float32, 2 * 2 * 4 * 22e8);
    assert.equal(findHardware("eie-45nm").peakMacsPerSecond.int8, 64 * 8e8);
  });

  it("of the user hide built-in ones of the same name", () => {
    const mine = { ...DEFAULT_HARDWARE, description: "mine" };
    assert.equal(findHardware(DEFAULT_HARDWARE.name, [mine]).description, "mine");
  });

  it("that nobody knows are refused with those that are known", () => {
    assert.throws(
      () => findHardware("abacus"),
      /unknown hardware profile "abacus"; known are flagship-phone, midrange-phone, eie-45nm/,
    );
  });

  it("are refused field by field, saying what is expected", () => {
    refused(
      { bandwidthBytesPerSecond: undefined },
      /^hardware profile mine: bandwidthBytesPerSecond must be a number above 0, but it is missing$/,
    );
    refused({ onChipBytes: -1 }, /onChipBytes must be a number of at least 0, but it is -1/);
    refused({ secondsPerOperator: "5 µs" }, /secondsPerOperator must be a number/);
    refused({ peakMacsPerSecond: { float32: 1, float16: 1 } }, /peakMacsPerSecond.int8 must be a number above 0/);
    refused({ sources: {} }, /sources.peakMacsPerSecond must be a text/);
    refused({ name: "a b" }, /^settings: name must be letters/);
    assert.throws(
      () => parseHardwareProfile([], "settings"),
      /^OptionError: settings must be an object, but it is \[\]$/,
    );
  });

  it("compute narrow floats in 16 bits, and what fits 8 bits as int8", () => {
    assert.deepEqual(
      (["float64", "int32", "bfloat16", "float8e4m3fn", "uint8", "int4", "bool"] as const).map(computeType),
      ["float32", "float32", "float16", "float16", "int8", "int8", "int8"],
    );
  });
});
