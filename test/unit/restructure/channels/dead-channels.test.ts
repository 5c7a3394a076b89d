import assert from "node:assert/strict";

import { Random } from "../../../../profiler/numeric/random.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import { restructuringOf } from "../../../../profiler/restructure/registry.ts";
import { isRefusal } from "../../../../profiler/restructure/restructuring.ts";
import {
  float,
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type OnnxNode,
  type OnnxTensor,
} from "../../../builders/onnx-builder.ts";
import { assertSameOutputs, edit, edited, readBytes, run, seededFeeds, weights } from "../edited-model.ts";

/** Weights of which the given positions along an axis are zero: what they make is nothing, and nothing is missed without them. */
function dead(name: string, dims: readonly number[], axis: number, isDead: (position: number) => boolean): OnnxTensor {
  const count = dims.reduce((product, size) => product * size, 1);
  const inner = dims.slice(axis + 1).reduce((product, size) => product * size, 1);
  const numbers = new Random(Buffer.from(name).reduce((sum, byte) => 31 * sum + byte, 7)).normals(count);
  const zeroed = Array.from(numbers, (number, index) =>
    isDead(Math.floor(index / inner) % (dims[axis] ?? 1)) ? 0 : number,
  );
  return tensor(name, "float32", dims, zeroed);
}

const odd = (position: number): boolean => position % 2 === 1;

interface Case {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly dims?: readonly (number | string)[];
  readonly target?: string;
  readonly opset?: number;
}

function bytesOf({ nodes, initializers, dims = [1, 4, 6, 6], opset = 18 }: Case): Uint8Array {
  const outputs = [value(nodes.at(-1)?.output?.[0] ?? "", "float32")];
  return onnxModel({ graph: graph(nodes, { inputs: [value("x", "float32", dims)], outputs, initializers }), opset });
}

/** Takes half of the channels out, and holds the answers against those of before. */
async function assertUnchanged(each: Case, shrunk: Readonly<Record<string, readonly number[]>>): Promise<void> {
  const bytes = bytesOf(each);
  const base = await readBytes(bytes);
  const { bytes: after, written } = await edited(base, edit("reduce-channels", each.target ?? "p", { ratio: 0.5 }));
  const feeds = seededFeeds(base, 1, each.dims?.includes("n") ? { n: 2 } : {});
  assertSameOutputs(await run(after, feeds), await run(bytes, feeds), 1e-5);
  const { tensors } = written.entries[0].graph;
  for (const [name, shape] of Object.entries(shrunk))
    assert.deepEqual(tensors.find((one) => one.name === name)?.constant?.shape, shape, name);
}

/** A convolution of 4 to 8 channels, every second of them dead. */
const P = node("Conv", ["x", "pw", "pb"], ["p"], { pads: [1, 1, 1, 1] }, { name: "p" });
const PARTS = [dead("pw", [8, 4, 3, 3], 0, odd), dead("pb", [8], 0, odd)];
const last = (input: string, channels: number): readonly [OnnxNode, OnnxTensor] => [
  node("Conv", [input, "lw"], ["y"], {}, { name: "last" }),
  weights("lw", [3, channels, 1, 1]),
];

describe("reduce-channels: a network of dead channels answers as before", () => {
  it("through a transposed convolution, and up to it", async () => {
    const [end, w] = last("d", 6);
    const deconv = node("ConvTranspose", ["p", "dw"], ["d"], { strides: [2, 2] }, { name: "d" });
    await assertUnchanged(
      { nodes: [P, deconv, end], initializers: [...PARTS, weights("dw", [8, 6, 2, 2]), w] },
      { dw: [4, 6, 2, 2] },
    );
    const up = [dead("dw", [8, 6, 2, 2], 1, odd), w];
    await assertUnchanged(
      { nodes: [P, deconv, end], initializers: [...PARTS, ...up], target: "d" },
      { dw: [8, 3, 2, 2], lw: [3, 3, 1, 1] },
    );
  });

  it("through transposed convolutions in groups and depthwise", async () => {
    const [end, w] = last("d", 8);
    // Of two groups of four channels, the same two go from each.
    const grouped = node("ConvTranspose", ["p", "dw"], ["d"], { group: 2 }, { name: "d" });
    await assertUnchanged(
      { nodes: [P, grouped, end], initializers: [...PARTS, weights("dw", [8, 4, 2, 2]), w] },
      { dw: [4, 4, 2, 2] },
    );
    const own = node("ConvTranspose", ["p", "dw"], ["d"], { group: 8 }, { name: "d" });
    await assertUnchanged(
      { nodes: [P, own, end], initializers: [...PARTS, weights("dw", [8, 1, 2, 2]), w] },
      { dw: [4, 1, 2, 2], lw: [3, 4, 1, 1] },
    );
  });

  it("through a U-Net: pooled, raised again and joined with what was before", async () => {
    const [end, w] = last("j", 14);
    const nodes = [
      P,
      node("MaxPool", ["p"], ["m"], { kernel_shape: [2, 2], strides: [2, 2] }),
      node("Conv", ["m", "mw"], ["c"], { pads: [1, 1, 1, 1] }, { name: "c" }),
      node("ConvTranspose", ["c", "uw"], ["u"], { strides: [2, 2] }, { name: "u" }),
      node("Concat", ["u", "p"], ["j"], { axis: 1 }),
      end,
    ];
    const initializers = [...PARTS, weights("mw", [10, 8, 3, 3]), weights("uw", [10, 6, 2, 2]), w];
    await assertUnchanged({ nodes, initializers }, { mw: [10, 4, 3, 3], lw: [3, 10, 1, 1] });
  });

  it("through instance normalisation", async () => {
    const [end, w] = last("n", 8);
    const norm = node("InstanceNormalization", ["p", "s", "b"], ["n"], {}, { name: "n" });
    const initializers = [...PARTS, dead("s", [8], 0, odd), dead("b", [8], 0, odd), w];
    await assertUnchanged({ nodes: [P, norm, end], initializers }, { s: [4], b: [4], lw: [3, 4, 1, 1] });
  });

  for (const opset of [18, 21]) {
    it(`through group normalisation of operator set ${opset}, whose groups go whole`, async () => {
      const half = (position: number): boolean => position >= 4;
      const [end, w] = last("n", 8);
      const count = opset === 18 ? 4 : 8;
      const norm = node("GroupNormalization", ["p", "s", "b"], ["n"], { num_groups: 4 }, { name: "n" });
      const late = (position: number): boolean => position >= count / 2;
      const constants = [dead("s", [count], 0, late), dead("b", [count], 0, late)];
      const parts = [dead("pw", [8, 4, 3, 3], 0, half), dead("pb", [8], 0, half)];
      await assertUnchanged(
        { nodes: [P, norm, end], initializers: [...parts, ...constants, w], opset },
        { s: [count / 2], lw: [3, 4, 1, 1] },
      );
    });
  }

  it("through group normalisation as exporters write it: reshaped, normalised by instance, reshaped back", async () => {
    const half = (position: number): boolean => position >= 4;
    const [end, w] = last("n", 8);
    const nodes = [
      P,
      node("Reshape", ["p", "to groups"], ["g"]),
      node("InstanceNormalization", ["g", "one", "zero"], ["i"]),
      node("Reshape", ["i", "back"], ["r"]),
      node("Mul", ["r", "scale"], ["m"]),
      node("Add", ["m", "shift"], ["n"]),
      end,
    ];
    const initializers = [
      dead("pw", [8, 4, 3, 3], 0, half),
      dead("pb", [8], 0, half),
      tensor("to groups", "int64", [3], [0, 4, -1]),
      tensor("one", "float32", [4], [1, 1, 1, 1]),
      tensor("zero", "float32", [4], [0, 0, 0, 0]),
      tensor("back", "int64", [4], [1, 8, 6, 6]),
      dead("scale", [8, 1, 1], 0, half),
      dead("shift", [8, 1, 1], 0, half),
      w,
    ];
    await assertUnchanged({ nodes, initializers }, { one: [2], scale: [4, 1, 1], lw: [3, 4, 1, 1] });
  });

  for (const shape of ["stored", "computed"] as const) {
    it(`through squeeze and excitation whose gate is expanded to a ${shape} shape`, async () => {
      const [end, w] = last("m", 8);
      const nodes = [
        P,
        node("GlobalAveragePool", ["p"], ["a"]),
        node("Conv", ["a", "w1"], ["s1"], {}, { name: "s1" }),
        node("Relu", ["s1"], ["r1"]),
        node("Conv", ["r1", "w2"], ["s2"], {}, { name: "s2" }),
        node("Sigmoid", ["s2"], ["gate"]),
        ...(shape === "computed" ? [node("Shape", ["p"], ["sizes"])] : []),
        node("Expand", ["gate", "sizes"], ["wide"]),
        node("Mul", ["p", "wide"], ["m"]),
        end,
      ];
      const initializers = [...PARTS, weights("w1", [2, 8, 1, 1]), weights("w2", [8, 2, 1, 1]), w];
      const sizes = shape === "stored" ? [tensor("sizes", "int64", [4], [1, 8, 6, 6])] : [];
      const dims = shape === "stored" ? [1, 4, 6, 6] : ["n", 4, "h", 6];
      await assertUnchanged(
        { nodes, initializers: [...initializers, ...sizes], dims },
        { w1: [2, 4, 1, 1], w2: [4, 2, 1, 1] },
      );
    });
  }

  for (const mode of ["DCR", "CRD"] as const) {
    it(`through depth to space by ${mode}, and back`, async () => {
      const [end, w] = last("b", 8);
      const isDead = (position: number): boolean => (mode === "DCR" ? position % 2 === 1 : position >= 4);
      const nodes = [
        P,
        node("DepthToSpace", ["p"], ["d"], { blocksize: 2, mode }),
        node("SpaceToDepth", ["d"], ["b"], { blocksize: 2 }),
        end,
      ];
      const initializers = [dead("pw", [8, 4, 3, 3], 0, isDead), dead("pb", [8], 0, isDead), w];
      await assertUnchanged({ nodes, initializers }, { lw: [3, 4, 1, 1] });
    });
  }

  for (const [op, gates] of [
    ["LSTM", 4],
    ["GRU", 3],
    ["RNN", 1],
  ] as const) {
    it(`through the input of ${op}, in both directions`, async () => {
      const nodes = [
        node("MatMul", ["x", "ew"], ["p"], {}, { name: "p" }),
        node(op, ["p", "w", "r", "b"], ["y"], { hidden_size: 3, direction: "bidirectional", clip: float(0.75) }),
      ];
      const initializers = [
        dead("ew", [6, 8], 1, odd),
        weights("w", [2, 3 * gates, 8]),
        weights("r", [2, 3 * gates, 3]),
        weights("b", [2, 6 * gates]),
      ];
      await assertUnchanged({ nodes, initializers, dims: [5, 1, 6] }, { ew: [6, 4], w: [2, 3 * gates, 4] });
    });
  }

  /** Four heads of four numbers each, the second and the fourth of them dead. */
  const deadHead = (position: number): boolean => Math.floor((position % 16) / 4) % 2 === 1;
  const attention = (q: string, k: string, v: string): readonly OnnxNode[] => [
    node("Pow", ["four", "minus half"], ["half"]),
    node("MatMul", [q, k], ["scores"]),
    node("Mul", ["scores", "half"], ["scaled"]),
    node("Softmax", ["scaled"], ["shares"], { axis: -1 }),
    node("MatMul", ["shares", v], ["heads"]),
    node("Transpose", ["heads"], ["turned"], { perm: [0, 2, 1, 3] }),
    node("Reshape", ["turned", "rows"], ["joined"]),
    node("MatMul", ["joined", "ow"], ["y"], {}, { name: "out" }),
  ];
  const SETTINGS = [
    tensor("four", "float32", [], [4]),
    tensor("minus half", "float32", [], [-0.5]),
    tensor("rows", "int64", [3], [0, 0, 16]),
    weights("ow", [16, 12]),
  ];

  it("of heads of an attention: columns of query, key and value with the rows of the output", async () => {
    const heads = (name: string, perm: readonly number[]): readonly OnnxNode[] => [
      node("MatMul", ["x", `${name}w`], [`${name}m`], {}, { name }),
      node("Add", [`${name}b`, `${name}m`], [name]),
      node("Reshape", [name, "split"], [`${name}h`]),
      node("Transpose", [`${name}h`], [`${name}t`], { perm: [...perm] }),
    ];
    const nodes = [
      ...heads("q", [0, 2, 1, 3]),
      ...heads("k", [0, 2, 3, 1]),
      ...heads("v", [0, 2, 1, 3]),
      ...attention("qt", "kt", "vt"),
    ];
    const parts = ["q", "k", "v"].flatMap((name) => [
      dead(`${name}w`, [12, 16], 1, deadHead),
      dead(`${name}b`, [16], 0, deadHead),
    ]);
    const initializers = [...parts, tensor("split", "int64", [4], [0, 0, 4, 4]), ...SETTINGS];
    for (const dims of [
      [1, 5, 12],
      ["n", "t", 12],
    ])
      await assertUnchanged(
        { nodes, initializers, dims, target: "v" },
        { qw: [12, 8], kw: [12, 8], vw: [12, 8], ow: [8, 12] },
      );
  });

  for (const way of ["Gather", "Split"] as const) {
    it(`of heads of a query, key and value in one product, told apart by ${way}`, async () => {
      const parts =
        way === "Gather"
          ? ["q", "k", "v"].map((name, index) => node("Gather", ["turned qkv", `i${index}`], [name], { axis: 0 }))
          : [
              node("Split", ["turned qkv", "ones"], ["q1", "k1", "v1"], { axis: 0 }),
              ...["q", "k", "v"].map((name) => node("Squeeze", [`${name}1`, "first"], [name])),
            ];
      const nodes = [
        node("MatMul", ["x", "qkvw"], ["qkv"], {}, { name: "qkv" }),
        node("Reshape", ["qkv", "split"], ["parted"]),
        node("Transpose", ["parted"], ["turned qkv"], { perm: [2, 0, 3, 1, 4] }),
        ...parts,
        node("Transpose", ["k"], ["kt"], { perm: [0, 1, 3, 2] }),
        ...attention("q", "kt", "v"),
      ];
      const initializers = [
        dead("qkvw", [12, 48], 1, deadHead),
        tensor("split", "int64", [5], [0, 0, 3, 4, 4]),
        ...[0, 1, 2].map((index) => tensor(`i${index}`, "int64", [], [index])),
        tensor("ones", "int64", [3], [1, 1, 1]),
        tensor("first", "int64", [1], [0]),
        ...SETTINGS,
      ];
      for (const dims of [
        [1, 5, 12],
        ["n", 5, 12],
      ])
        await assertUnchanged({ nodes, initializers, dims, target: "qkv" }, { qkvw: [12, 24], ow: [8, 12] });
    });
  }

  it("of heads along one axis with those of other samples", async () => {
    const nodes = [
      node("MatMul", ["x", "qkvw"], ["qkv"], {}, { name: "qkv" }),
      node("Shape", ["qkv"], ["sizes"]),
      node("Gather", ["sizes", "first"], ["batch"]),
      node("Mul", ["batch", "heads of one"], ["heads of all"]),
      node("Concat", ["five", "heads of all", "size"], ["by head"], { axis: 0 }),
      node("Transpose", ["qkv"], ["steps first"], { perm: [1, 0, 2] }),
      node("Split", ["steps first", "parts"], ["q", "k", "v"], { axis: 2 }),
      ...["q", "k", "v"].flatMap((name) => [
        node("Reshape", [name, "by head"], [`${name} by head`]),
        node("Transpose", [`${name} by head`], [`${name} turned`], { perm: [1, 0, 2] }),
        node("Shape", [`${name} turned`], [`${name} sizes`]),
        node("Gather", [`${name} sizes`, "second"], [`${name} steps`]),
        node("Concat", ["batch", "heads of one", `${name} steps`, "size"], [`${name} by sample`], { axis: 0 }),
        node("Reshape", [`${name} turned`, `${name} by sample`], [`${name}s`]),
      ]),
      node("Transpose", ["ks"], ["kt"], { perm: [0, 1, 3, 2] }),
      ...attention("qs", "kt", "vs"),
    ];
    const initializers = [
      dead("qkvw", [12, 48], 1, deadHead),
      tensor("first", "int64", [1], [0]),
      tensor("second", "int64", [1], [1]),
      tensor("heads of one", "int64", [1], [4]),
      tensor("five", "int64", [1], [5]),
      tensor("size", "int64", [1], [4]),
      tensor("parts", "int64", [3], [16, 16, 16]),
      ...SETTINGS,
    ];
    const target = "qkv";
    await assertUnchanged({ nodes, initializers, dims: ["n", 5, 12], target }, { qkvw: [12, 24], ow: [8, 12] });
  });
});

describe("reduce-channels says what stands against it", () => {
  async function reasonFor(each: Case): Promise<string> {
    const graphOf = liftModel(await readBytes(bytesOf(each)));
    const found = restructuringOf("reduce-channels")
      .find(graphOf)
      .find(({ target }) => target === "p");
    assert.ok(found && isRefusal(found));
    return found.reason;
  }

  it("a normalisation over the channels themselves", async () => {
    const norm = node("LayerNormalization", ["p", "s", "b"], ["n"], { axis: 1 }, { name: "norm" });
    const [end, w] = last("n", 8);
    const constants = [weights("s", [8, 6, 6]), weights("b", [8, 6, 6])];
    assert.match(
      await reasonFor({ nodes: [P, norm, end], initializers: [...PARTS, ...constants, w] }),
      /"norm" normalises over them/,
    );
  });

  it("an operator that is not known, with what it is", async () => {
    const odd = node("Mystery", ["p"], ["y"], {}, { name: "odd", domain: "nobody" });
    assert.match(
      await reasonFor({ nodes: [P, odd], initializers: PARTS }),
      /"odd" cannot do without them: Mystery is not one of/,
    );
  });
});
