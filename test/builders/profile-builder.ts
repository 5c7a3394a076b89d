import { ONLY_PART } from "./only-part.ts";
import { DEFAULT_HARDWARE } from "../../profiler/hardware/hardware.ts";
import type { LayerProfile, Profile, Totals } from "../../profiler/profile.ts";

/** Profiles made by hand, for tests of what shows them. */

export function layerProfile(name: string, changes: Partial<LayerProfile> = {}): LayerProfile {
  return {
    index: 0,
    name,
    op: "Conv",
    kind: "conv",
    path: [],
    inputs: [{ name: "x", dtype: "float32", shape: [1, 3, 8, 8], isConstant: false }],
    outputs: [{ name: `${name}_output`, dtype: "float32", shape: [1, 16, 8, 8], isConstant: false }],
    parameters: 448,
    macs: 27_648,
    otherOps: 1024,
    weightBytes: 1792,
    activationBytes: 4864,
    energy: { arithmetic: 100, weights: 200, activations: 300 },
    latencySeconds: 1e-6,
    role: "compute",
    isCounted: true,
    repeats: 1,
    macTerms: [],
    notes: [],
    ...changes,
  };
}

export const TOTALS: Totals = {
  parameters: 1000,
  macs: 100_000,
  otherOps: 2000,
  weightBytes: 4000,
  fileBytes: 5000,
  peakMemoryBytes: 9000,
  energyPicojoules: 10_000,
  latencySeconds: 1e-3,
  unknownRows: 0,
};

/** A profile of these layers, numbered in their order. */
export function profileOf(layers: readonly LayerProfile[], changes: Partial<Profile> = {}): Profile {
  return {
    file: "test.onnx",
    format: "onnx",
    dimensions: [],
    hardware: DEFAULT_HARDWARE.name,
    hardwareProfile: DEFAULT_HARDWARE,
    totals: TOTALS,
    layers: layers.map((layer, index) => ({ ...layer, index })),
    peak: { layer: null, tensors: [] },
    warnings: [],
    entries: ["main"],
    parts: ONLY_PART,
    properties: [],
    structure: { edges: [], inputs: [], outputs: [], memory: null, computeTypes: [] },
    ...changes,
  };
}
