import assert from "node:assert/strict";
import {
  ActivationFunctionType,
  Conv2DOptionsT,
  DepthwiseConv2DOptionsT,
  FullyConnectedOptionsT,
  Padding,
  Pool2DOptionsT,
  SoftmaxOptionsT,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import type { Form, FormKind, FormOf } from "../../../profiler/neutral/forms.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import type { TensorSpec } from "../../builders/tflite-builder.ts";
import { readSpec, type OperatorCase } from "./analyse.ts";

const numbers = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);

/** The form of one operator. */
async function lifted({ op, inputs, options }: OperatorCase): Promise<Form> {
  const given = inputs.filter((tensor) => tensor !== undefined);
  const tensors: TensorSpec[] = [...given, { name: "out", shape: [1] }];
  const model = await readSpec({
    tensors,
    inputs: given.flatMap(({ data }, index) => (data === undefined ? [index] : [])),
    outputs: ["out"],
    operators: [
      {
        op,
        inputs: inputs.map((tensor) => (tensor === undefined ? -1 : given.indexOf(tensor))),
        outputs: ["out"],
        ...(options && { options }),
      },
    ],
  });
  const [layer] = liftModel(model).layers;
  assert.ok(layer);
  return layer.form;
}

async function liftedAs<K extends FormKind>(kind: K, operator: OperatorCase): Promise<FormOf<K>> {
  const form = await lifted(operator);
  assert.equal(form.kind, kind, "why" in form ? form.why : "");
  return form as FormOf<K>;
}

describe("Lifting TFLite operators", () => {
  it("keeps SAME padding as it is where it follows from sizes of a run", async () => {
    const options = { padding: Padding.SAME, strideW: 2, strideH: 2 };
    const input = { shape: [1, 1, 1, 2], signature: [1, -1, -1, 2] };
    const conv = await liftedAs("conv", {
      op: "CONV_2D",
      inputs: [input, { shape: [1, 3, 3, 2], data: numbers(18) }],
      options: Object.assign(new Conv2DOptionsT(), options),
    });
    const filter = { filterWidth: 3, filterHeight: 3 };
    const pool = await liftedAs("pool", {
      op: "MAX_POOL_2D",
      inputs: [input],
      options: Object.assign(new Pool2DOptionsT(), { ...options, ...filter }),
    });
    for (const { autoPad, padsBegin, padsEnd } of [conv, pool])
      assert.deepEqual([autoPad, padsBegin, padsEnd], ["same-upper", [], []]);
  });

  it("brings CONV_2D's weights into the canonical layout, and SAME padding into numbers", async () => {
    // 2 filters of 1×3 over 2 channels; a width of 6 at stride 2 is padded at its end alone.
    const form = await liftedAs("conv", {
      op: "CONV_2D",
      inputs: [{ shape: [1, 4, 6, 2] }, { shape: [2, 1, 3, 2], data: numbers(12) }, { shape: [2], data: [5, 6] }],
      options: Object.assign(new Conv2DOptionsT(), {
        padding: Padding.SAME,
        strideW: 2,
        strideH: 1,
        fusedActivationFunction: ActivationFunctionType.RELU6,
      }),
    });
    assert.deepEqual(form.weight.shape, [2, 2, 1, 3]);
    assert.deepEqual([...(await form.weight.read())], [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]);
    assert.deepEqual([...((await form.bias?.read()) ?? [])], [5, 6]);
    assert.deepEqual(
      [form.padsBegin, form.padsEnd],
      [
        [0, 0],
        [0, 1],
      ],
    );
    assert.deepEqual([form.strides, form.dilations, form.groups], [[1, 2], [1, 1], 1]);
    assert.deepEqual(form.activation, { fn: "relu6" });
  });

  it("tells the groups of a convolution by the channels of its weights", async () => {
    const inputs = [{ shape: [1, 2, 2, 6] }, { shape: [4, 1, 1, 3], data: numbers(12) }];
    const options = Object.assign(new Conv2DOptionsT(), { strideW: 1, strideH: 1 });
    assert.equal((await liftedAs("conv", { op: "CONV_2D", inputs, options })).groups, 2);
  });

  it("takes a depthwise convolution's filters apart by output channel", async () => {
    const form = await liftedAs("conv", {
      op: "DEPTHWISE_CONV_2D",
      inputs: [{ shape: [1, 4, 4, 2] }, { shape: [1, 1, 2, 4], data: numbers(8) }],
      options: Object.assign(new DepthwiseConv2DOptionsT(), {
        padding: Padding.VALID,
        strideW: 1,
        strideH: 1,
        depthMultiplier: 2,
      }),
    });
    assert.deepEqual([form.weight.shape, form.groups], [[4, 1, 1, 2], 2]);
    assert.deepEqual([...(await form.weight.read())], [0, 4, 1, 5, 2, 6, 3, 7]);
  });

  it("refuses what it cannot say, with the reason", async () => {
    const why = async (operator: OperatorCase): Promise<string> => (await liftedAs("opaque", operator)).why;
    const weights = { shape: [2, 12], data: numbers(24) };
    assert.match(await why({ op: "FULLY_CONNECTED", inputs: [{ shape: [1, 3, 4] }, weights] }), /flattens its input/);
    const tanh = Object.assign(new FullyConnectedOptionsT(), { fusedActivationFunction: ActivationFunctionType.TANH });
    assert.match(await why({ op: "FULLY_CONNECTED", inputs: [{ shape: [1, 12] }, weights], options: tanh }), /TANH/);
    const computed = [{ shape: [1, 12] }, { shape: [2, 12] }];
    assert.match(await why({ op: "FULLY_CONNECTED", inputs: computed }), /not constants/);
    const sharp = Object.assign(new SoftmaxOptionsT(), { beta: 2 });
    assert.match(await why({ op: "SOFTMAX", inputs: [{ shape: [1, 12] }], options: sharp }), /beta/);
    assert.match(await why({ op: { custom: "Mine" }, inputs: [{ shape: [1, 12] }] }), /not one of the layers/);
  });

  it("lifts pools, means, pads and cuts", async () => {
    const pool = await liftedAs("pool", {
      op: "MAX_POOL_2D",
      inputs: [{ shape: [1, 5, 5, 3] }],
      options: Object.assign(new Pool2DOptionsT(), { strideW: 2, strideH: 2, filterWidth: 3, filterHeight: 2 }),
    });
    assert.deepEqual(
      [pool.kernel, pool.padsBegin, pool.padsEnd],
      [
        [2, 3],
        [0, 1],
        [1, 1],
      ],
    );
    const axes = { type: "int32", shape: [2], data: [2, 1] } as const;
    const mean = await liftedAs("reduce-mean", { op: "MEAN", inputs: [{ shape: [1, 5, 5, 3] }, axes] });
    assert.deepEqual([mean.axes, mean.keepsAxes], [[1, 2], false]);
    const pads = { type: "int32", shape: [2, 2], data: [0, 1, 2, 3] } as const;
    const pad = await liftedAs("pad", { op: "PAD", inputs: [{ shape: [4, 4] }, pads] });
    assert.deepEqual([pad.begin, pad.end, pad.value], [[0, 2], [1, 3], 0]);
    const begin = { type: "int32", shape: [2], data: [0, 1] } as const;
    const size = { type: "int32", shape: [2], data: [4, 2] } as const;
    const slice = await liftedAs("slice", { op: "SLICE", inputs: [{ shape: [4, 4] }, begin, size] });
    assert.deepEqual([slice.axis, slice.begin, slice.end], [1, 1, 3]);
  });

  it("sees through DEQUANTIZE to float16 weights", async () => {
    const model = await readSpec({
      tensors: [
        { name: "in", shape: [1, 2] },
        { name: "half", type: "float16", shape: [2, 2], data: [1, 2, 3, 4] },
        { name: "weights", shape: [2, 2] },
        { name: "out", shape: [1, 2] },
      ],
      inputs: ["in"],
      outputs: ["out"],
      operators: [
        { op: "DEQUANTIZE", inputs: ["half"], outputs: ["weights"] },
        { op: "FULLY_CONNECTED", inputs: ["in", "weights", -1], outputs: ["out"] },
      ],
    });
    const [layer] = liftModel(model).layersOf("dense");
    assert.equal(layer?.form.weight.dataType, "float16");
    assert.deepEqual([...(await layer.form.weight.read())], [1, 2, 3, 4]);
  });

  it("reads quantized weights as the numbers that they stand for", async () => {
    const quantization = { scales: [0.5, 2], zeroPoints: [0, 0], axis: 0 };
    const form = await liftedAs("dense", {
      op: "FULLY_CONNECTED",
      inputs: [
        { type: "int8", shape: [1, 2], quantization: { scales: [1], zeroPoints: [0] } },
        { type: "int8", shape: [2, 2], data: [1, 2, 3, 4], quantization },
      ],
    });
    assert.deepEqual([...(await form.weight.read())], [0.5, 1, 6, 8]);
    assert.equal(form.weight.quantization?.granularity, "channel");
  });

  it("tells what makes constants of a few numbers from what only re-types stored ones", async () => {
    const dims = { shape: [2], type: "int32", data: [3, 4] } as const;
    const value = { shape: [], data: [0.5] };
    const filled = await liftedAs("constant", { op: "FILL", inputs: [dims, value] });
    assert.equal(filled.isSource, true);
    const turned = await liftedAs("constant", {
      op: "TRANSPOSE",
      inputs: [
        { shape: [2, 3], data: numbers(6) },
        { shape: [2], type: "int32", data: [1, 0] },
      ],
    });
    assert.equal(turned.isSource, false);
  });
});
