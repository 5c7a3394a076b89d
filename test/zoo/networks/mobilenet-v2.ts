import type { Network } from "../network.ts";
import { NetworkBuilder } from "../network-builder.ts";
import { invertedResidual } from "./inverted-residual.ts";

/** Table 2 of the paper: expansion, channels, repeats, stride of the first. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** Sandler et al. 2018. */
export function mobilenetV2({ width = 1, size = 224, classes = 1000 } = {}): Network {
  const net = new NetworkBuilder();
  const thin = (channels: number): number => divisibleBy8(channels * width);
  const image = net.image(3, size);
  let x = net.conv(image, "conv1", { out: thin(32), kernel: 3, stride: 2, pad: 1, hasBias: false });
  x = net.relu6(net.batchNorm(x, "bn1"));
  STAGES.forEach(([expansion, channels, repeats, first], stage) => {
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const stride = repeat === 0 ? first : 1;
      const block = { out: thin(channels), expansion, kernel: 3, stride, activation: "relu6" } as const;
      x = net.scope(`stage${stage + 1}`, () => net.scope(`block${repeat}`, () => invertedResidual(net, x, block)));
    }
  });
  // The last convolution is thinned for no width under 1.
  x = net.conv(x, "conv_last", { out: width > 1 ? thin(1280) : 1280, kernel: 1, hasBias: false });
  x = net.globalPool(net.relu6(net.batchNorm(x, "bn_last")));
  return net.finish(`mobilenet_v2_${width}_${size}`, net.softmax(net.dense(net.flatten(x), "fc", classes)));
}

/** To the nearest multiple of 8, but never more than 10 % down: the authors' rule for thinned layers. */
function divisibleBy8(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}
