import assert from "node:assert/strict";
import { existsSync } from "node:fs";

import { FileSource } from "../../../../profiler/bytes/file-source.ts";
import { ExternalDataFolder } from "../../../../profiler/bytes/external-data-folder.ts";
import { DEFAULT_HARDWARE } from "../../../../profiler/hardware/hardware.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { analyseModel, costModel } from "../../../../profiler/profile-model.ts";
import { readModel } from "../../../../profiler/formats/formats.ts";
import { applyEdit } from "../../../../profiler/editing/apply.ts";
import { activationsOn } from "../../../../profiler/runtime/activation-source.ts";
import type { CalibrationSpec, InputSpec } from "../../../../profiler/calibration/spec.ts";
import { compareRuns } from "../../../../profiler/runtime/compare-runs.ts";
import { IS_THOROUGH } from "../../../effort.ts";
import { skip } from "../../../skip.ts";
import { edit } from "../edited-model.ts";

const DIGITS = "../shared/data/digits";

function images(file: string): Readonly<Record<string, InputSpec>> {
  return { "": { kind: "array", path: `${DIGITS}/${file}`, dataType: "uint8", scale: 1 / 255 } };
}

/** Weights are fitted on these, and accuracy is measured on those. */
const CALIBRATION: CalibrationSpec = { count: 96, inputs: images("digits_calibration_256x1x32x32_uint8.bin") };
const TEST: CalibrationSpec = {
  count: 270,
  inputs: images("digits_test_540x1x32x32_uint8.bin"),
  labels: { path: `${DIGITS}/digits.json`, key: "test_labels" },
};

/** How much of a network may go. The last of a network is the hardest, and what others show too. */
const CASES: readonly Case[] = [
  { name: "digits_vgg_bn", macs: 1 / 4, least: 0.995 },
  { name: "digits_vgg_bn", macs: 1 / 8, least: 0.99 },
  { name: "digits_vgg_bn", macs: 1 / 16, least: 0.98, importance: "l1" },
  { name: "digits_vgg_bn", macs: 1 / 16, least: 0.98, isLast: true },
  { name: "digits_resnet", macs: 1 / 2, least: 0.99 },
  { name: "digits_resnet", macs: 1 / 4, least: 0.98, isLast: true },
];

/** By what batch normalization says alone. Chosen by absolute weights and not corrected 20.0, 20.9 and 55.4 % stay right. */
const WITHOUT_SAMPLES: readonly (readonly [name: string, least: number])[] = [
  ["digits_resnet", 0.7],
  ["digits_inception", 0.95],
  ["digits_vgg_bn", 0.95],
];

interface Case {
  readonly name: string;
  /** Share of the network's multiply-accumulates that stays. */
  readonly macs: number;
  /** Share of right answers that must stay. */
  readonly least: number;
  readonly importance?: string;
  readonly isLast?: true;
}

describe("Approximations on the digits, without training", function () {
  this.timeout(300_000);

  before(function () {
    if (!existsSync(DIGITS)) skip(this, "needs the digits beside the repository");
  });

  for (const { name, macs, least, importance = "auto" } of IS_THOROUGH ? CASES : CASES.filter(({ isLast }) => isLast)) {
    it(`keeps ${100 * least} % of ${name} at ${macs} of its MACs, by ${importance}`, async () => {
      const model = await sample(name);
      const { after } = await applyEdit(model, edit("reduce-channels", "", { macs, importance }), {
        activationsOf: (one) => activationsOn(one, CALIBRATION),
      });
      assert.ok(macsOf(after) <= macs * macsOf(model));
      const accuracy = await accuracyOf(model, after);
      assert.ok(accuracy >= least, `${accuracy} of the test images`);
    });
  }

  it("keeps 99 % of digits_lenet with a quarter of its large layer, by low rank", async () => {
    const model = await sample("digits_lenet");
    const { after } = await applyEdit(model, edit("dense-low-rank", "/7/Gemm", { cost: 1 / 4 }), {
      activationsOf: (one) => activationsOn(one, CALIBRATION),
    });
    const accuracy = await accuracyOf(model, after);
    assert.ok(accuracy >= 0.99, `${accuracy} of the test images`);
  });

  it("loses all without the refit", async () => {
    const model = await sample("digits_vgg_bn");
    const options = { macs: 1 / 4, importance: "l1", refit: false };
    const { after } = await applyEdit(model, edit("reduce-channels", "", options));
    assert.ok((await accuracyOf(model, after)) < 0.2);
  });

  for (const [name, least] of WITHOUT_SAMPLES) {
    it(`keeps ${100 * least} % of ${name} at three quarters of its channels without samples`, async () => {
      const model = await sample(name);
      const { after } = await applyEdit(model, edit("reduce-channels", "", { ratio: 0.75 }));
      const accuracy = await accuracyOf(model, after);
      assert.ok(accuracy >= least, `${accuracy} of the test images`);
    });
  }
});

async function sample(name: string): Promise<Model> {
  const path = `media/samples/${name}.onnx`;
  return readModel(await FileSource.open(path), new ExternalDataFolder(path));
}

function macsOf(model: Model): number {
  return costModel(analyseModel(model, {}), DEFAULT_HARDWARE).totals.macs;
}

async function accuracyOf(model: Model, after: Model): Promise<number> {
  const { outputs } = await compareRuns(model, after, { calibration: TEST });
  return outputs[0]?.difference?.top1?.accuracy?.b ?? NaN;
}
