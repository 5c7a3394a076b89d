import { ONLY_PART } from "../../builders/only-part.ts";
import { costLayers } from "../../../profiler/cost/cost-layers.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { Profile } from "../../../profiler/profile.ts";
import { layer, listed, tensor, weight } from "../cost/layer-builder.ts";
import { size } from "../../builders/size.ts";

const [x, h, y] = [tensor("x", [1, 8]), tensor("h", [1, 10]), tensor("y", [size("boxes"), 4])];

const LAYERS = listed(
  layer("/head/dense", {
    op: "Gemm",
    operation: { kind: "dense", geometry: { batch: 1, rows: 1, inner: 8, columns: 10, hasBias: false } },
    path: ["head"],
    inputs: [x, weight("w", [8, 10])],
    outputs: [h],
  }),
  layer("/head/Shape", {
    op: "Shape",
    operation: { kind: "shape" },
    role: "shape",
    inputs: [h],
    outputs: [tensor("s", [2])],
  }),
  layer("pick", { op: "Custom", operation: { kind: "unknown" }, inputs: [h], outputs: [y], notes: ["No rule."] }),
);

const COSTED = costLayers(LAYERS, { fileBytes: 5000, hardware: DEFAULT_HARDWARE, inputKeys: ["x"], outputKeys: ["y"] });

/** A dense layer, shape arithmetic, and an operator nobody knows. */
export const SAMPLE: Profile = {
  ...COSTED,
  file: "sample.onnx",
  format: "onnx",
  dimensions: [{ name: "batch", value: 1, default: 1, source: "default", occurrences: ["x[0]"] }],
  hardware: DEFAULT_HARDWARE.name,
  hardwareProfile: DEFAULT_HARDWARE,
  warnings: [
    {
      code: "unknown-operator",
      severity: "warning",
      message: "No rule for Custom: 1 row is missing from the totals.",
      layer: 2,
    },
  ],
  entries: ["main"],
  parts: ONLY_PART,
  properties: [],
};

/** The sample with another name for its first layer, as a file of a stranger might have it. */
export function renamed(name: string): Profile {
  return { ...SAMPLE, layers: SAMPLE.layers.map((row) => (row.index === 0 ? { ...row, name } : row)) };
}
