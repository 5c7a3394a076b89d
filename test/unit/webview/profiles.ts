import { ONLY_PART } from "../../builders/only-part.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { LayerProfile, Profile, TensorProfile, Totals } from "../../../profiler/profile.ts";

/** Rows and profiles made by hand, for tests of what is done with them. */

export function tensorRow(name: string, shape: TensorProfile["shape"], isConstant = false): TensorProfile {
  return { name, dtype: "float32", shape, isConstant };
}

export function layerRow(index: number, fields: Partial<LayerProfile> = {}): LayerProfile {
  return {
    index,
    name: `/features/features.${index}/Conv`,
    op: "Conv",
    kind: "conv",
    path: ["features", `features.${index}`],
    inputs: [tensorRow(`t${index}`, [1, 8, 14, 14]), tensorRow(`w${index}`, [8, 8, 3, 3], true)],
    outputs: [tensorRow(`t${index + 1}`, [1, 8, 14, 14])],
    parameters: 576,
    macs: 112_896,
    otherOps: 0,
    weightBytes: 2304,
    activationBytes: 12_544,
    energy: { arithmetic: 1, weights: 2, activations: 3 },
    latencySeconds: 1e-6,
    role: "compute",
    isCounted: true,
    repeats: 1,
    macTerms: [
      [
        { name: "output channels", value: 8 },
        { name: "kernel", value: 9 },
      ],
    ],
    notes: [],
    ...fields,
  };
}

export const TOTALS: Totals = {
  parameters: 1000,
  macs: 1_000_000,
  otherOps: 10,
  weightBytes: 4000,
  fileBytes: 5000,
  peakMemoryBytes: 25_088,
  energyPicojoules: 100,
  latencySeconds: 1e-3,
  unknownRows: 0,
};

export function profileOf(layers: readonly LayerProfile[]): Profile {
  return {
    file: "model.onnx",
    format: "onnx",
    dimensions: [],
    hardware: DEFAULT_HARDWARE.name,
    hardwareProfile: DEFAULT_HARDWARE,
    totals: TOTALS,
    layers,
    peak: { layer: null, tensors: [] },
    warnings: [],
    entries: ["main"],
    parts: ONLY_PART,
    properties: [],
    structure: { edges: [], inputs: [], outputs: [], memory: null, computeTypes: [] },
  };
}
