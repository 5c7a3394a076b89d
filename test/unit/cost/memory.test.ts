import assert from "node:assert/strict";
import fc from "fast-check";
import { arenaBytes, placeBlocks, type Block } from "../../../profiler/cost/arena.ts";
import { planMemory } from "../../../profiler/cost/memory.ts";
import type { Layer, LayerTensor } from "../../../profiler/layers/layer.ts";
import { layer, listed, omitted, tensor, weight } from "./layer-builder.ts";
import { size } from "../../builders/size.ts";

/** A tensor of that many bytes. */
function bytes(name: string, size: number): LayerTensor {
  return tensor(name, [size], { dataType: "uint8" });
}

function step(name: string, inputs: readonly LayerTensor[], output: LayerTensor, options: Partial<Layer> = {}): Layer {
  return layer(name, { inputs, outputs: [output], ...options });
}

function peakBytes(
  layers: readonly Layer[],
  inputKeys: readonly string[],
  outputKeys: readonly string[],
): number | null {
  return planMemory(layers, { inputKeys, outputKeys }).bytes;
}

const [x, a, b, y] = [bytes("x", 10), bytes("a", 30), bytes("b", 20), bytes("y", 5)];

describe("Peak memory", () => {
  it("of a chain is its widest pair of neighbours, not the sum", () => {
    const plan = planMemory(listed(step("l0", [x], a), step("l1", [a], b), step("l2", [b], y)), {
      inputKeys: ["x"],
      outputKeys: ["y"],
    });
    assert.equal(plan.bytes, 50);
    assert.deepEqual(plan.peak, {
      layer: 1,
      tensors: [
        { name: "a", bytes: 30 },
        { name: "b", bytes: 20 },
      ],
    });
  });

  it("says what is in the arena at each step, and who took it over when", () => {
    const relu = bytes("relu", 30);
    const rows = listed(step("l0", [x], a), step("l1", [a], relu, { inPlace: [0] }), step("l2", [relu], y));
    assert.deepEqual(planMemory(rows, { inputKeys: ["x"], outputKeys: ["y"] }).timeline, {
      layers: [0, 1, 2],
      buffers: [
        { bytes: 10, first: 0, last: 0, occupants: [{ step: 0, name: "x" }] },
        {
          bytes: 30,
          first: 0,
          last: 2,
          occupants: [
            { step: 0, name: "a" },
            { step: 1, name: "relu" },
          ],
        },
        { bytes: 5, first: 2, last: 2, occupants: [{ step: 2, name: "y" }] },
      ],
    });
  });

  it("keeps what a later layer needs: the skip of a residual block", () => {
    const sum = bytes("sum", 10);
    assert.equal(
      peakBytes(listed(step("l0", [x], a), step("l1", [a], b), step("add", [b, x], sum)), ["x"], ["sum"]),
      60,
    );
  });

  it("keeps graph outputs to the end", () => {
    assert.equal(peakBytes(listed(step("l0", [x], a), step("l1", [x], b), step("l2", [b], y)), ["x"], ["a", "y"]), 60);
  });

  it("leaves out constants, omitted tensors, shape arithmetic and branches that are not counted", () => {
    const layers = listed(
      step("dense", [x, weight("w", [1000]), omitted()], a),
      step("shape", [a], bytes("shape", 8), { role: "shape" }),
      step("branch", [a], bytes("big", 1000), { isCounted: false }),
      step("l1", [a, tensor("shape", [1], { use: "configuration" })], y),
    );
    assert.equal(peakBytes(layers, ["x"], ["y"]), 40);
  });

  it("gives views no memory of their own, and keeps their input as long as they are used", () => {
    const flat = bytes("flat", 30);
    const layers = listed(
      step("l0", [x], a),
      step("flatten", [a], flat, { isView: true }),
      step("l1", [flat], b),
      step("l2", [b], y),
    );
    assert.equal(peakBytes(layers, ["x"], ["y"]), 50);
  });

  it("lets an operator work in place where nobody needs its input any more", () => {
    const inPlace = { inPlace: [0] };
    const relu = bytes("relu", 30);
    const dead = listed(step("l0", [x], a), step("relu", [a], relu, inPlace), step("l1", [relu], y));
    assert.equal(peakBytes(dead, ["x"], ["y"]), 40);
    assert.deepEqual(planMemory(dead, { inputKeys: ["x"], outputKeys: ["y"] }).peak.layer, 0);
    const needed = listed(step("l0", [x], a), step("relu", [a], relu, inPlace), step("l1", [relu, a], y));
    assert.equal(peakBytes(needed, ["x"], ["y"]), 65);
  });

  it("does not let it overwrite an input of another size, a graph input, a graph output or a variable", () => {
    const inPlace = { inPlace: [0] };
    assert.equal(peakBytes(listed(step("l0", [x], a), step("shrink", [a], b, inPlace)), ["x"], ["b"]), 50);
    assert.equal(peakBytes(listed(step("relu", [x], bytes("z", 10), inPlace)), ["x"], ["z"]), 20);
    assert.equal(
      peakBytes(listed(step("l0", [x], a), step("relu", [a], bytes("z", 30), inPlace)), ["x"], ["a", "z"]),
      60,
    );
    const state = tensor("state", [30], { dataType: "uint8", isVariable: true });
    assert.equal(peakBytes(listed(step("relu", [state], bytes("z", 30), inPlace)), [], ["z"]), 60);
  });

  it("does not let it overwrite an input that it reads elsewhere too", () => {
    const layers = listed(step("l0", [x], a), step("gate", [a, a], bytes("z", 30), { inPlace: [0] }));
    assert.equal(peakBytes(layers, ["x"], ["z"]), 60);
  });

  it("keeps variables throughout", () => {
    const state = tensor("state", [100], { dataType: "uint8", isVariable: true });
    assert.equal(
      peakBytes(listed(step("l0", [x], a), step("l1", [a], b), step("lstm", [b, state], y)), ["x"], ["y"]),
      150,
    );
  });

  it("keeps what a loop reads from outside until its last round", () => {
    const inLoop = { repeats: 3 };
    const layers = listed(
      step("l0", [x], a),
      step("loop", [], y, { operation: { kind: "control" } }),
      step("body0", [a], b, inLoop),
      step("body1", [b], bytes("c", 50), inLoop),
      step("after", [y], bytes("z", 1)),
    );
    assert.equal(peakBytes(layers, ["x"], ["z"]), 30 + 5 + 20 + 50);
  });

  it("counts the output of a call where its body makes it", () => {
    const layers = listed(
      step("call", [x], y, { operation: { kind: "control" } }),
      step("f0", [x], a),
      step("f1", [a], y),
    );
    assert.equal(peakBytes(layers, ["x"], ["y"]), 40);
  });

  it("is unknown when a size in it is", () => {
    assert.equal(peakBytes(listed(step("l0", [x], tensor("boxes", [size("n"), 4]))), ["x"], ["boxes"]), null);
    assert.equal(peakBytes(listed(step("l0", [x], tensor("list", [4], { container: "sequence" }))), ["x"], []), null);
  });

  it("of nothing is nothing", () => {
    assert.deepEqual(planMemory([], { inputKeys: [], outputKeys: [] }), {
      bytes: 0,
      peak: { layer: null, tensors: [] },
      timeline: { layers: [], buffers: [] },
    });
  });

  it("plans 20,000 layers with long skips without searching every pair", () => {
    const layers = listed(
      ...Array.from({ length: 20_000 }, (_, index) => {
        const skip = bytes(`t${Math.max(0, index - (index % 100))}`, 100 + (index % 7));
        return step(
          `l${index}`,
          [bytes(`t${index}`, 100 + (index % 7)), skip],
          bytes(`t${index + 1}`, 100 + ((index + 1) % 7)),
        );
      }),
    );
    const { bytes: arena } = planMemory(layers, { inputKeys: ["t0"], outputKeys: ["t20000"] });
    // Alive at once: two neighbours and the tensor that a hundred layers skip back to, none over 106 bytes. Gaps may cost as much again.
    assert.ok(arena !== null && arena >= 300 && arena <= 2 * 3 * 106, String(arena));
  });
});

describe("The arena", () => {
  it("of thousands of blocks that are all needed at once is planned without sorting them for each", () => {
    const blocks = Array.from({ length: 8000 }, (_, index) => ({
      bytes: 1 + ((index * 7919) % 997),
      first: 0,
      last: index % 3,
    }));
    const before = process.cpuUsage();
    const offsets = placeBlocks(blocks);
    const { user, system } = process.cpuUsage(before);
    assert.equal(
      arenaBytes(blocks, offsets),
      blocks.reduce((sum, { bytes: size }) => sum + size, 0),
    );
    assert.ok((user + system) / 1e6 < 2, `it took ${(user + system) / 1e6} s of processor time`);
  });

  it("puts a block into the smallest gap that holds it", () => {
    // Three long blocks with gaps of 30 and 12 below them once the short ones are over.
    const blocks: readonly Block[] = [
      { bytes: 100, first: 0, last: 9 },
      { bytes: 30, first: 0, last: 1 },
      { bytes: 29, first: 0, last: 9 },
      { bytes: 12, first: 0, last: 1 },
      { bytes: 11, first: 0, last: 9 },
      { bytes: 10, first: 5, last: 9 },
    ];
    assert.deepEqual(placeBlocks(blocks), [0, 100, 130, 159, 171, 159]);
  });

  const blocks = fc.array(
    fc
      .record({ bytes: fc.integer({ min: 1, max: 50 }), first: fc.nat(30), length: fc.nat(20) })
      .map(({ bytes: size, first, length }): Block => ({ bytes: size, first, last: first + length })),
    { maxLength: 40 },
  );

  it("never lets two blocks of one time overlap, and is at least what is alive at any time", () => {
    fc.assert(
      fc.property(blocks, (all) => {
        const offsets = placeBlocks(all);
        const placed = all.map((block, index) => ({ ...block, start: offsets[index] ?? NaN }));
        for (const [i, one] of placed.entries()) {
          for (const other of placed.slice(i + 1)) {
            const isSameTime = one.first <= other.last && other.first <= one.last;
            const isApart = one.start + one.bytes <= other.start || other.start + other.bytes <= one.start;
            assert.ok(!isSameTime || isApart);
          }
        }
        const alive = (at: number): number =>
          all.reduce((sum, { bytes: size, first, last }) => sum + (first <= at && at <= last ? size : 0), 0);
        const most = Math.max(...Array.from({ length: 60 }, (_, at) => alive(at)));
        const arena = arenaBytes(all, offsets);
        assert.ok(arena >= most);
        assert.ok(arena <= all.reduce((sum, { bytes: size }) => sum + size, 0));
      }),
    );
  });
});
