import type { DeviceIdentity, RunResult } from "../device/run-result.ts";
import type { LayerProfile, MeasuredTime, Profile, TensorProfile, Totals } from "../profile.ts";

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
  /** The run that the layers' measured times are of; left out where none is shown. */
  readonly run?: RunJson;
}

/** As `edgewise run --json` prints it, without the serial: a report is handed on. */
export interface RunJson extends Omit<RunResult, "device"> {
  readonly device: Omit<DeviceIdentity, "serial">;
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
  /** Left out for rows that did not run by themselves or into another one, and where no run is shown. */
  readonly measured?: MeasuredTime;
}

export type TensorJson = Pick<TensorProfile, "name" | "dtype" | "shape">;

/** @param run what the layers' measured times are of */
export function profileJson(profile: Profile, run?: RunResult): ProfileJson {
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
    ...(run && { run: runJson(run) }),
  };
}

function runJson({ device: { serial: _serial, ...device }, ...run }: RunResult): RunJson {
  return { ...run, device };
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
    ...(layer.measured && { measured: layer.measured }),
  };
}

function tensorJson({ name, dtype, shape }: TensorProfile): TensorJson {
  return { name, dtype, shape };
}
