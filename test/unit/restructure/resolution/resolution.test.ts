import assert from "node:assert/strict";

import type { Model } from "../../../../profiler/model/model.ts";
import { applyEdit } from "../../../../profiler/editing/apply.ts";
import type { EditOptions } from "../../../../profiler/restructure/options.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import { REDUCE_RESOLUTION } from "../../../../profiler/restructure/restructurings/reduce-resolution.ts";
import { DOWNSAMPLE_EARLIER } from "../../../../profiler/restructure/restructurings/downsample-earlier.ts";
import { isRefusal, NotApplicableError, type Restructuring } from "../../../../profiler/restructure/restructuring.ts";
import {
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type AttributeValue,
  type OnnxNode,
} from "../../../builders/onnx-builder.ts";
import {
  assertSameOutputs,
  edit,
  edited,
  ops,
  readBytes,
  run,
  seededFeeds,
  weights,
  type Outputs,
} from "../edited-model.ts";

type Attributes = Readonly<Record<string, AttributeValue>>;

/** A 3×3 convolution of four channels that keeps the size of its maps, unless its attributes say otherwise. */
function conv(input: string, output: string, attributes: Attributes = {}): OnnxNode {
  return node(
    "Conv",
    [input, output === "c1" ? "first" : "w"],
    [output],
    { pads: [1, 1, 1, 1], ...attributes },
    { name: output },
  );
}

/** A graph that reads a map of the one around it. */
function reader(op: string): ReturnType<typeof graph> {
  return graph([node(op, ["c1"], [`${op}_y`])], { outputs: [`${op}_y`] });
}

const pooling = { kernel_shape: [2, 2], strides: [2, 2] };

function network(
  nodes: readonly OnnxNode[],
  size: number | string = 16,
  image: readonly (number | string)[] = ["n", 3, size, size],
): Promise<Model> {
  const initializers = [
    weights("first", [4, 3, 3, 3]),
    weights("w", [4, 4, 3, 3]),
    weights("fixed", [1, 4, 16, 16]),
    weights("channel", [4, 1, 1]),
    weights("dense", [4, 5]),
    weights("wide", [256, 5]),
    tensor("flat", "int64", [3], [0, 4, 64]),
    tensor("halves", "int64", [2], [8, 8]),
    tensor("eights", "int64", [4], [0, 4, 8, 8]),
    tensor("scales", "float32", [4], [1, 1, 2, 2]),
    tensor("doubled", "int64", [4], [1, 4, 16, 16]),
    tensor("zero", "int64", [1], [0]),
    tensor("yes", "bool", [], [1]),
    tensor("two", "int64", [1], [2]),
    tensor("four", "int64", [1], [4]),
  ];
  const inputs = [value("x", "float32", image)];
  return readBytes(
    onnxModel({ graph: graph(nodes, { inputs, outputs: [nodes.at(-1)?.output?.[0] ?? ""], initializers }) }),
  );
}

async function reduced(model: Model, restructuring: string, target = "", options: EditOptions = {}): Promise<Model> {
  const { written, bytes } = await edited(model, edit(restructuring, target, options));
  const outputs: Outputs = await run(bytes, seededFeeds(written));
  assert.ok(Object.values(outputs).every((values) => values.length > 0 && values.every(Number.isFinite)));
  return written;
}

function shapeOf(model: Model, name: string): string {
  return (
    liftModel(model)
      .tensors.find((tensor) => tensor.name === name)
      ?.shape?.join("×") ?? ""
  );
}

async function refusal(model: Promise<Model>, restructuring: Restructuring, target = ""): Promise<string> {
  let message = "";
  await assert.rejects(
    model.then((one) => applyEdit(one, edit(restructuring.id, target))),
    (error) => {
      message = error instanceof NotApplicableError ? error.message : "";
      return error instanceof NotApplicableError;
    },
  );
  return message;
}

describe("reduce-resolution", () => {
  const head = [
    node("GlobalAveragePool", ["c2"], ["g"]),
    node("Flatten", ["g"], ["f"]),
    node("Gemm", ["f", "dense"], ["y"]),
  ];

  it("makes maps smaller down to where they are pooled", async () => {
    const model = await network([conv("x", "c1", { strides: [2, 2] }), conv("c1", "c2"), ...head]);
    const after = await reduced(model, "reduce-resolution");
    assert.equal(shapeOf(after, "x"), "n×3×8×8");
    assert.equal(shapeOf(after, "c2"), "n×4×4×4");
    assert.equal(shapeOf(after, "y"), "n×5");
  });

  it("rounds to what the strides divide", async () => {
    const strided = { strides: [2, 2] };
    const model = await network([conv("x", "c1", strided), conv("c1", "c2", strided), ...head]);
    assert.equal(shapeOf(await reduced(model, "reduce-resolution", "", { ratio: 0.7 }), "x"), "n×3×12×12");
    const [finding] = REDUCE_RESOLUTION.find(liftModel(model));
    assert.ok(finding && !isRefusal(finding));
    assert.equal(finding.why, "inputs of 16×16 can be 8×8");
  });

  it("lets a window over the whole map cover the smaller one", async () => {
    const whole = node("AveragePool", ["c1"], ["p"], { kernel_shape: [16, 16], strides: [16, 16] });
    const model = await network([
      conv("x", "c1"),
      whole,
      node("Flatten", ["p"], ["f"]),
      node("Gemm", ["f", "dense"], ["y"]),
    ]);
    assert.equal(shapeOf(await reduced(model, "reduce-resolution"), "p"), "n×4×1×1");
  });

  it("lets a window over the whole map and its padding cover the smaller ones", async () => {
    const whole = node("AveragePool", ["c1"], ["p"], { kernel_shape: [17, 17], pads: [0, 0, 1, 1] });
    const after = await reduced(
      await network([conv("x", "c1"), whole, node("Relu", ["p"], ["y"])]),
      "reduce-resolution",
    );
    assert.equal(shapeOf(after, "c1"), "n×4×8×8");
    assert.equal(shapeOf(after, "p"), "n×4×1×1");
  });

  it("looks through local response normalization", async () => {
    const model = await network([conv("x", "c1"), node("LRN", ["c1"], ["y"], { size: 3 })]);
    assert.equal(shapeOf(await reduced(model, "reduce-resolution"), "y"), "n×4×8×8");
  });

  it("follows sizes that are worked out from those of the input", async () => {
    const nodes = [
      conv("x", "c1", { strides: [2, 2] }),
      node("Shape", ["x"], ["s"]),
      node("Shape", ["c1"], ["before"]),
      node("Slice", ["before", "zero", "two"], ["nc"]),
      node("Slice", ["s", "two", "four"], ["hw"]),
      node("Concat", ["nc", "hw"], ["sizes"], { axis: 0 }),
      node("Resize", ["c1", "", "", "sizes"], ["y"]),
    ];
    const model = await network(nodes);
    assert.equal(shapeOf(model, "y"), "n×4×16×16");
    assert.equal(shapeOf(await reduced(model, "reduce-resolution"), "y"), "n×4×8×8");
  });

  it("tells reshapes of the new sizes", async () => {
    const nodes = [
      conv("x", "c1", { strides: [2, 2] }),
      node("Reshape", ["c1", "flat"], ["r"]),
      node("Relu", ["r"], ["y"]),
    ];
    assert.equal(shapeOf(await reduced(await network(nodes), "reduce-resolution"), "y"), "n×4×16");
  });

  it("leaves maps that are resized as many times as large as they were", async () => {
    for (const inputs of [
      ["c1", "", "scales"],
      ["c1", "", "", "doubled"],
    ]) {
      const nodes = [
        conv("x", "c1", { strides: [2, 2] }),
        node("Resize", inputs, ["r"]),
        node("Concat", ["r", "x"], ["y"], { axis: 1 }),
      ];
      const after = await reduced(await network(nodes, 16, [1, 3, 16, 16]), "reduce-resolution");
      assert.equal(shapeOf(after, "r"), "1×4×8×8", inputs.join());
    }
  });

  it("sees the maps of an input whose channels come last, behind its transpose", async () => {
    const nodes = [
      node("Relu", ["x"], ["r"]),
      node("Transpose", ["r"], ["t"], { perm: [0, 3, 1, 2] }),
      conv("t", "c1", { strides: [2, 2] }),
      conv("c1", "c2"),
      ...head,
    ];
    const model = await network(nodes, 16, ["n", 16, 16, 3]);
    const after = await reduced(model, "reduce-resolution");
    assert.equal(shapeOf(after, "x"), "n×8×8×3");
    assert.equal(shapeOf(after, "c2"), "n×4×4×4");
  });

  for (const [what, nodes, message] of [
    ["a constant map", [conv("x", "c1"), node("Add", ["c1", "fixed"], ["y"])], /Add "y" fits only the original sizes/],
    [
      "a dense head",
      [conv("x", "c1", { strides: [2, 2] }), node("Flatten", ["c1"], ["f"]), node("Gemm", ["f", "wide"], ["y"])],
      /pooled head/,
    ],
    ["a split map", [conv("x", "c1"), node("Split", ["c1", "halves"], ["y", "z"], { axis: 2 })], /Split "y" fits only/],
    [
      "a resize to a size that is computed from maps of a size that is told",
      [
        conv("x", "c1", { strides: [2, 2] }),
        node("Reshape", ["c1", "eights"], ["r"]),
        node("Shape", ["r"], ["sizes"]),
        node("Resize", ["c1", "", "", "sizes"], ["y"]),
      ],
      /Resize "y" may resize/,
    ],
    [
      "maps that a graph inside of a layer reads",
      [
        conv("x", "c1"),
        node("If", ["yes"], ["y"], { then_branch: reader("Relu"), else_branch: reader("Neg") }),
        node("Relu", ["c1"], ["z"]),
      ],
      /a graph inside of another layer reads "c1"/,
    ],
    ["what is not understood", [conv("x", "c1"), node("Einsum", ["c1"], ["y"], { equation: "abcd->abdc" })], /Einsum/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      assert.match(await refusal(network(nodes), REDUCE_RESOLUTION), message);
    });
  }

  it("refuses inputs whose size the run decides, and a single layer", async () => {
    assert.match(
      await refusal(network([conv("x", "c1")], "size"), REDUCE_RESOLUTION),
      /the run decides on the size of "x"/,
    );
    assert.match(await refusal(network([conv("x", "c1")]), REDUCE_RESOLUTION, "c1"), /for the model as a whole/);
  });
});

describe("downsample-earlier", () => {
  it("moves a pool before the convolution that it stood behind", async () => {
    const nodes = [
      conv("x", "c1"),
      node("Relu", ["c1"], ["r"]),
      conv("r", "c2"),
      node("MaxPool", ["c2"], ["p"], pooling),
      node("Relu", ["p"], ["y"]),
    ];
    const model = await network(nodes);
    const after = await reduced(model, "downsample-earlier", "c2");
    assert.deepEqual(ops(after), ["Conv", "Relu", "MaxPool", "Conv", "Relu"]);
    assert.equal(shapeOf(after, "y"), shapeOf(model, "y"));
    assert.equal(shapeOf(after, "c2"), "n×4×8×8");
    const further = await reduced(model, "downsample-earlier", "c1");
    assert.deepEqual(ops(further), ["MaxPool", "Conv", "Relu", "Conv", "Relu"]);
  });

  it("is exact where the order makes no difference", async () => {
    // Of a 1×1 convolution with one positive weight for each channel, the largest output is that of the largest input.
    const single = node("Conv", ["x", "positive"], ["c"], { group: 3 }, { name: "c" });
    const inputs = [value("x", "float32", [1, 3, 8, 8])];
    const initializers = [tensor("positive", "float32", [3, 1, 1, 1], [0.5, 1, 2])];
    const bytes = onnxModel({
      graph: graph([single, node("MaxPool", ["c"], ["y"], pooling)], { inputs, outputs: ["y"], initializers }),
    });
    const model = await readBytes(bytes);
    const after = await edited(model, edit("downsample-earlier", "c"));
    assert.deepEqual(ops(after.written), ["MaxPool", "Conv"]);
    assertSameOutputs(await run(after.bytes, seededFeeds(model)), await run(bytes, seededFeeds(model)));
  });

  it("gives a convolution's stride to one before it", async () => {
    const model = await network([
      conv("x", "c1"),
      conv("c1", "c2"),
      conv("c2", "c3", { strides: [2, 2] }),
      node("Relu", ["c3"], ["y"]),
    ]);
    const after = await reduced(model, "downsample-earlier", "c2");
    assert.deepEqual(
      ["c1", "c2", "c3"].map((name) => shapeOf(after, name)),
      ["n×4×16×16", "n×4×8×8", "n×4×8×8"],
    );
  });

  it("moves every downsampling to the middle of the convolutions before it", async () => {
    const nodes = [
      conv("x", "c1"),
      conv("c1", "c2"),
      node("MaxPool", ["c2"], ["p1"], pooling),
      conv("p1", "c3"),
      node("AveragePool", ["c3"], ["y"], pooling),
    ];
    const model = await network(nodes);
    const after = await reduced(model, "downsample-earlier");
    assert.deepEqual(ops(after), ["Conv", "MaxPool", "Conv", "AveragePool", "Conv"]);
    assert.equal(shapeOf(after, "y"), shapeOf(model, "y"));
    const targets = DOWNSAMPLE_EARLIER.find(liftModel(model)).map(({ target }) => target);
    assert.deepEqual(targets, ["", "c1", "c2", "c3"]);
  });

  for (const [what, nodes, message] of [
    [
      "maps that others read too",
      [
        conv("x", "c1"),
        conv("c1", "c2"),
        node("MaxPool", ["c2"], ["p"], pooling),
        node("MaxPool", ["c2"], ["q"], pooling),
        node("Add", ["p", "q"], ["y"]),
      ],
      /no pool or stride follows it/,
    ],
    [
      "a layer that is none",
      [conv("x", "c1"), node("MaxPool", ["c1"], ["y"], pooling)],
      /MaxPool is not a convolution/,
    ],
    [
      "sums of maps",
      [conv("x", "c1"), node("Add", ["c1", "fixed"], ["a"]), node("MaxPool", ["a"], ["y"], pooling)],
      /no pool or stride follows it/,
    ],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const target = what === "a layer that is none" ? "y" : "c1";
      assert.match(await refusal(network(nodes), DOWNSAMPLE_EARLIER, target), message);
    });
  }
});
