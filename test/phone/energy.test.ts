import assert from "node:assert/strict";
import { join } from "node:path";
import { AndroidTarget } from "../../profiler/device/adb/android-target.ts";
import { isMeasured } from "../../profiler/device/run-result.ts";
import { measuredModel } from "./measured-model.ts";
import { useAdb } from "./use-adb.ts";

const SAMPLE = join(import.meta.dirname, "../../media/samples/digits_vgg_bn.onnx");
const OPTIONS = { measuresEnergy: true, runs: 3, threads: 1 };

describe("energy of a run on a phone", function () {
  this.timeout(60_000);
  const adb = useAdb();

  it("is what the power rails count above idle", async () => {
    const phone = await adb().phone({ answers: "android-14" });
    const target = new AndroidTarget(adb().server, {
      serial: phone.serial,
      energyTimes: { idleSeconds: 2, loopSeconds: 3 },
    });
    const { energy } = await target.run(await measuredModel(SAMPLE), OPTIONS);
    assert.ok(isMeasured(energy), JSON.stringify(energy));
    assert.deepEqual(
      energy.rails.map(({ name, subsystem }) => [name, subsystem]),
      [
        ["S2M_VDD_CPUCL2", "CPU(BIG)"],
        ["S3M_VDD_CPUCL1", "CPU(MID)"],
        ["S1M_VDD_MIF", "DDR"],
      ],
    );
    const [big] = energy.rails;
    // The script counts half a watt, and 2 W more for a core that the runner keeps busy; other work may take the core away for a while.
    assert.ok(big !== undefined && big.idleWatts > 0.3 && big.idleWatts < 0.7, JSON.stringify(big));
    assert.ok(big.loadedWatts > big.idleWatts + 0.2 && big.loadedWatts < 3.2, JSON.stringify(big));
    const watts = energy.joulesPerInference * (energy.inferences / energy.seconds);
    assert.ok(watts > 0.2 && watts < 3, `${watts} W`);
    await adb().stop(phone);
  });

  it("is not made up on a phone without rails", async () => {
    const phone = await adb().phone({ answers: "android-13" });
    const { energy } = await new AndroidTarget(adb().server, { serial: phone.serial }).run(
      await measuredModel(SAMPLE),
      OPTIONS,
    );
    assert.ok(!isMeasured(energy));
    assert.match(energy.reason, /not measurable while plugged in/);
    await adb().stop(phone);
  });
});
