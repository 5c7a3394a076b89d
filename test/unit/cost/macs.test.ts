import assert from "node:assert/strict";
import { macsOf, otherOpsOf } from "../../../profiler/layers/cost-rules.ts";
import type { ConvGeometry, Operation, RecurrentGeometry } from "../../../profiler/operators/operation.ts";
import { size } from "../../builders/size.ts";

const CONV: ConvGeometry = {
  isTransposed: false,
  batch: 1,
  inChannels: 512,
  outChannels: 512,
  groups: 1,
  kernel: [3, 3],
  strides: [1, 1],
  dilations: [1, 1],
  padding: ["same-upper", "same-upper"],
  inSpatial: [14, 14],
  outSpatial: [14, 14],
  hasBias: false,
};
const LSTM: RecurrentGeometry = {
  cell: "lstm",
  gates: 4,
  directions: 2,
  steps: 10,
  batch: 3,
  inputSize: 20,
  hiddenSize: 30,
};

function macs(operation: Operation): number | null {
  return macsOf(operation).total;
}

function conv(changes: Partial<ConvGeometry>): number | null {
  return macs({ kind: "conv", geometry: { ...CONV, ...changes } });
}

function recurrent(changes: Partial<RecurrentGeometry>): number | null {
  return macs({ kind: "recurrent", geometry: { ...LSTM, ...changes } });
}

describe("MACs", () => {
  it("of one layer are those of MobileNet's Table 3: convolution, separable, thinner, smaller", () => {
    const separable = (channels: number, size: number): number => {
      const spatial = { inSpatial: [size, size], outSpatial: [size, size] };
      const both = { inChannels: channels, outChannels: channels };
      const depthwise = conv({ ...both, ...spatial, groups: channels }) ?? 0;
      return depthwise + (conv({ ...both, ...spatial, kernel: [1, 1] }) ?? 0);
    };
    assert.equal(conv({}), 462_422_016);
    assert.equal(separable(512, 14), 52_283_392);
    assert.equal(separable(384, 14), 29_578_752);
    assert.equal(separable(384, 10), 15_091_200);
  });

  it("of a grouped convolution meet the channels of the group only", () => {
    assert.equal(conv({ groups: 2 }), 462_422_016 / 2);
  });

  it("of a transposed convolution start from every input element", () => {
    const changes = {
      isTransposed: true,
      inChannels: 8,
      outChannels: 6,
      groups: 2,
      inSpatial: [5, 7],
      outSpatial: [10, 14],
    };
    assert.equal(conv(changes), 8 * 5 * 7 * (6 / 2) * 9);
  });

  it("of convolutions over one and three dimensions name their axes", () => {
    const lengths = { kernel: [3], strides: [1], dilations: [1], inSpatial: [10], outSpatial: [8] };
    const { terms, total } = macsOf({ kind: "conv", geometry: { ...CONV, ...lengths, inChannels: 2, outChannels: 4 } });
    assert.equal(total, 8 * 4 * 2 * 3);
    assert.deepEqual(
      terms[0]?.map(({ name }) => name),
      ["batch", "output channels", "output length", "input channels", "kernel length"],
    );
  });

  it("of matrix products", () => {
    const geometry = { batch: 6, rows: 5, inner: 7, columns: 11, hasBias: true };
    assert.equal(macs({ kind: "matmul", geometry }), 6 * 5 * 7 * 11);
    assert.equal(macs({ kind: "dense", geometry: { ...geometry, rows: size("tokens") } }), null);
  });

  it("of an Einsum count every index, and every operand but the first", () => {
    const indices = [
      { label: "i", size: 3 },
      { label: "j", size: 4 },
      { label: "k", size: 5 },
    ];
    assert.equal(macs({ kind: "einsum", geometry: { equation: "ij,jk->ik", indices, operands: 2 } }), 60);
    assert.equal(macs({ kind: "einsum", geometry: { equation: "ij,jk,k->ik", indices, operands: 3 } }), 120);
    assert.equal(macs({ kind: "einsum", geometry: { equation: "ijk->ik", indices, operands: 1 } }), 0);
  });

  it("of recurrent layers count every step, sample and direction", () => {
    assert.equal(recurrent({}), 10 * 3 * 2 * 4 * (20 + 30) * 30);
    assert.equal(recurrent({ cell: "gru", gates: 3, directions: 1 }), 10 * 3 * 3 * (20 + 30) * 30);
    assert.equal(recurrent({ projectionSize: 8 }), 10 * 3 * 2 * (4 * 30 * (20 + 8) + 30 * 8));
    assert.equal(recurrent({ steps: size("time") }), null);
  });

  it("of an SVDF are filters over the input and over the memory", () => {
    const geometry = { cell: "svdf", gates: 1, directions: 1, steps: 1, projectionSize: 9 } as const;
    assert.equal(recurrent(geometry), 3 * 30 * (20 + 9));
  });

  it("of attention are scores, values and the projections inside", () => {
    const geometry = { batch: 2, heads: 4, queryLength: 5, keyLength: 6, querySize: 7, valueSize: 8, projections: [] };
    const products = 2 * 4 * 5 * 6 * (7 + 8);
    assert.equal(macs({ kind: "attention", geometry }), products);
    const projection = { batch: 1, rows: 10, inner: 28, columns: 84, hasBias: true };
    assert.equal(
      macs({ kind: "attention", geometry: { ...geometry, projections: [projection] } }),
      products + 10 * 28 * 84,
    );
  });

  it("are zero for all other kinds and unknown for an operator without a rule", () => {
    assert.equal(macs({ kind: "softmax" }), 0);
    assert.equal(macs({ kind: "pool", geometry: { window: 9, mode: "max" } }), 0);
    assert.equal(macs({ kind: "unknown" }), null);
  });

  it("are zero, not unknown, where a size is zero", () => {
    assert.equal(conv({ batch: 0, inChannels: size("channels") }), 0);
  });
});

describe("Counts of sizes that no network has", () => {
  it("are unknown, not negative and no fractions", () => {
    assert.equal(conv({ outChannels: -2 }), null);
    assert.equal(recurrent({ hiddenSize: 1.3, inputSize: 1 }), null);
    const norm: Operation = { kind: "norm", geometry: { opsPerElement: -7 } };
    assert.equal(otherOpsOf(norm, { input: 4, output: 4 }), null);
  });
});

describe("Other operations", () => {
  const sizes = { input: 100, output: 50 };

  it("are bias and fused activation of a product, for each output", () => {
    assert.equal(otherOpsOf({ kind: "conv", geometry: CONV }, sizes), 0);
    assert.equal(otherOpsOf({ kind: "conv", geometry: { ...CONV, hasBias: true, activation: "relu" } }, sizes), 100);
  });

  it("know fused activations however a format spells them", () => {
    const fused = (activation: string): number | null =>
      otherOpsOf({ kind: "conv", geometry: { ...CONV, activation } }, sizes);
    assert.deepEqual(
      ["leaky-relu", "LeakyRelu", "relu_n1_to_1", "sigmoid", "novel"].map(fused),
      [100, 100, 100, 200, 50],
    );
  });

  it("are the elements of a pooling window, and one division of an average", () => {
    assert.equal(otherOpsOf({ kind: "pool", geometry: { window: 9, mode: "max" } }, sizes), 450);
    assert.equal(otherOpsOf({ kind: "pool", geometry: { window: 9, mode: "average" } }, sizes), 500);
    assert.equal(otherOpsOf({ kind: "pool", geometry: { window: size("h*w"), mode: "max" } }, sizes), null);
  });

  it("are one an input of a reduction, and none where numbers only move", () => {
    assert.equal(otherOpsOf({ kind: "reduce" }, sizes), 100);
    assert.equal(otherOpsOf({ kind: "gather" }, sizes), 0);
    assert.equal(otherOpsOf({ kind: "reshape" }, { input: size("n"), output: size("?") }), 0);
  });

  it("are unknown without a rule or with a symbolic size", () => {
    assert.equal(otherOpsOf({ kind: "unknown" }, sizes), null);
    assert.equal(otherOpsOf({ kind: "softmax" }, { input: size("n"), output: size("n") }), null);
  });
});
