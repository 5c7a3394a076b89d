import type { Network } from "../network.ts";
import { NetworkBuilder } from "../network-builder.ts";
import { invertedResidual } from "./inverted-residual.ts";

interface Stage {
  readonly expansion: number;
  readonly kernel: number;
  readonly out: number;
  readonly repeats: number;
  readonly stride: number;
  readonly squeeze?: number;
}

/** Squeeze-and-excitation goes through a quarter of a block's input channels. */
const SQUEEZE = 0.25;

/** Figure 7 of the paper (A1), and the network that its authors found without squeeze-and-excitation (B1). */
const STAGES = {
  A1: [
    { expansion: 6, kernel: 3, out: 24, repeats: 2, stride: 2 },
    { expansion: 3, kernel: 5, out: 40, repeats: 3, stride: 2, squeeze: SQUEEZE },
    { expansion: 6, kernel: 3, out: 80, repeats: 4, stride: 2 },
    { expansion: 6, kernel: 3, out: 112, repeats: 2, stride: 1, squeeze: SQUEEZE },
    { expansion: 6, kernel: 5, out: 160, repeats: 3, stride: 2, squeeze: SQUEEZE },
    { expansion: 6, kernel: 3, out: 320, repeats: 1, stride: 1 },
  ],
  B1: [
    { expansion: 3, kernel: 3, out: 24, repeats: 3, stride: 2 },
    { expansion: 3, kernel: 5, out: 40, repeats: 3, stride: 2 },
    { expansion: 6, kernel: 5, out: 80, repeats: 3, stride: 2 },
    { expansion: 6, kernel: 3, out: 96, repeats: 2, stride: 1 },
    { expansion: 6, kernel: 5, out: 192, repeats: 4, stride: 2 },
    { expansion: 6, kernel: 3, out: 320, repeats: 1, stride: 1 },
  ],
} as const satisfies Record<string, readonly Stage[]>;

/** Tan et al. 2018. */
export function mnasnet(version: keyof typeof STAGES, { size = 224, classes = 1000 } = {}): Network {
  const net = new NetworkBuilder();
  let x = net.conv(net.image(3, size), "conv1", { out: 32, kernel: 3, stride: 2, pad: 1, hasBias: false });
  x = net.relu(net.batchNorm(x, "bn1"));
  const separable = { out: 16, expansion: 1, kernel: 3, stride: 1, activation: "relu" } as const;
  x = net.scope("stage1", () => invertedResidual(net, x, separable));
  STAGES[version].forEach(({ repeats, ...stage }: Stage, index) => {
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const block = { ...stage, stride: repeat === 0 ? stage.stride : 1, activation: "relu" } as const;
      x = net.scope(`stage${index + 2}`, () => net.scope(`block${repeat}`, () => invertedResidual(net, x, block)));
    }
  });
  x = net.conv(x, "conv_last", { out: 1280, kernel: 1, hasBias: false });
  x = net.globalPool(net.relu(net.batchNorm(x, "bn_last")));
  return net.finish(`mnasnet_${version.toLowerCase()}`, net.softmax(net.dense(net.flatten(x), "fc", classes)));
}
