import assert from "node:assert/strict";
import { convProducts } from "../../../profiler/layers/cost-rules-products.ts";
import type { ConvGeometry } from "../../../profiler/operators/operation.ts";
import type { LayerProfile, MeasuredTime, Product } from "../../../profiler/profile.ts";
import { calibrationOf, familyOf } from "../../../profiler/views/calibration.ts";
import { layerProfile } from "../../builders/profile-builder.ts";

const timed = (name: string, seconds: number, estimate: number | null, fusedInto: number | null = null) => {
  const measured: MeasuredTime = { seconds, share: 0, estimate, fusedInto };
  return layerProfile(name, { measured });
};

/** The factors that the cost rules really give. */
function conv(fields: Partial<ConvGeometry>): LayerProfile {
  const geometry: ConvGeometry = {
    isTransposed: false,
    batch: 1,
    inChannels: 8,
    outChannels: 8,
    groups: 1,
    kernel: [3, 3],
    inSpatial: [4, 4],
    outSpatial: [4, 4],
    strides: [1, 1],
    dilations: [1, 1],
    padding: [],
    hasBias: false,
    ...fields,
  };
  return layerProfile("c", { kind: "conv", macTerms: convProducts(geometry) as readonly Product[] });
}

describe("Calibration of estimates", () => {
  it("brings rows to the latency, and tells how much of the time is predicted within a tenth", () => {
    // The profiler doubled the time: of 8 ms the rows are parts of 4 ms.
    const layers = [timed("a", 6e-3, 2.9e-3), timed("b", 2e-3, 0.5e-3), timed("c", 0, 0, 0), layerProfile("idle", {})];
    const { points, unknown, shareWithin, predicted, measured } = calibrationOf(layers, 4e-3);
    assert.deepEqual(
      points.map((point) => [point.layer.name, point.measured, point.isWithin]),
      [
        ["b", 1e-3, false],
        ["a", 3e-3, true],
      ],
    );
    assert.equal(unknown, 0);
    assert.ok(Math.abs(shareWithin - 0.75) < 1e-12);
    assert.ok(Math.abs(predicted - 3.4e-3) < 1e-12 && Math.abs(measured - 4e-3) < 1e-12);
  });

  it("leaves out what has no estimate, and says so; without times there is nothing", () => {
    const { points, unknown } = calibrationOf([timed("a", 1, null), timed("b", 1, 0), timed("c", 1, 1)], 3);
    assert.deepEqual([points.map(({ layer }) => layer.name), unknown], [["c"], 2]);
    assert.deepEqual(calibrationOf([layerProfile("a", {})], 1), {
      points: [],
      unknown: 0,
      shareWithin: 0,
      predicted: 0,
      measured: 0,
    });
  });

  it("knows layers by the kernels that runtimes have for them", () => {
    assert.equal(familyOf(conv({})), "spatial");
    assert.equal(familyOf(conv({ kernel: [1, 1] })), "pointwise");
    assert.equal(familyOf(conv({ groups: 8 })), "depthwise");
    assert.equal(familyOf(conv({ groups: 2, kernel: [1, 1] })), "grouped");
    assert.equal(familyOf(conv({ groups: 8, isTransposed: true })), "depthwise");
    assert.equal(familyOf(conv({ inChannels: 1 })), "spatial");
    assert.equal(familyOf(layerProfile("d", { kind: "matmul" })), "dense");
    assert.equal(familyOf(layerProfile("p", { kind: "pool" })), "other");
  });
});
