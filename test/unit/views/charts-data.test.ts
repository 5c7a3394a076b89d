import assert from "node:assert/strict";
import { columnOf, type Column } from "../../../profiler/columns.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { MemoryTimeline } from "../../../profiler/profile.ts";
import { chartedLayers, costSeries, markOf } from "../../../profiler/views/cost-series.ts";
import { aliveAt, aliveBytes, memoryMarks, peakMark } from "../../../profiler/views/memory-timeline.ts";
import { roofline } from "../../../profiler/views/roofline.ts";
import { mostExpensiveOf, MOST_SHARES, sharesByKind, sharesByModule } from "../../../profiler/views/shares.ts";
import { layerProfile, profileOf, TOTALS } from "../../builders/profile-builder.ts";

const MACS = column("macs");

function column(id: string): Column {
  const found = columnOf(id);
  assert.ok(found, id);
  return found;
}

describe("A cost along the network", () => {
  const { layers } = profileOf([3, 9, null, 4, 7].map((macs, at) => layerProfile(`l${at}`, { macs })));

  it("has a mark for each layer while there is room", () => {
    assert.deepEqual(
      costSeries(layers, MACS, TOTALS, 100).map(({ value, layers: behind }) => [value, behind]),
      [
        [3, 1],
        [9, 1],
        [null, 1],
        [4, 1],
        [7, 1],
      ],
    );
  });

  it("shows the largest of the neighbours that share a mark, and finds the mark of each", () => {
    const marks = costSeries(layers, MACS, TOTALS, 2);
    assert.deepEqual(
      marks.map(({ layer, value, layers: behind }) => [layer.index, value, behind]),
      [
        [1, 9, 3],
        [4, 7, 2],
      ],
    );
    assert.deepEqual(
      [0, 2, 3, 4, 99, null].map((index) => markOf(layers, 2, index)),
      [0, 0, 1, 1, -1, -1],
    );
  });

  it("leaves out what no run computes, or no total counts", () => {
    const rows = [layerProfile("a"), layerProfile("b", { role: "shape" }), layerProfile("c", { isCounted: false })];
    assert.deepEqual(
      chartedLayers(rows).map(({ name }) => name),
      ["a"],
    );
  });
});

describe("Shares of a cost", () => {
  it("by kind are sorted and sum to 1; unknown values are counted", () => {
    const { layers } = profileOf([
      layerProfile("a", { kind: "dense", macs: 10 }),
      layerProfile("b", { macs: 60 }),
      layerProfile("c", { macs: 30 }),
      layerProfile("d", { kind: "dense", macs: null }),
      layerProfile("e", { kind: "activation", macs: 0 }),
    ]);
    const shares = sharesByKind(layers, MACS, TOTALS);
    assert.deepEqual(
      shares.map(({ name, value, share, unknown }) => [name, value, share, unknown]),
      [
        ["conv", 90, 0.9, 0],
        ["dense", 10, 0.1, 1],
      ],
    );
    assert.equal(shares[0] && mostExpensiveOf(shares[0], MACS, TOTALS)?.name, "b");
  });

  it("by module start where the modules part", () => {
    const { layers } = profileOf([
      layerProfile("a", { path: ["model", "stem"], macs: 1 }),
      layerProfile("b", { path: ["model", "head", "mlp"], macs: 5 }),
      layerProfile("c", { path: ["model", "head"], macs: 2 }),
    ]);
    assert.deepEqual(
      sharesByModule(layers, MACS, TOTALS).map(({ name, value }) => [name, value]),
      [
        ["model/head", 7],
        ["model/stem", 1],
      ],
    );
  });

  it("put what is beyond a glance together", () => {
    const { layers } = profileOf(
      Array.from({ length: 40 }, (_, at) => layerProfile(`l${at}`, { path: [`m${at}`], macs: 40 - at })),
    );
    const shares = sharesByModule(layers, MACS, TOTALS);
    assert.equal(shares.length, MOST_SHARES);
    assert.equal(shares.at(-1)?.name, null);
    assert.equal(
      shares.reduce((sum, { value }) => sum + value, 0),
      820,
    );
  });
});

describe("The roofline", () => {
  const hardware = {
    ...DEFAULT_HARDWARE,
    peakMacsPerSecond: { float32: 100, float16: 200, int8: 400 },
    bandwidthBytesPerSecond: 10,
    secondsPerOperator: 1,
  };
  const row = { weightBytes: 50, activationBytes: 50, repeats: 1 };
  const { layers } = profileOf([
    layerProfile("compute", { ...row, macs: 10_000, latencySeconds: 101 }),
    layerProfile("memory", { ...row, macs: 200, latencySeconds: 11 }),
    layerProfile("small", { ...row, weightBytes: 0, activationBytes: 1, macs: 1, latencySeconds: 1.1 }),
    layerProfile("unknown", { ...row, macs: null }),
    layerProfile("relu", { ...row, macs: 0 }),
  ]);
  const { points, roofs, unknown } = roofline(
    layers,
    { computeTypes: ["float32", "int8", "float32", "float32", "float32"] },
    hardware,
  );

  it("says what binds each layer", () => {
    assert.deepEqual(
      points.map(({ layer, intensity, attainable, bound }) => [layer.name, intensity, attainable, bound]),
      [
        ["compute", 100, 100, "compute"],
        ["memory", 2, 20, "memory"],
        ["small", 1, 10, "overhead"],
      ],
    );
    assert.equal(unknown, 1);
  });

  it("has a roof for each type in use, and no layer above it", () => {
    assert.deepEqual(roofs, [
      { type: "float32", peak: 100, ridge: 10 },
      { type: "int8", peak: 400, ridge: 40 },
    ]);
    for (const { rate, attainable } of points) assert.ok(rate <= attainable);
  });

  it("counts the traffic of every repeat", () => {
    const [point] = roofline(
      profileOf([layerProfile("loop", { ...row, repeats: 3, macs: 400 })]).layers,
      { computeTypes: ["float32"] },
      hardware,
    ).points;
    assert.equal(point?.intensity, 2);
  });
});

describe("Memory over time", () => {
  const timeline: MemoryTimeline = {
    layers: [0, 2, 3, 5],
    buffers: [
      { bytes: 10, first: 0, last: 1, occupants: [{ step: 0, name: "x" }] },
      {
        bytes: 30,
        first: 1,
        last: 3,
        occupants: [
          { step: 1, name: "a" },
          { step: 2, name: "relu" },
        ],
      },
      { bytes: 5, first: 2, last: 2, occupants: [{ step: 2, name: "y" }] },
    ],
  };

  it("sums what is alive at each step", () => assert.deepEqual(aliveBytes(timeline), [10, 40, 35, 30]));

  it("names who is in the arena at a step, largest first", () => {
    assert.deepEqual(
      aliveAt(timeline, 2).map(({ name, bytes }) => [name, bytes]),
      [
        ["relu", 30],
        ["y", 5],
      ],
    );
    assert.equal(aliveAt(timeline, 1)[0]?.name, "a");
  });

  it("keeps the peak when steps share a mark", () => {
    const marks = memoryMarks(timeline, 2);
    assert.deepEqual(marks, [
      { step: 1, bytes: 40, layer: 2, steps: 2 },
      { step: 2, bytes: 35, layer: 3, steps: 2 },
    ]);
    assert.equal(peakMark(marks)?.layer, 2);
    assert.equal(peakMark([]), undefined);
  });
});
