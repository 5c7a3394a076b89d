import assert from "node:assert/strict";

import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { missingRows } from "../../../profiler/columns.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { analyseModel, costModel } from "../../../profiler/profile-model.ts";
import type { Absence } from "../../../profiler/editing/absences.ts";
import { suggest } from "../../../profiler/editing/suggest.ts";
import type { Model } from "../../../profiler/model/model.ts";
import type { Profile } from "../../../profiler/profile.ts";
import { tfliteModel, type TensorSpec } from "../../builders/tflite-builder.ts";

/** As compilers for accelerators write it: one operator with its code and weights among the constants, and memory to work in. */
async function modelOf(custom: string): Promise<Model> {
  const tensors: TensorSpec[] = [
    { name: "x", type: "int8", shape: [1, 8] },
    { name: "commands", type: "uint8", shape: [64], data: new Array<number>(64).fill(1) },
    { name: "scratch", type: "uint8", shape: [5000] },
    { name: "y", type: "int8", shape: [1, 2] },
  ];
  const operators = [{ op: { custom }, inputs: ["x", "commands", "scratch"], outputs: ["y"] }];
  const bytes = tfliteModel({ tensors, operators, inputs: ["x"], outputs: ["y"] });
  return readTflite(new MemorySource("compiled.tflite", bytes));
}

async function profileOf(custom: string): Promise<Profile> {
  return costModel(analyseModel(await modelOf(custom), {}), DEFAULT_HARDWARE);
}

describe("A part of a model that was compiled for an accelerator", () => {
  for (const [op, what] of [
    ["DISPATCH_OP", /custom\.DISPATCH_OP is a part of the model that was compiled for an NPU/],
    ["ethos-u", /Arm Ethos-U NPU, by Vela/],
    ["edgetpu-custom-op", /Coral Edge TPU/],
  ] as const) {
    it(`${op} says what it is, and misses from every total`, async () => {
      const profile = await profileOf(op);
      assert.match(profile.warnings.map(({ message }) => message).join("\n"), what);
      for (const total of [
        "parameters",
        "macs",
        "otherOps",
        "weightBytes",
        "energyPicojoules",
        "latencySeconds",
      ] as const)
        assert.equal(missingRows(total, profile), 1, total);
    });
  }

  it("does not run here: no edit is suggested, and that is said", async () => {
    for (const op of ["DISPATCH_OP", "ethos-u", "Mystery"]) {
      let absences: readonly Absence[] = [];
      const found = await suggest(await modelOf(op), {
        hardware: DEFAULT_HARDWARE,
        onAbsences: (told) => (absences = told),
      });
      assert.deepEqual(found, []);
      assert.match(
        absences.map(({ reason }) => reason).join(),
        new RegExp(`the runtime knows no operator custom.${op}`),
      );
    }
  });

  it("works in memory that the arena holds while it runs", async () => {
    const { totals, peak } = await profileOf("ethos-u");
    assert.equal(totals.peakMemoryBytes, 8 + 5000 + 2);
    assert.ok(peak);
  });

  it("of a kind that nobody knows is missing too, though its constants are counted", async () => {
    const profile = await profileOf("Mystery");
    assert.match(profile.warnings.map(({ message }) => message).join("\n"), /No rule for custom\.Mystery/);
    assert.equal(profile.totals.parameters, 64);
    assert.equal(missingRows("macs", profile), 1);
  });
});
