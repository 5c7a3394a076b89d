import type { Network } from "../network.ts";
import { NetworkBuilder } from "../network-builder.ts";

export interface AlexNetOptions {
  readonly size?: number;
  readonly classes?: number;
  /** Two, one for each of the paper's GPUs. */
  readonly groups?: number;
}

/** Krizhevsky, Sutskever, Hinton 2012, with the input of 227 that its arithmetic needs (the paper's text says 224). */
export function alexnet({ size = 227, classes = 1000, groups = 2 }: AlexNetOptions = {}): Network {
  const net = new NetworkBuilder();
  const pooling = { kernel: 3, stride: 2 };
  let x = net.scope("features", () => {
    let y = net.relu(net.conv(net.image(3, size), "conv1", { out: 96, kernel: 11, stride: 4 }));
    y = net.maxPool(net.lrn(y), pooling);
    y = net.relu(net.conv(y, "conv2", { out: 256, kernel: 5, pad: 2, groups }));
    y = net.maxPool(net.lrn(y), pooling);
    y = net.relu(net.conv(y, "conv3", { out: 384, kernel: 3, pad: 1 }));
    y = net.relu(net.conv(y, "conv4", { out: 384, kernel: 3, pad: 1, groups }));
    y = net.relu(net.conv(y, "conv5", { out: 256, kernel: 3, pad: 1, groups }));
    return net.maxPool(y, pooling);
  });
  x = net.scope("classifier", () => {
    let y = net.relu(net.dense(net.flatten(x), "fc6", 4096));
    y = net.relu(net.dense(y, "fc7", 4096));
    return net.softmax(net.dense(y, "fc8", classes));
  });
  return net.finish("alexnet", x);
}
