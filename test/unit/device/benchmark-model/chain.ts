import type { LayerProfile } from "../../../../profiler/profile.ts";

/** Rows that each read what the one before gives. */
export function chain(
  ...layers: readonly (readonly [op: string, output: string, macs: number])[]
): readonly LayerProfile[] {
  const tensor = (name: string) => ({ name, dtype: "float32" as const, shape: [1], isConstant: false });
  return layers.map(([op, output, macs], index) => ({
    index,
    name: output,
    op,
    kind: "free",
    path: [],
    inputs: [tensor(layers[index - 1]?.[1] ?? "input")],
    outputs: [tensor(output)],
    parameters: 0,
    macs,
    otherOps: 0,
    weightBytes: 0,
    activationBytes: 0,
    energy: null,
    latencySeconds: null,
    role: "compute",
    isCounted: true,
    repeats: 1,
    macTerms: [],
    notes: [],
  }));
}
