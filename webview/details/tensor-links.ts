import type { LayerProfile } from "../../profiler/profile.ts";

/** Which layers make and read a tensor, by its name. */
export interface TensorLinks {
  /** The layer that makes it; undefined for what the file or the caller gives. */
  readonly producer: (tensor: string, besides: LayerProfile) => LayerProfile | undefined;
  readonly readers: (tensor: string, besides: LayerProfile) => readonly LayerProfile[];
}

/** Rows of one model know their tensors by name: nothing is asked of the host. */
export function tensorLinks(layers: readonly LayerProfile[]): TensorLinks {
  const producers = new Map<string, LayerProfile>();
  const readers = new Map<string, LayerProfile[]>();
  for (const layer of layers) {
    for (const { name } of layer.outputs) if (name !== "") producers.set(name, layer);
    for (const name of new Set(layer.inputs.map((input) => input.name))) {
      const known = readers.get(name);
      if (known) known.push(layer);
      else readers.set(name, [layer]);
    }
  }
  return {
    producer: (tensor, besides) => {
      const found = producers.get(tensor);
      return found === besides ? undefined : found;
    },
    readers: (tensor, besides) => (readers.get(tensor) ?? []).filter((layer) => layer !== besides),
  };
}
