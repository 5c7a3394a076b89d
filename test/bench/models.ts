import { join } from "node:path";
import type { Network } from "../zoo/network.ts";
import { NetworkBuilder } from "../zoo/network-builder.ts";
import { vgg } from "../zoo/networks/vgg.ts";
import { writeOnnxFile } from "../zoo/to-onnx.ts";

/** A model on disk, and how to feed it. */
export interface BenchModel {
  readonly path: string;
  readonly input: string;
  readonly shape: readonly number[];
}

/** 138 million float weights in the file itself: 553 MB. */
export function writeVgg16(folder: string): Promise<BenchModel> {
  return writeNetwork(folder, vgg(16), {});
}

const DENSE_LAYERS = 24;

/** Dense layers whose weights stand in a data file of 3.2 GB at width 5,800; the file has its size, but nothing on the disk. */
export function writeDense(folder: string, width: number): Promise<BenchModel> {
  const builder = new NetworkBuilder();
  let x = builder.flatten(builder.image(width, 1));
  for (let layer = 0; layer < DENSE_LAYERS; layer++) x = builder.relu(builder.dense(x, `dense${layer}`, width));
  return writeNetwork(folder, builder.finish(`dense-${width}`, x), { weights: "external", fill: "hollow" });
}

/** Nodes of one block below: two convolutions, two activations and a sum. */
const BLOCK_NODES = 5;

/** A residual network of `nodes` nodes with next to no weights: what counts is the graph. */
export function writeDeep(folder: string, nodes: number): Promise<BenchModel> {
  const builder = new NetworkBuilder();
  let x = builder.image(8, 14);
  for (let block = 0; block < nodes / BLOCK_NODES; block++) {
    const a = builder.relu(builder.conv(x, `block${block}/conv1`, { out: 8, kernel: 3, pad: 1 }));
    const b = builder.relu(builder.conv(a, `block${block}/conv2`, { out: 8, kernel: 1 }));
    x = builder.plus(x, b);
  }
  return writeNetwork(folder, builder.finish(`deep-${nodes}`, x), {});
}

export async function writeNetwork(
  folder: string,
  network: Network,
  options: Parameters<typeof writeOnnxFile>[2] = {},
): Promise<BenchModel> {
  const path = join(folder, `${network.name}.onnx`);
  await writeOnnxFile(network, path, options);
  const [input] = network.inputs;
  if (input === undefined) throw new Error(`${network.name} has no input`);
  return { path, input: input.value.name, shape: input.value.shape };
}
