import assert from "node:assert/strict";
import {
  ActivationFunctionType,
  Conv2DOptionsT,
  Padding,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { tfliteBytes } from "../../../profiler/formats/tflite/write.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { analyseModel, costModel } from "../../../profiler/profile-model.ts";
import { applyEdit, predictEdit } from "../../../profiler/editing/apply.ts";
import type { Edit } from "../../../profiler/editing/edit.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { RESTRUCTURINGS, restructuringOf } from "../../../profiler/restructure/registry.ts";
import { isRefusal, NotApplicableError } from "../../../profiler/restructure/restructuring.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { tfliteModel, type OperatorSpec, type TensorSpec, type TfliteSpec } from "../../builders/tflite-builder.ts";
import { edit } from "../restructure/edited-model.ts";
import { readBytes } from "./analyse.ts";
import { randomInputs } from "./random-inputs.ts";
import { modelOfBytes } from "../../builders/read-model.ts";

const [MAP, INNER] = [8, 16];

/** Every other filter is zero, and its bias too: nothing is lost with it. */
const isSilent = (filter: number): boolean => filter % 2 === 1;

function convolution(name: string, inputs: number, outputs: number): readonly TensorSpec[] {
  const scales = Array.from({ length: outputs }, (_, filter) => 0.01 + 0.001 * filter);
  const zeroPoints = scales.map(() => 0);
  const taps = 9 * inputs;
  const data = Array.from({ length: outputs * taps }, (_, index) =>
    name === "first" && isSilent(Math.floor(index / taps)) ? 0 : ((index * 37) % 200) - 100,
  );
  const bias = scales.map((_, filter) => (name === "first" && isSilent(filter) ? 0 : 10 * filter));
  return [
    {
      name: `${name}/weight`,
      type: "int8",
      shape: [outputs, 3, 3, inputs],
      data,
      quantization: { scales, zeroPoints, axis: 0 },
    },
    {
      name: `${name}/bias`,
      type: "int32",
      shape: [outputs],
      data: bias,
      quantization: { scales: scales.map((scale) => scale * SCALE), zeroPoints, axis: 0 },
    },
  ];
}

const SCALE = 0.05;
const activation = { scales: [SCALE], zeroPoints: [0] };

function operator(name: string, from: string, to: string): OperatorSpec {
  return {
    op: "CONV_2D",
    version: 3,
    inputs: [from, `${name}/weight`, `${name}/bias`],
    outputs: [to],
    options: Object.assign(new Conv2DOptionsT(), {
      padding: Padding.SAME,
      strideW: 1,
      strideH: 1,
      fusedActivationFunction: ActivationFunctionType.RELU,
    }),
  };
}

/** Two convolutions in int8, with a scale for each filter. */
const SPEC: TfliteSpec = {
  tensors: [
    { name: "in", type: "int8", shape: [1, 6, 6, MAP], quantization: activation },
    ...convolution("first", MAP, INNER),
    { name: "middle", type: "int8", shape: [1, 6, 6, INNER], quantization: activation },
    ...convolution("second", INNER, MAP),
    { name: "out", type: "int8", shape: [1, 6, 6, MAP], quantization: { scales: [4 * SCALE], zeroPoints: [-3] } },
  ],
  inputs: ["in"],
  outputs: ["out"],
  operators: [operator("first", "in", "middle"), operator("second", "middle", "out")],
};

async function outputOf(bytes: Uint8Array): Promise<Float32Array> {
  const session = await openSession(await modelOfBytes("test.tflite", bytes));
  try {
    const [output] = Object.values(await session.run(randomInputs(session)));
    return Float32Array.from(output?.data ?? []);
  } finally {
    await session.close();
  }
}

function totals(model: Model): object {
  return costModel(analyseModel(model, {}), DEFAULT_HARDWARE).totals;
}

async function edited(one: Edit): Promise<Model> {
  const model = await readBytes(tfliteModel(SPEC));
  const predicted = await predictEdit(model, one);
  const { after } = await applyEdit(model, one);
  const written = await readBytes(await tfliteBytes(after));
  if (predicted && !restructuringOf(one.restructuring).choosesOrder)
    assert.deepEqual(totals(predicted), totals(written));
  return written;
}

describe("Edits of quantized layers", function () {
  this.timeout(30_000);

  it("are refused where something new would need a range", async () => {
    const model = await readBytes(tfliteModel(SPEC));
    const graph = liftModel(model);
    const needsRange = "it computes in int8, and nothing tells the range";
    const refused = RESTRUCTURINGS.filter((one) =>
      one.find(graph).some((finding) => isRefusal(finding) && finding.reason.includes(needsRange)),
    );
    assert.ok(refused.length >= 3, "every layer that becomes two has something new between them");
    for (const one of refused) {
      const findings = one.find(graph);
      assert.ok(findings.length === 2 && findings.every(isRefusal), one.id);
      await assert.rejects(applyEdit(model, edit(one.id, "middle")), NotApplicableError);
    }
  });

  it("requantize what is left of the weights, so that a channel without effect goes without a trace", async () => {
    const options = { keep: INNER / 2, importance: "l1", refit: false };
    const after = await edited(edit("reduce-channels", "middle", options));
    const [before, now] = [await outputOf(tfliteModel(SPEC)), await outputOf(await tfliteBytes(after))];
    assert.ok(new Set(before).size > 10, "the outputs vary");
    assert.ok(before.every((output, index) => Math.abs(output - (now[index] ?? NaN)) <= 4 * SCALE + 1e-6));
  });

  it("give the parts of a map the range of the whole", async () => {
    const after = await edited(edit("shrink-kernel", "middle"));
    const { nodes, tensors } = after.entries[0].graph;
    const concat = nodes.find(({ op }) => op === "CONCATENATION");
    assert.ok(concat);
    assert.deepEqual(
      [...concat.inputs, ...concat.outputs].map((id) => tensors[id]?.quantization?.scales),
      Array.from({ length: 3 }, () => [Math.fround(SCALE)]),
    );
    assert.equal((await outputOf(await tfliteBytes(after))).length, 36 * MAP);
  });

  it("group and shuffle in integers", async () => {
    const after = await edited(edit("group-and-shuffle", "middle"));
    assert.equal((await outputOf(await tfliteBytes(after))).length, 36 * MAP);
  });
});
