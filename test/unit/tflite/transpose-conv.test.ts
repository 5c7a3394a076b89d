import assert from "node:assert/strict";

import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { applyEdit, predictEdit } from "../../../profiler/editing/apply.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import {
  Conv2DOptionsT,
  Padding,
  TransposeConvOptionsT,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { tfliteBytes } from "../../../profiler/formats/tflite/write.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { tfliteModel } from "../../builders/tflite-builder.ts";
import { randomInputs } from "./random-inputs.ts";

function wave(count: number, isZero: (index: number) => boolean = () => false): number[] {
  return Array.from({ length: count }, (_, index) => (isZero(index) ? 0 : Math.sin(3 * index + 1)));
}

const odd = (channel: number): boolean => channel % 2 === 1;

/** A convolution to four channels, a transposed one to six and a last one: every second channel of the first two is dead. */
function model(hasBias: boolean): Promise<Model> {
  const bytes = tfliteModel({
    tensors: [
      { name: "x", shape: [1, 4, 4, 2] },
      { name: "w", shape: [4, 1, 1, 2], data: wave(8, (index) => odd(Math.floor(index / 2))) },
      { name: "b", shape: [4], data: wave(4, odd) },
      { name: "c", shape: [1, 4, 4, 4] },
      { name: "size", type: "int32", shape: [4], data: [1, 8, 8, 6] },
      { name: "up", shape: [6, 2, 2, 4], data: wave(96, (index) => odd(Math.floor(index / 16))) },
      { name: "ub", shape: [6], data: wave(6, odd) },
      { name: "u", shape: [1, 8, 8, 6] },
      { name: "lw", shape: [3, 1, 1, 6], data: wave(18) },
      { name: "lb", shape: [3], data: wave(3) },
      { name: "y", shape: [1, 8, 8, 3] },
    ],
    operators: [
      {
        op: "CONV_2D",
        inputs: ["x", "w", "b"],
        outputs: ["c"],
        options: Object.assign(new Conv2DOptionsT(), { strideW: 1, strideH: 1, padding: Padding.SAME }),
      },
      {
        op: "TRANSPOSE_CONV",
        version: hasBias ? 3 : 1,
        inputs: ["size", "up", "c", ...(hasBias ? ["ub"] : [])],
        outputs: ["u"],
        options: Object.assign(new TransposeConvOptionsT(), { strideW: 2, strideH: 2, padding: Padding.SAME }),
      },
      {
        op: "CONV_2D",
        inputs: ["u", "lw", "lb"],
        outputs: ["y"],
        options: Object.assign(new Conv2DOptionsT(), { strideW: 1, strideH: 1, padding: Padding.SAME }),
      },
    ],
    inputs: ["x"],
    outputs: ["y"],
  });
  return readTflite(new MemorySource("up.tflite", bytes));
}

async function answers(of: Model): Promise<readonly number[]> {
  const session = await openSession(of);
  try {
    return [...((await session.run(randomInputs(session))).y?.data ?? [])];
  } finally {
    await session.close();
  }
}

describe("A transposed convolution of a TFLite model", () => {
  for (const hasBias of [true, false]) {
    for (const [target, op, shape] of [
      ["c", "TRANSPOSE_CONV", [6, 2, 2, 2]],
      ["u", "TRANSPOSE_CONV", [3, 2, 2, 4]],
    ] as const) {
      it(`answers as before without the dead channels of "${target}"${hasBias ? "" : ", without a bias"}`, async () => {
        const base = await model(hasBias);
        const edit = { restructuring: "reduce-channels", target, options: { ratio: 0.5 } };
        assert.ok(await predictEdit(base, edit));
        const { after } = await applyEdit(base, edit);
        const written = await readTflite(new MemorySource("written.tflite", await tfliteBytes(after)));
        const { nodes, tensors } = written.entries[0].graph;
        const node = nodes.find((one) => one.op === op);
        assert.deepEqual(tensors[node?.inputs[1] ?? -1]?.constant?.shape, shape);
        assert.equal(node?.version, hasBias ? 3 : 1);
        assert.equal(tensors[node.inputs[1] ?? -1]?.name, "up");
        const [before, now] = [await answers(base), await answers(written)];
        before.forEach((value, index) => assert.ok(Math.abs(value - (now[index] ?? NaN)) < 1e-5));
      }).timeout(20_000);
    }
  }
});
