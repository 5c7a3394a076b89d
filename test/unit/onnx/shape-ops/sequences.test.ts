import assert from "node:assert/strict";
import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import type { Dimension, Shape } from "../../../../profiler/model/shape.ts";
import type { InferredType } from "../../../../profiler/operators/inferred-type.ts";
import { profileModel } from "../../../../profiler/profile-model.ts";
import { graph, node, onnxModel, tensor, value } from "../../../builders/onnx-builder.ts";
import { noExternalData } from "../../zoo/no-external-data.ts";
import { inferredType, inferTypes, type CaseAttribute } from "./operator-case.ts";
import { size } from "../../../builders/size.ts";

const data = (...shape: Shape): InferredType => inferredType("float32", shape);
const list = (...elements: Dimension[]): InferredType => inferredType("int64", [elements.length], elements);
const scalar = (element: Dimension): InferredType => inferredType("int64", [], [element]);

function infer(
  op: string,
  inputs: readonly (InferredType | undefined)[],
  attributes: Readonly<Record<string, CaseAttribute>> = {},
): InferredType {
  const [output] = inferTypes({ op, attributes }, inputs);
  assert.ok(output);
  return output;
}

describe("ONNX operator rules: sequences", () => {
  it("are as long as they were split into", () => {
    const length = (...inputs: InferredType[]): readonly Dimension[] | undefined =>
      infer("SequenceLength", [infer("SplitToSequence", inputs, { axis: 1 })]).value;
    assert.deepEqual(length(data(2, 7)), [7]);
    assert.deepEqual(length(data(2, 7), scalar(3)), [3]);
    assert.deepEqual(length(data(2, 7), list(3, 4)), [2]);
    assert.deepEqual(length(data(2, size("n")), scalar(2)), [size("ceil(n/2)")]);
    assert.equal(length(data(2, 7), inferredType("int64", [size("parts")]))?.[0], size("parts"));
  });

  it("put together again are what they were split from", () => {
    for (const split of [undefined, scalar(3), list(3, 4), inferredType("int64", [size("parts")])]) {
      const parts = infer("SplitToSequence", [data(size("batch"), 7), split], { axis: 1 });
      assert.deepEqual(infer("ConcatFromSequence", [parts], { axis: 1 }).shape, [size("batch"), 7]);
    }
  });

  it("stacked have as many slices as there are tensors", () => {
    const rows = infer("SplitToSequence", [data(size("n"), 5)], { axis: 0, keepdims: 0 });
    assert.deepEqual(rows.shape, [5]);
    assert.deepEqual(infer("ConcatFromSequence", [rows], { axis: 0, new_axis: 1 }).shape, [size("n"), 5]);
    assert.deepEqual(infer("ConcatFromSequence", [rows], { axis: -1, new_axis: 1 }).shape, [5, size("n")]);
  });

  it("add up what was put into them one by one", () => {
    const built = infer("SequenceConstruct", [data(2, size("n")), data(3, size("n"))]);
    assert.deepEqual(built.shape, [size("?"), size("n")]);
    const longer = infer("SequenceInsert", [built, data(4, size("n"))]);
    assert.deepEqual(infer("ConcatFromSequence", [longer], { axis: 0 }).shape, [9, size("n")]);
    const begun = infer("SequenceInsert", [infer("SequenceEmpty", []), data(4, 2)]);
    assert.deepEqual(infer("SequenceAt", [begun, scalar(0)]).shape, [4, 2]);
    assert.deepEqual(infer("ConcatFromSequence", [begun], { axis: 0 }).shape, [4, 2]);
  });

  it("hand out tensors of the size that even parts have, however many there are", () => {
    const pairs = infer("SplitToSequence", [data(1, 4096, 8), scalar(2)], { axis: 1 });
    assert.deepEqual(infer("SequenceAt", [pairs, scalar(1)]).shape, [1, 2, 8]);
  });

  it("hand out each tensor as it is", () => {
    const parts = infer("SplitToSequence", [data(2, 7), list(3, 4)], { axis: 1 });
    assert.deepEqual(infer("SequenceAt", [parts, scalar(1)]).shape, [2, 4]);
    const chunks = infer("SplitToSequence", [data(2, 7), scalar(3)], { axis: 1 });
    assert.deepEqual(infer("SequenceAt", [chunks, scalar(-1)]).shape, [2, 1]);
    assert.deepEqual(infer("SequenceAt", [chunks, inferredType("int64", [])]).shape, [2, size("?")]);
    const unlike = infer("SequenceConstruct", [data(2), data(3, 4)]);
    assert.deepEqual(infer("SequenceAt", [unlike, scalar(1)]).shape, [3, 4]);
    const front = infer("SequenceInsert", [unlike, data(9), scalar(0)]);
    assert.deepEqual(infer("SequenceAt", [front, scalar(0)]).shape, [9]);
    const rest = infer("SequenceErase", [front, scalar(1)]);
    assert.deepEqual(infer("SequenceAt", [rest, scalar(1)]).shape, [3, 4]);
    assert.deepEqual(infer("SequenceLength", [rest]).value, [2]);
  });

  it("lose their last tensor when no position says which", () => {
    const rest = infer("SequenceErase", [infer("SplitToSequence", [data(7, 2), scalar(3)])]);
    assert.deepEqual(infer("ConcatFromSequence", [rest], { axis: 0 }).shape, [6, 2]);
  });

  it("name the size when something was taken out that nobody can tell", () => {
    const rest = infer("SequenceErase", [infer("SplitToSequence", [data(6, 2), scalar(3)]), inferredType("int64", [])]);
    const [along, across] = infer("ConcatFromSequence", [rest], { axis: 0 }).shape ?? [];
    assert.equal(typeof along, "object");
    assert.equal(across, 2);
    assert.deepEqual(infer("SequenceLength", [rest]).value, [1]);
  });

  it("take the memory of their tensors, so that a model with them is costed whole", async () => {
    const nodes = [
      node("SplitToSequence", ["x", "sizes"], ["parts"], { axis: 1 }),
      node("SequenceAt", ["parts", "second"], ["part"]),
      node("Relu", ["part"], ["y"]),
    ];
    const bytes = onnxModel({
      graph: graph(nodes, {
        inputs: [value("x", "float32", [2, 7])],
        outputs: ["y"],
        initializers: [tensor("sizes", "int64", [2], [3, 4]), tensor("second", "int64", [], [1])],
      }),
    });
    const { layers, totals } = await profileModel(new MemorySource("sequence.onnx", bytes), noExternalData);
    assert.deepEqual(
      layers.map(({ activationBytes }) => activationBytes),
      [4 * (14 + 14), 4 * (14 + 8), 4 * (8 + 8)],
    );
    assert.deepEqual([totals.unknownRows, totals.peakMemoryBytes], [0, 4 * (14 + 14)]);
  });
});
