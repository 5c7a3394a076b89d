import assert from "node:assert/strict";
import { assignWeights } from "../../../profiler/cost/parameters.ts";
import { computedType } from "../../../profiler/cost/layer-width.ts";
import { layer, listed, omitted, origin, tensor, weight } from "./layer-builder.ts";
import { size } from "../../builders/size.ts";

describe("Parameters", () => {
  it("are the constants that a layer computes with: neither sizes nor shape arithmetic nor what is omitted", () => {
    const pads = tensor("pads", [4], {
      dataType: "int64",
      use: "configuration",
      constant: origin("pads", [4], "int64"),
    });
    const inputs = [tensor("x", [1, 8]), weight("w", [8, 10]), pads, omitted(), weight("b", [10])];
    const [dense, shape] = assignWeights(
      listed(layer("dense", { inputs }), layer("shape", { inputs: [weight("axis", [1])], role: "shape" })),
    );
    assert.deepEqual(dense, { parameters: 90, weightBytes: 360, notes: [] });
    assert.deepEqual(shape, { parameters: 0, weightBytes: 0, notes: [] });
  });

  it("are counted at their stored width", () => {
    const constant = origin("q", [8, 10], "int4");
    const [dense] = assignWeights(listed(layer("dense", { inputs: [tensor("dequantized", [8, 10], { constant })] })));
    assert.equal(dense?.weightBytes, 40);
  });

  it("that are shared count once, at the first counted layer, and once for a layer that uses them twice", () => {
    const shared = tensor("w", [3], { constant: origin("w", [3]) });
    const rows = assignWeights(
      listed(
        layer("branch", { inputs: [shared], isCounted: false }),
        layer("encoder", { inputs: [shared, shared] }),
        layer("decoder", { inputs: [shared] }),
      ),
    );
    assert.deepEqual(
      rows.map(({ parameters }) => parameters),
      [0, 3, 0],
    );
    assert.deepEqual(rows[2]?.notes, ["Shares weights with encoder."]);
  });

  it("of equal names but other origins are different weights", () => {
    const rows = assignWeights(
      listed(layer("a", { inputs: [weight("w", [3])] }), layer("b", { inputs: [weight("w", [3])] })),
    );
    assert.deepEqual(
      rows.map(({ parameters }) => parameters),
      [3, 3],
    );
  });

  it("of a symbolic size are unknown", () => {
    const [row] = assignWeights(listed(layer("a", { inputs: [weight("w", [size("n")]), weight("v", [3])] })));
    assert.deepEqual(row, { parameters: null, weightBytes: null, notes: [] });
  });

  it("that are decoded from several stored constants take the bytes of those, once", () => {
    const [indices, codebook] = [origin("indices", [8, 10], "uint4"), origin("codebook", [16])];
    const parts = [indices, codebook];
    const decoded = (name: string) =>
      tensor(name, [8, 10], {
        constant: {
          name,
          elements: 80,
          dataType: "uint4",
          storedBytes: 104,
          encoding: { kind: "palette", entries: 16 },
          parts,
        },
      });
    const rows = assignWeights(
      listed(layer("a", { inputs: [decoded("w")] }), layer("b", { inputs: [decoded("again")] })),
    );
    assert.deepEqual(
      rows.map(({ parameters, weightBytes }) => [parameters, weightBytes]),
      [
        [80, 40 + 64],
        [0, 0],
      ],
    );
  });
});

describe("The type that a layer computes in", () => {
  it("is that of its largest weight as it reaches the layer, however it is stored", () => {
    const widened = tensor("w", [8, 10], { constant: origin("q", [8, 10], "int8") });
    const [dense] = listed(layer("dense", { inputs: [tensor("x", [1, 8]), widened] }));
    assert.equal(dense && computedType(dense), "float32");
  });

  it("is what its operator says, where that says anything", () => {
    const inputs = [tensor("x", [1, 8]), weight("packed", [8, 5], "uint8")];
    const [dense] = listed(layer("dense", { inputs, computesIn: "float16" }));
    assert.equal(dense && computedType(dense), "float16");
  });

  it("is that of integers that no operator widens", () => {
    const inputs = [tensor("x", [1, 8]), weight("bias", [10], "int32"), weight("w", [8, 10], "int8")];
    const [dense] = listed(layer("dense", { inputs }));
    assert.equal(dense && computedType(dense), "int8");
  });

  it("is that of its first data input where it has no weights, else of its output", () => {
    const [add, fill] = listed(
      layer("add", { inputs: [tensor("x", [1], { dataType: "float16" }), tensor("y", [1])] }),
      layer("fill", {
        inputs: [tensor("dims", [1], { dataType: "int64", use: "configuration" })],
        outputs: [tensor("z", [1])],
      }),
    );
    assert.equal(add && computedType(add), "float16");
    assert.equal(fill && computedType(fill), "float32");
  });
});
