import type { LayerProfile, Profile, TensorProfile, Totals } from "../profile.ts";

/** Grows when a key changes its meaning or goes; new keys alone do not change it. */
export const JSON_SCHEMA = 1;

/** What `edgewise profile --format json` writes: a contract that other programs read. null is unknown, a symbolic size a string. */
export interface ProfileJson {
  readonly schema: typeof JSON_SCHEMA;
  readonly file: string;
  readonly format: Profile["format"];
  /** Value of every dynamic dimension. */
  readonly bindings: Readonly<Record<string, number>>;
  readonly hardware: string;
  readonly totals: Totals;
  readonly peak: Profile["peak"];
  /** One a node, file order, bodies after their node. */
  readonly layers: readonly LayerJson[];
  readonly warnings: readonly string[];
}

export interface LayerJson extends Pick<
  LayerProfile,
  | "index"
  | "name"
  | "op"
  | "kind"
  | "parameters"
  | "macs"
  | "otherOps"
  | "weightBytes"
  | "activationBytes"
  | "energy"
  | "latencySeconds"
  | "role"
  | "repeats"
  | "notes"
> {
  /** Modules, functions and bodies that hold the layer, joined by "/". */
  readonly path: string;
  readonly inputs: readonly TensorJson[];
  readonly outputs: readonly TensorJson[];
  readonly counted: boolean;
}

export type TensorJson = Pick<TensorProfile, "name" | "dtype" | "shape">;

export function profileJson(profile: Profile): ProfileJson {
  const { file, format, hardware, totals, peak } = profile;
  return {
    schema: JSON_SCHEMA,
    file,
    format,
    bindings: Object.fromEntries(profile.dimensions.map(({ name, value }) => [name, value])),
    hardware,
    totals,
    peak,
    layers: profile.layers.map(layerJson),
    warnings: profile.warnings.map(({ message }) => message),
  };
}

function layerJson(layer: LayerProfile): LayerJson {
  const { index, name, op, kind, parameters, macs, otherOps, weightBytes, activationBytes, energy } = layer;
  return {
    index,
    name,
    op,
    kind,
    path: layer.path.join("/"),
    inputs: layer.inputs.map(tensorJson),
    outputs: layer.outputs.map(tensorJson),
    parameters,
    macs,
    otherOps,
    weightBytes,
    activationBytes,
    energy,
    latencySeconds: layer.latencySeconds,
    notes: layer.notes,
    role: layer.role,
    counted: layer.isCounted,
    repeats: layer.repeats,
  };
}

function tensorJson({ name, dtype, shape }: TensorProfile): TensorJson {
  return { name, dtype, shape };
}
