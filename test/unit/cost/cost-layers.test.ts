import assert from "node:assert/strict";
import { costLayers, type CostedLayers } from "../../../profiler/cost/cost-layers.ts";
import { findHardware, type HardwareProfile } from "../../../profiler/hardware/hardware.ts";
import type { Layer } from "../../../profiler/layers/layer.ts";
import type { Operation } from "../../../profiler/operators/operation.ts";
import { layer, listed, omitted, tensor, weight } from "./layer-builder.ts";

const HARDWARE = findHardware("eie-45nm");

function cost(rows: readonly Layer[], hardware: HardwareProfile = HARDWARE): CostedLayers {
  return costLayers(listed(...rows), { fileBytes: 1000, hardware, inputKeys: ["x"], outputKeys: ["y"] });
}

const DENSE: Operation = { kind: "dense", geometry: { batch: 1, rows: 1, inner: 8, columns: 10, hasBias: true } };
const [x, y] = [tensor("x", [1, 8]), tensor("y", [1, 10])];
const dense = layer("dense", { operation: DENSE, inputs: [x, weight("w", [8, 10]), weight("b", [10])], outputs: [y] });

describe("costLayers", () => {
  it("costs a layer in all its parts", () => {
    const { layers, totals } = cost([dense]);
    const [row] = layers;
    assert.deepEqual(
      [row?.parameters, row?.macs, row?.otherOps, row?.weightBytes, row?.activationBytes],
      [90, 80, 10, 360, 72],
    );
    assert.equal(row?.energy?.weights, 90 * 5);
    assert.equal(row.energy.activations, 18 * 5);
    assert.ok(Math.abs(row.energy.arithmetic - (80 * 7.6 + 10 * 0.9)) < 1e-9);
    assert.equal(totals.fileBytes, 1000);
    assert.equal(totals.peakMemoryBytes, 72);
    assert.equal(totals.unknownRows, 0);
    assert.equal(totals.energyPicojoules, row.energy.arithmetic + 90 * 5 + 18 * 5);
  });

  it("fetches from DRAM what does not fit on the chip: weights and activations each for themselves", () => {
    const onChip = (bytes: number): readonly (number | undefined)[] => {
      const [row] = cost([dense], { ...HARDWARE, onChipBytes: bytes }).layers;
      return [row?.energy?.weights, row?.energy?.activations];
    };
    assert.deepEqual(onChip(360), [90 * 5, 18 * 5]);
    assert.deepEqual(onChip(359), [90 * 640, 18 * 5]);
    assert.deepEqual(onChip(71), [90 * 640, 18 * 640]);
  });

  it("multiplies by the repeats of a loop what is done in each, but reads weights once", () => {
    const [row] = cost([{ ...dense, repeats: 3 }]).layers;
    assert.deepEqual([row?.macs, row?.otherOps, row?.parameters, row?.activationBytes], [240, 30, 90, 72]);
    assert.deepEqual([row?.energy?.weights, row?.energy?.activations], [90 * 5, 3 * 18 * 5]);
    assert.deepEqual(row?.macTerms[0]?.at(-1), { name: "repeats", value: 3 });
  });

  it("shows what is not counted and leaves it out of the totals", () => {
    const { layers, totals } = cost([
      dense,
      { ...dense, name: "other", inputs: [x, weight("v", [8, 10])], isCounted: false },
    ]);
    assert.deepEqual(
      layers.map(({ macs, parameters }) => [macs, parameters]),
      [
        [80, 90],
        [80, 80],
      ],
    );
    assert.deepEqual([totals.macs, totals.parameters, totals.weightBytes], [80, 90, 360]);
  });

  it("asks nothing of shape arithmetic and folded constants", () => {
    const { layers, totals } = cost([{ ...dense, role: "shape" }]);
    const [row] = layers;
    assert.deepEqual(
      [row?.macs, row?.otherOps, row?.parameters, row?.activationBytes, row?.latencySeconds],
      [0, 0, 0, 0, 0],
    );
    assert.deepEqual(row?.energy, { arithmetic: 0, weights: 0, activations: 0 });
    assert.deepEqual([totals.macs, totals.energyPicojoules, totals.unknownRows], [0, 0, 0]);
  });

  it("lets views, aliases and control flow move nothing", () => {
    const view = layer("flatten", { operation: { kind: "reshape" }, inputs: [x], outputs: [y], isView: true });
    const copy = { ...view, isView: false };
    const call = layer("call", { operation: { kind: "control" }, inputs: [x], outputs: [y] });
    const { layers } = cost([view, copy, call]);
    assert.deepEqual(
      layers.map(({ energy, latencySeconds }) => [energy?.activations, (latencySeconds ?? 0) > 0]),
      [
        [0, false],
        [18 * 5, true],
        [0, false],
      ],
    );
  });

  it("says unknown, never zero, and how many rows are missing", () => {
    const unknown = layer("custom", { operation: { kind: "unknown" }, inputs: [x], outputs: [tensor("z", undefined)] });
    const { layers, totals, peak } = cost([dense, unknown]);
    const row = layers[1];
    assert.deepEqual(
      [row?.macs, row?.otherOps, row?.activationBytes, row?.energy, row?.latencySeconds],
      [null, null, null, null, null],
    );
    assert.deepEqual([row?.parameters, totals.unknownRows, totals.macs, totals.peakMemoryBytes], [0, 1, 80, null]);
    assert.equal(peak.layer, null);
  });

  it("counts the bytes of a tensor that a layer reads twice once, and none of omitted ones", () => {
    const [row] = cost([layer("square", { inputs: [x, x, omitted()], outputs: [tensor("z", [1, 8])] })]).layers;
    assert.equal(row?.activationBytes, 64);
  });

  it("names tensors, their types and which are constant, and leaves omitted ones out", () => {
    const [row] = cost([{ ...dense, inputs: [x, omitted(), weight("w", [8, 10])] }]).layers;
    assert.deepEqual(row?.inputs, [
      { name: "x", dtype: "float32", shape: [1, 8], isConstant: false },
      { name: "w", dtype: "float32", shape: [8, 10], isConstant: true },
    ]);
  });
});
