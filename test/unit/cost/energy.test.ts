import assert from "node:assert/strict";
import { energyOf, type Work } from "../../../profiler/cost/energy.ts";
import { latencyOf } from "../../../profiler/cost/latency.ts";
import type { HardwareProfile } from "../../../profiler/hardware/hardware.ts";

const IN_DRAM = { weightsOnChip: false, activationsOnChip: false };
const NOTHING: Work = { macs: 0, otherOps: 0, type: "float32", weightBytes: 0, activationBytes: 0 };

function close(actual: number | undefined, expected: number): void {
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= 1e-9 * Math.abs(expected),
    `${actual} is not ${expected}`,
  );
}

describe("Energy", () => {
  it("of 10⁹ float weights at 20 inferences a second is 12.8 W of DRAM, as in EIE", () => {
    const energy = energyOf({ ...NOTHING, weightBytes: 4e9 }, IN_DRAM);
    close((energy?.weights ?? 0) * 1e-12 * 20, 12.8);
  });

  it("of weights and activations on the chip is that of SRAM", () => {
    const work = { ...NOTHING, weightBytes: 400, activationBytes: 80 };
    const energy = energyOf(work, { weightsOnChip: true, activationsOnChip: true });
    assert.deepEqual(energy, { arithmetic: 0, weights: 500, activations: 100 });
    assert.equal(energyOf(work, IN_DRAM)?.activations, 20 * 640);
  });

  it("of a MAC is a product, a sum and three register accesses at its width", () => {
    const mac = (type: Work["type"]): number | undefined =>
      energyOf({ ...NOTHING, macs: 1, type }, IN_DRAM)?.arithmetic;
    close(mac("float32"), 3.7 + 0.9 + 3);
    close(mac("float16"), 1.1 + 0.4 + 1.5);
    close(mac("int8"), 0.2 + 0.03 + 0.75);
    close(mac("int32"), 3.1 + 0.1 + 3);
  });

  it("of widths between the table's is the next wider's, of wider ones several words'", () => {
    const add = (type: Work["type"]): number | undefined =>
      energyOf({ ...NOTHING, otherOps: 1, type }, IN_DRAM)?.arithmetic;
    close(add("int4"), 0.03);
    close(add("int16"), 0.1);
    close(add("bfloat16"), 0.4);
    close(add("float64"), 1.8);
    close(add("int64"), 0.2);
  });

  it("is unknown for arithmetic in a type without a width", () => {
    assert.equal(energyOf({ ...NOTHING, macs: 1, type: undefined }, IN_DRAM), null);
    assert.equal(energyOf({ ...NOTHING, otherOps: 1, type: "string" }, IN_DRAM), null);
    assert.deepEqual(energyOf({ ...NOTHING, type: "string" }, IN_DRAM), { arithmetic: 0, weights: 0, activations: 0 });
  });
});

describe("Latency", () => {
  const HARDWARE: HardwareProfile = {
    name: "test",
    description: "round numbers",
    peakMacsPerSecond: { float32: 100, float16: 200, int8: 400 },
    bandwidthBytesPerSecond: 10,
    onChipBytes: 0,
    secondsPerOperator: 0.5,
    sources: { peakMacsPerSecond: "-", bandwidthBytesPerSecond: "-", onChipBytes: "-", secondsPerOperator: "-" },
  };

  it("is bound by arithmetic or by traffic, whichever takes longer", () => {
    assert.equal(latencyOf({ ...NOTHING, macs: 400, weightBytes: 10, activationBytes: 20 }, "conv", 1, HARDWARE), 4.5);
    assert.equal(latencyOf({ ...NOTHING, macs: 100, weightBytes: 10, activationBytes: 20 }, "conv", 1, HARDWARE), 3.5);
  });

  it("uses the peak rate of the layer's type", () => {
    const seconds = (type: Work["type"]): number => latencyOf({ ...NOTHING, macs: 400, type }, "conv", 1, HARDWARE);
    assert.deepEqual(
      [seconds("float32"), seconds("bfloat16"), seconds("uint8"), seconds("int4")],
      [4.5, 2.5, 1.5, 1.5],
    );
  });

  it("pays the runtime's part at each run", () => {
    assert.equal(latencyOf(NOTHING, "conv", 8, HARDWARE), 4);
  });
});
