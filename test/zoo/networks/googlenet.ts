import type { Network, Value } from "../network.ts";
import { NetworkBuilder } from "../network-builder.ts";

/** Table 1 of the paper: 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool projection. */
const INCEPTIONS = {
  "3a": [64, 96, 128, 16, 32, 32],
  "3b": [128, 128, 192, 32, 96, 64],
  "4a": [192, 96, 208, 16, 48, 64],
  "4b": [160, 112, 224, 24, 64, 64],
  "4c": [128, 128, 256, 24, 64, 64],
  "4d": [112, 144, 288, 32, 64, 64],
  "4e": [256, 160, 320, 32, 128, 128],
  "5a": [256, 160, 320, 32, 128, 128],
  "5b": [384, 192, 384, 48, 128, 128],
} as const;

/** Szegedy et al. 2014, without the auxiliary classifiers, which only training has. */
export function googlenet({ size = 224, classes = 1000 } = {}): Network {
  const net = new NetworkBuilder();
  const conv = (x: Value, name: string, out: number, kernel: number, stride = 1): Value =>
    net.relu(net.conv(x, name, { out, kernel, stride, pad: (kernel - 1) / 2 }));
  const pooling = { kernel: 3, stride: 2, isCeil: true };
  const inception = (x: Value, name: keyof typeof INCEPTIONS): Value =>
    net.scope(`inception_${name}`, () => {
      const [one, threeReduce, three, fiveReduce, five, projection] = INCEPTIONS[name];
      return net.concat([
        conv(x, "1x1", one, 1),
        conv(conv(x, "3x3_reduce", threeReduce, 1), "3x3", three, 3),
        conv(conv(x, "5x5_reduce", fiveReduce, 1), "5x5", five, 5),
        conv(net.maxPool(x, { kernel: 3, pad: 1 }), "pool_proj", projection, 1),
      ]);
    });

  let x = net.lrn(net.maxPool(conv(net.image(3, size), "conv1", 64, 7, 2), pooling), 1);
  x = net.maxPool(net.lrn(conv(conv(x, "conv2_reduce", 64, 1), "conv2", 192, 3), 1), pooling);
  x = net.maxPool(inception(inception(x, "3a"), "3b"), pooling);
  for (const name of ["4a", "4b", "4c", "4d", "4e"] as const) x = inception(x, name);
  x = net.maxPool(x, pooling);
  x = net.globalPool(inception(inception(x, "5a"), "5b"));
  return net.finish("googlenet", net.softmax(net.dense(net.flatten(x), "fc", classes)));
}
