import assert from "node:assert/strict";

import { profileModel } from "../../../profiler/profile-model.ts";
import type { LayerProfile, Profile } from "../../../profiler/profile.ts";
import { countNetwork, countStep } from "../../zoo/count.ts";
import type { Network } from "../../zoo/network.ts";
import { ZOO } from "../../zoo/networks/index.ts";
import { HollowSource } from "../../zoo/file-segments.ts";
import { printedValue, tolerance, type Figure } from "../../zoo/published.ts";
import { toOnnx } from "../../zoo/to-onnx.ts";
import { converted, toTflite } from "../../zoo/to-tflite.ts";
import { noExternalData } from "./no-external-data.ts";

/** A profile may read the graph and small constants (ResNet-152 has 620 vectors of normalisation), never the weights. */
const READ_AT_MOST = 4 * 2 ** 20;

for (const { title, source, build, figures, released } of ZOO) {
  describe(`zoo: ${title} (${source})`, () => {
    let network: Network;
    let onnx: Profile;
    let tflite: Profile;
    let bytesRead: number;

    before(async () => {
      network = build();
      const onnxSource = new HollowSource(`${network.name}.onnx`, toOnnx(network).model);
      const tfliteSource = new HollowSource(`${network.name}.tflite`, toTflite(network));
      onnx = await profileModel(onnxSource, noExternalData);
      tflite = await profileModel(tfliteSource, noExternalData);
      bytesRead = Math.max(onnxSource.bytesRead, tfliteSource.bytesRead);
    });

    for (const figure of figures) {
      it(describeFigure(figure), () => {
        const found = measured(onnx, figure);
        const message = `${found} is not the printed ${figure.printed} million ± ${tolerance(figure)}`;
        assert.ok(Math.abs(found - printedValue(figure)) < tolerance(figure), message);
      });
    }

    if (released !== undefined) {
      it(`${released.parameters} parameters to the last one (${released.by})`, () => {
        assert.equal(onnx.totals.parameters, released.parameters);
      });
    }

    it("costs layer by layer what the network's own arithmetic says", () => {
      for (const step of network.steps) {
        const rows = onnx.layers.filter(({ name }) => name.startsWith(`${step.name}/`));
        const sum = { macs: sumOf(rows, "macs"), parameters: sumOf(rows, "parameters") };
        assert.deepEqual(sum, countStep(step), step.name);
      }
      assert.deepEqual({ macs: onnx.totals.macs, parameters: onnx.totals.parameters }, countNetwork(network));
    });

    it("costs the same as TFLite, batch normalisation folded", () => {
      const folded = converted(network);
      assert.equal(tflite.totals.macs, onnx.totals.macs);
      // TFLite spells layer normalisation out, with an epsilon of its own each.
      const epsilons = folded.steps.filter(({ kind }) => kind === "layerNorm").length;
      assert.equal(tflite.totals.parameters, countNetwork(folded).parameters + epsilons);
    });

    it("leaves nothing unknown, and no weight read", () => {
      for (const profile of [onnx, tflite]) {
        assert.equal(profile.totals.unknownRows, 0);
        assert.deepEqual(profile.warnings, []);
      }
      assert.ok(bytesRead < READ_AT_MOST, `${bytesRead} bytes read`);
    });
  });
}

function describeFigure({ of, printed, percent, part, without, note }: Figure): string {
  const where = part === undefined ? "" : ` in ${part.source}`;
  const exactly = percent === undefined ? "" : ` ± ${percent} %`;
  const left = without === undefined ? "" : `, ${without} left out`;
  return `${printed}${exactly} million ${of}${where}${left}${note === undefined ? "" : ` (${note})`}`;
}

function measured(profile: Profile, { of, part, without }: Figure): number {
  const rows = profile.layers.filter((row) => part?.test(row.name) ?? true);
  const counted = without === "normalisation" ? rows.filter(({ op }) => op !== "BatchNormalization") : rows;
  if (of === "operations") return 2 * sumOf(counted, "macs") + sumOf(counted, "otherOps");
  return sumOf(counted, of) - (without === "biases" ? counted.reduce((sum, row) => sum + biases(row), 0) : 0);
}

/** A convolution with a bias has one for each channel of its output. */
function biases({ kind, inputs, outputs }: LayerProfile): number {
  const channels = outputs[0]?.shape?.[1];
  return kind === "conv" && inputs.length === 3 && typeof channels === "number" ? channels : 0;
}

function sumOf(rows: readonly LayerProfile[], what: "macs" | "parameters" | "otherOps"): number {
  return rows.reduce((sum, row) => {
    const value = row[what];
    assert.notEqual(value, null, `${row.name}: unknown ${what}`);
    return sum + (value ?? 0);
  }, 0);
}
