import assert from "node:assert/strict";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import type { WeightEncoding } from "../../../profiler/model/weight-encoding.ts";
import { describeLayer } from "../../../profiler/views/describe-layer.ts";
import { profileModel, type AnalysedModel } from "../../../profiler/profile-model.ts";
import { loadOnnxRuntime } from "../../../profiler/onnx-runtime.ts";
import {
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type ModelOptions,
  type OnnxNode,
  type OnnxTensor,
} from "../../builders/onnx-builder.ts";
import { noExternalData } from "../zoo/no-external-data.ts";

/** A convolution 8→8, 3×3 whose weight a file stores in some form and decodes itself: 576 elements. */
const SHAPE = [8, 8, 3, 3];
const ELEMENTS = 576;
const BIAS_BYTES = 32;

interface Form {
  readonly title: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  /** Without the bias. */
  readonly bytes: number;
  readonly encoding: WeightEncoding;
  readonly storedType: string;
}

const ints = (count: number, most: number): readonly number[] => Array.from({ length: count }, (_, i) => i % most);
const shapeOf = (name: string, shape: readonly number[]): OnnxTensor => tensor(name, "int64", [shape.length], shape);
const cast = (from: string, to: string, type = 1): OnnxNode => node("Cast", [from], [to], { to: type });
const scales = tensor(
  "scale",
  "float32",
  [8, 1, 1, 1],
  ints(8, 8).map((i) => (i + 1) / 64),
);

/** 10 of them to a word of 32 bits, three bits each. */
const WORDS = 58;

const FORMS: readonly Form[] = [
  {
    title: "int8 by Cast and Mul, a scale a channel",
    nodes: [cast("q", "f"), node("Mul", ["f", "scale"], ["w"])],
    initializers: [tensor("q", "int8", SHAPE, ints(ELEMENTS, 127)), scales],
    bytes: 576,
    encoding: { kind: "affine", granularity: "channel", axis: 0 },
    storedType: "int8",
  },
  {
    title: "uint4 by Cast, Sub of the zero point and Mul, one scale",
    nodes: [cast("q", "f"), node("Sub", ["f", "zero"], ["c"]), node("Mul", ["one", "c"], ["w"])],
    initializers: [
      tensor("q", "uint4", SHAPE, ints(ELEMENTS, 16)),
      tensor("zero", "float32", [1], [8]),
      tensor("one", "float32", [], [0.1]),
    ],
    bytes: 288,
    encoding: { kind: "affine", granularity: "tensor" },
    storedType: "uint4",
  },
  {
    title: "int4 in blocks of 8",
    nodes: [cast("q", "f"), node("Mul", ["f", "blocks"], ["s"]), node("Reshape", ["s", "shape"], ["w"])],
    initializers: [
      tensor("q", "int4", [8, 9, 8], ints(ELEMENTS, 7)),
      tensor("blocks", "float32", [8, 9, 1], ints(72, 5)),
      shapeOf("shape", SHAPE),
    ],
    bytes: 288,
    encoding: { kind: "affine", granularity: "block", axis: 0 },
    storedType: "int4",
  },
  {
    title: "int8 by DequantizeLinear, a scale a channel",
    nodes: [node("DequantizeLinear", ["q", "s", "z"], ["w"], { axis: 0 })],
    initializers: [
      tensor("q", "int8", SHAPE, ints(ELEMENTS, 127)),
      tensor("s", "float32", [8], ints(8, 8)),
      tensor("z", "int8", [8], ints(8, 1)),
    ],
    bytes: 576,
    encoding: { kind: "affine", granularity: "channel", axis: 0 },
    storedType: "int8",
  },
  {
    title: "float16 by Cast",
    nodes: [cast("h", "w")],
    initializers: [tensor("h", "float16", SHAPE, ints(ELEMENTS, 7))],
    bytes: 1152,
    encoding: { kind: "dense" },
    storedType: "float16",
  },
  {
    title: "a palette of 16",
    nodes: [cast("i", "i32", 6), node("Gather", ["book", "i32"], ["w"])],
    initializers: [tensor("i", "uint4", SHAPE, ints(ELEMENTS, 16)), tensor("book", "float32", [16], ints(16, 16))],
    bytes: 288 + 64,
    encoding: { kind: "palette", entries: 16 },
    storedType: "uint4",
  },
  {
    title: "a palette of 4 for each channel",
    nodes: [
      cast("i", "i64", 7),
      node("GatherElements", ["books", "i64"], ["flat"], { axis: 1 }),
      node("Reshape", ["flat", "shape"], ["w"]),
    ],
    initializers: [
      tensor("i", "uint4", [8, 72], ints(ELEMENTS, 4)),
      tensor("books", "float32", [8, 4], ints(32, 9)),
      shapeOf("shape", SHAPE),
    ],
    bytes: 288 + 128,
    encoding: { kind: "palette", entries: 4 },
    storedType: "uint2",
  },
  {
    title: "3 bits in words of 32, unpacked by shifts, looked up",
    nodes: [
      node("BitShift", ["words", "shifts"], ["shifted"], { direction: "RIGHT" }),
      node("BitwiseAnd", ["shifted", "mask"], ["masked"]),
      cast("masked", "wide", 7),
      node("Reshape", ["wide", "line"], ["codes"]),
      node("Slice", ["codes", "from", "to"], ["used"]),
      node("Gather", ["book", "used"], ["flat"]),
      node("Reshape", ["flat", "shape"], ["w"]),
    ],
    initializers: [
      tensor("words", "uint32", [WORDS, 1], ints(WORDS, 50)),
      tensor("shifts", "uint32", [1, 10], [0, 3, 6, 9, 12, 15, 18, 21, 24, 27]),
      tensor("mask", "uint32", [1], [7]),
      shapeOf("line", [580]),
      shapeOf("from", [0]),
      shapeOf("to", [ELEMENTS]),
      tensor("book", "float32", [8], ints(8, 8)),
      shapeOf("shape", SHAPE),
    ],
    bytes: WORDS * 4 + 40 + 32,
    encoding: { kind: "palette", entries: 8 },
    storedType: "uint4",
  },
  {
    title: "one in eight, at gaps of a byte, of a palette of 16",
    nodes: [
      cast("gaps", "g", 7),
      node("CumSum", ["g", "axis"], ["sums"]),
      node("Sub", ["sums", "first"], ["places"]),
      cast("i", "i32", 6),
      node("Gather", ["book", "i32"], ["values"]),
      node("ConstantOfShape", ["line"], ["zeros"]),
      node("ScatterElements", ["zeros", "places", "values"], ["flat"], { reduction: "add" }),
      node("Reshape", ["flat", "shape"], ["w"]),
    ],
    initializers: [
      tensor(
        "gaps",
        "uint8",
        [72],
        ints(72, 1).map(() => 8),
      ),
      tensor("axis", "int64", [], [0]),
      tensor("first", "int64", [1], [1]),
      tensor("i", "uint4", [72], ints(72, 16)),
      tensor("book", "float32", [16], ints(16, 16)),
      shapeOf("line", [ELEMENTS]),
      shapeOf("shape", SHAPE),
    ],
    bytes: 72 + 36 + 64,
    encoding: { kind: "sparse", values: { kind: "palette", entries: 16 } },
    storedType: "uint4",
  },
];

function modelOf({ nodes, initializers }: Pick<Form, "nodes" | "initializers">): Uint8Array {
  const conv = node("Conv", ["x", "w", "b"], ["y"], { pads: [1, 1, 1, 1] }, { name: "conv" });
  const options: ModelOptions = {
    graph: graph([...nodes, conv], {
      inputs: [value("x", "float32", [1, 8, 6, 6])],
      outputs: [value("y", "float32", [1, 8, 6, 6])],
      initializers: [...initializers, tensor("b", "float32", [8])],
    }),
    opset: 21,
    irVersion: 10,
  };
  return onnxModel(options);
}

async function profiled(bytes: Uint8Array) {
  let analysed: AnalysedModel | undefined;
  const profile = await profileModel(new MemorySource("model.onnx", bytes), noExternalData, {
    onAnalysed: (found) => (analysed = found),
  });
  assert.ok(analysed);
  const conv = profile.layers.find(({ name }) => name === "conv");
  assert.ok(conv);
  return { profile, conv, details: describeLayer(analysed, conv.index) };
}

describe("Weights that an ONNX file decodes itself", () => {
  const dense = modelOf({ nodes: [], initializers: [tensor("w", "float32", SHAPE, ints(ELEMENTS, 7))] });

  for (const form of FORMS) {
    it(`count as what is stored and are computed with in float: ${form.title}`, async () => {
      const { profile, conv, details } = await profiled(modelOf(form));
      assert.deepEqual([conv.parameters, conv.weightBytes], [ELEMENTS + 8, form.bytes + BIAS_BYTES]);
      assert.equal(details.computedIn, "float32");
      const { encoding, storedType, storedBytes } = details.inputs[1]?.constant ?? {};
      assert.deepEqual([encoding, storedType, storedBytes], [form.encoding, form.storedType, form.bytes]);
      const float = await profiled(dense);
      assert.equal(conv.energy?.arithmetic, float.conv.energy?.arithmetic);
      assert.ok(profile.layers.every(({ role, name }) => (role === "compute") === (name === "conv")));
    });

    it(`runs as it was made: ${form.title}`, async () => {
      const { InferenceSession, Tensor } = await loadOnnxRuntime();
      const session = await InferenceSession.create(modelOf(form), {
        executionProviders: ["cpu"],
        logSeverityLevel: 4,
      });
      const { y } = await session.run({ x: new Tensor("float32", new Float32Array(288).fill(1), [1, 8, 6, 6]) });
      await session.release();
      assert.deepEqual(y?.dims, [1, 8, 6, 6]);
    });
  }

  it("are shared where two layers decode the same bytes", async () => {
    const nodes = [
      node("DequantizeLinear", ["q", "s", "z"], ["w1"]),
      node("DequantizeLinear", ["q", "s", "z"], ["w2"]),
      node("MatMul", ["x", "w1"], ["h"], {}, { name: "conv" }),
      node("MatMul", ["h", "w2"], ["y"], {}, { name: "again" }),
    ];
    const { profile, conv } = await profiled(
      onnxModel({
        graph: graph(nodes, {
          inputs: [value("x", "float32", [2, 16])],
          outputs: [value("y", "float32", [2, 16])],
          initializers: [
            tensor("q", "int8", [16, 16], ints(256, 100)),
            tensor("s", "float32", [], [0.1]),
            tensor("z", "int8", [], [0]),
          ],
        }),
      }),
    );
    assert.deepEqual([conv.parameters, conv.weightBytes], [256, 256]);
    assert.deepEqual([profile.totals.parameters, profile.totals.weightBytes], [256, 256]);
  });

  it("are numbers of their own where a table is no palette: rows, or elements that the indices outweigh", async () => {
    for (const [table, axes] of [
      [[16], SHAPE],
      [
        [16, 3],
        [8, 8, 3],
      ],
    ] as const) {
      const { conv } = await profiled(
        modelOf({
          nodes: [node("Gather", ["book", "i"], ["g"]), node("Reshape", ["g", "shape"], ["w"])],
          initializers: [
            tensor(
              "i",
              "int64",
              axes,
              ints(
                axes.reduce((a, b) => a * b),
                16,
              ),
            ),
            tensor(
              "book",
              "float32",
              table,
              ints(
                table.reduce((a: number, b) => a * b, 1),
                9,
              ),
            ),
            shapeOf("shape", SHAPE),
          ],
        }),
      );
      assert.equal(conv.weightBytes, 4 * ELEMENTS + BIAS_BYTES);
    }
  });
});
