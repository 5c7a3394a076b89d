import type { Network, Value } from "../network.ts";
import { NetworkBuilder } from "../network-builder.ts";

/** Bottleneck blocks of each stage, by depth. */
const BLOCKS = { 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3] } as const;

export interface ResNetOptions {
  readonly size?: number;
  readonly classes?: number;
  /** Which convolution of a bottleneck halves the image: the first 1×1, as in the paper, or the 3×3, as everybody does since ("v1.5"). */
  readonly halves?: "first" | "3x3";
}

/** He et al. 2015, the bottleneck networks of Table 1. */
export function resnet(depth: keyof typeof BLOCKS, options: ResNetOptions = {}): Network {
  const { size = 224, classes = 1000, halves = "first" } = options;
  const net = new NetworkBuilder();
  const conv = (x: Value, name: string, out: number, kernel: number, stride = 1): Value =>
    net.batchNorm(
      net.conv(x, `conv${name}`, { out, kernel, stride, pad: (kernel - 1) / 2, hasBias: false }),
      `bn${name}`,
    );
  let x = net.maxPool(net.relu(conv(net.image(3, size), "1", 64, 7, 2)), { kernel: 3, stride: 2, pad: 1 });
  BLOCKS[depth].forEach((blocks, stage) => {
    const inner = 64 * 2 ** stage;
    net.scope(`layer${stage + 1}`, () => {
      for (let block = 0; block < blocks; block += 1) {
        const stride = block === 0 && stage > 0 ? 2 : 1;
        const [first, second] = halves === "first" ? [stride, 1] : [1, stride];
        x = net.scope(`block${block}`, () => {
          let y = net.relu(conv(x, "1", inner, 1, first));
          y = net.relu(conv(y, "2", inner, 3, second));
          y = conv(y, "3", 4 * inner, 1);
          const shortcut = block === 0 ? net.scope("downsample", () => conv(x, "", 4 * inner, 1, stride)) : x;
          return net.relu(net.plus(y, shortcut));
        });
      }
    });
  });
  return net.finish(
    halves === "first" ? `resnet${depth}` : `resnet${depth}_v1.5`,
    net.dense(net.flatten(net.globalPool(x)), "fc", classes),
  );
}
