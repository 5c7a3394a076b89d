import assert from "node:assert/strict";
import * as schema from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import type { TensorSpec } from "../../builders/tflite-builder.ts";
import { inferOperator, type OperatorCase } from "./analyse.ts";
import {
  recurrentProducts,
  convProducts,
  matmulProducts,
  valueOf,
} from "../../../profiler/layers/cost-rules-products.ts";

const tensor = (...shape: number[]): TensorSpec => ({ shape });
const weight = (...shape: number[]): TensorSpec => ({ shape, data: "zeros" });
const state = (...shape: number[]): TensorSpec => ({ shape, isVariable: true });
const { Padding } = schema;

/** MACs of one operator, from its geometry. */
async function macsOf(operator: OperatorCase): Promise<unknown> {
  const { operation } = await inferOperator(operator);
  switch (operation.kind) {
    case "conv":
      return valueOf(convProducts(operation.geometry));
    case "dense":
    case "matmul":
      return valueOf(matmulProducts(operation.geometry));
    case "recurrent":
      return valueOf(recurrentProducts(operation.geometry));
    default:
      return operation.kind;
  }
}

/** The 20 inputs of an LSTM with 3 cells over 2 inputs; gates and projection as asked. */
function lstmInputs(options: {
  readonly hasInputGate: boolean;
  readonly projection?: number;
}): (TensorSpec | undefined)[] {
  const output = options.projection ?? 3;
  const gate = (tensorOf: () => TensorSpec): (TensorSpec | undefined)[] => [
    options.hasInputGate ? tensorOf() : undefined,
    ...Array.from({ length: 3 }, tensorOf),
  ];
  return [
    tensor(4, 7, 2),
    ...gate(() => weight(3, 2)),
    ...gate(() => weight(3, output)),
    ...[undefined, undefined, undefined],
    ...gate(() => weight(3)),
    ...(options.projection === undefined ? [undefined] : [weight(options.projection, 3)]),
    undefined,
    state(4, output),
    state(4, 3),
  ];
}

describe("TFLite costs", () => {
  it("counts a convolution: 8 × 8 places, 16 outputs of 3 × 3 × 8 inputs", async () => {
    const options = new schema.Conv2DOptionsT(Padding.SAME, 2, 2);
    assert.equal(
      await macsOf({ op: "CONV_2D", inputs: [tensor(1, 15, 15, 8), weight(16, 3, 3, 8)], options }),
      8 * 8 * 16 * 3 * 3 * 8,
    );
  });

  it("counts a depthwise convolution: each output takes one input channel", async () => {
    const options = new schema.DepthwiseConv2DOptionsT(Padding.SAME, 1, 1, 2);
    assert.equal(
      await macsOf({ op: "DEPTHWISE_CONV_2D", inputs: [tensor(1, 5, 5, 8), weight(1, 3, 3, 16)], options }),
      5 * 5 * 16 * 9,
    );
  });

  it("counts a grouped convolution by the weights' own input channels", async () => {
    const options = new schema.Conv2DOptionsT(Padding.SAME, 1, 1);
    assert.equal(
      await macsOf({ op: "CONV_2D", inputs: [tensor(1, 5, 5, 8), weight(16, 3, 3, 2)], options }),
      5 * 5 * 16 * 9 * 2,
    );
  });

  it("counts a transposed convolution: each input element goes into every place of the window", async () => {
    const shape: TensorSpec = { type: "int32", shape: [4], data: [1, 10, 10, 4] };
    const options = new schema.TransposeConvOptionsT(Padding.SAME, 2, 2);
    assert.equal(
      await macsOf({ op: "TRANSPOSE_CONV", inputs: [shape, weight(4, 3, 3, 8), tensor(1, 5, 5, 8)], options }),
      5 * 5 * 8 * 9 * 4,
    );
  });

  it("counts a matrix product with a transposed operand", async () => {
    const options = new schema.BatchMatMulOptionsT(false, true);
    assert.equal(
      await macsOf({ op: "BATCH_MATMUL", inputs: [tensor(6, 3, 4), tensor(6, 5, 4)], options }),
      6 * 3 * 4 * 5,
    );
  });

  it("counts an LSTM's four gates at every step", async () => {
    const op = "UNIDIRECTIONAL_SEQUENCE_LSTM";
    assert.equal(await macsOf({ op, inputs: lstmInputs({ hasInputGate: true }) }), 4 * 7 * 4 * 3 * (2 + 3));
    assert.equal(await macsOf({ op, inputs: lstmInputs({ hasInputGate: false }) }), 4 * 7 * 3 * 3 * (2 + 3));
    const projected = await macsOf({ op, inputs: lstmInputs({ hasInputGate: true, projection: 5 }) });
    assert.equal(projected, 4 * 7 * (4 * 3 * (2 + 5) + 3 * 5));
  });

  it("gives an LSTM's output its layout, with the size of the projection", async () => {
    const { shapes } = await inferOperator({
      op: "UNIDIRECTIONAL_SEQUENCE_LSTM",
      inputs: lstmInputs({ hasInputGate: true, projection: 5 }),
    });
    assert.deepEqual(shapes, [[4, 7, 5]]);
  });

  it("counts an SVDF's filters over features and over time", async () => {
    const inputs = [tensor(1, 40), weight(32, 40), weight(32, 8), undefined, state(1, 256)];
    assert.equal(await macsOf({ op: "SVDF", inputs, options: new schema.SVDFOptionsT(2) }), 32 * 40 + 32 * 8);
  });

  it("knows a fused activation", async () => {
    const options = new schema.Conv2DOptionsT(Padding.SAME, 1, 1, schema.ActivationFunctionType.RELU6);
    const { operation } = await inferOperator({
      op: "CONV_2D",
      inputs: [tensor(1, 5, 5, 8), weight(4, 1, 1, 8)],
      options,
    });
    assert.equal(operation.kind === "conv" && operation.geometry.activation, "relu6");
  });
});
