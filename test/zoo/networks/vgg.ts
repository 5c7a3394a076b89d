import type { Network } from "../network.ts";
import { NetworkBuilder } from "../network-builder.ts";

/** Convolutions of each stage, by depth. */
const STAGES = { 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4] } as const;
const CHANNELS = [64, 128, 256, 512, 512];

/** Simonyan, Zisserman 2014, configurations D and E. */
export function vgg(depth: keyof typeof STAGES, { size = 224, classes = 1000 } = {}): Network {
  const net = new NetworkBuilder();
  let x = net.image(3, size);
  net.scope("features", () => {
    STAGES[depth].forEach((convolutions, stage) => {
      const out = CHANNELS[stage] ?? 512;
      for (let index = 1; index <= convolutions; index += 1) {
        x = net.relu(net.conv(x, `conv${stage + 1}_${index}`, { out, kernel: 3, pad: 1 }));
      }
      x = net.maxPool(x, { kernel: 2, stride: 2 });
    });
  });
  x = net.scope("classifier", () => {
    const y = net.relu(net.dense(net.flatten(x), "fc6", 4096));
    return net.softmax(net.dense(net.relu(net.dense(y, "fc7", 4096)), "fc8", classes));
  });
  return net.finish(`vgg${depth}`, x);
}
