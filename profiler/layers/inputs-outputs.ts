import type { Layer, LayerTensor } from "./layer.ts";

/** What the caller gives a run and gets from it, and which rows read and make that. */
export interface InputsAndOutputs {
  /** In the order in which the file names them; those that no row reads are left out. */
  readonly inputs: readonly GraphInput[];
  /** In the order in which the file names them; those that no row makes are left out. */
  readonly outputs: readonly GraphOutput[];
}

export interface GraphInput {
  readonly tensor: LayerTensor;
  readonly readers: readonly number[];
}

export interface GraphOutput {
  readonly from: number;
  /** Position in the outputs of `from`. */
  readonly output: number;
}

/** Old ONNX files list their initializers as inputs too: constants are none here. Rows that run inside another have neither, as they have no edges. */
export function inputsAndOutputs(
  layers: readonly Layer[],
  { inputKeys, outputKeys }: { readonly inputKeys: readonly string[]; readonly outputKeys: readonly string[] },
): InputsAndOutputs {
  const inputs = new Map(
    inputKeys.map((key): [string, { tensor?: LayerTensor; readers: number[] }] => [key, { readers: [] }]),
  );
  const wanted = new Set(outputKeys);
  const outputs = new Map<string, GraphOutput>();
  layers.forEach((layer, index) => {
    if (layer.role === "fused") return;
    for (const tensor of layer.inputs) {
      const input = inputs.get(tensor.key);
      if (!input || tensor.constant !== undefined) continue;
      input.tensor ??= tensor;
      if (input.readers.at(-1) !== index) input.readers.push(index);
    }
    layer.outputs.forEach(({ key }, output) => {
      if (wanted.has(key)) outputs.set(key, { from: index, output });
    });
  });
  return {
    inputs: [...inputs.values()].flatMap(({ tensor, readers }) => (tensor ? [{ tensor, readers }] : [])),
    outputs: [...wanted].flatMap((key) => outputs.get(key) ?? []),
  };
}
