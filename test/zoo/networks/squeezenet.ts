import type { Network, Value } from "../network.ts";
import { NetworkBuilder } from "../network-builder.ts";

/** Channels that each fire module squeezes to; it expands to four times as many in each of its two halves. */
const SQUEEZES = { fire2: 16, fire3: 16, fire4: 32, fire5: 32, fire6: 48, fire7: 48, fire8: 64, fire9: 64 } as const;

/** Where the versions differ: the first convolution, and after which modules they pool. */
const VERSIONS = {
  "1.0": { out: 96, kernel: 7, pooled: ["fire4", "fire8"] },
  "1.1": { out: 64, kernel: 3, pooled: ["fire3", "fire5"] },
} as const;

/** Iandola et al. 2016; 1.1 is the authors' later release. */
export function squeezenet(version: keyof typeof VERSIONS, { size = 224, classes = 1000 } = {}): Network {
  const net = new NetworkBuilder();
  const { out, kernel, pooled } = VERSIONS[version];
  const pooling = { kernel: 3, stride: 2, isCeil: true };
  const fire = (x: Value, name: string, squeeze: number): Value =>
    net.scope(name, () => {
      const narrow = net.relu(net.conv(x, "squeeze1x1", { out: squeeze, kernel: 1 }));
      return net.concat([
        net.relu(net.conv(narrow, "expand1x1", { out: 4 * squeeze, kernel: 1 })),
        net.relu(net.conv(narrow, "expand3x3", { out: 4 * squeeze, kernel: 3, pad: 1 })),
      ]);
    });

  let x = net.maxPool(net.relu(net.conv(net.image(3, size), "conv1", { out, kernel, stride: 2 })), pooling);
  for (const [name, squeeze] of Object.entries(SQUEEZES)) {
    x = fire(x, name, squeeze);
    if (pooled.some((module) => module === name)) x = net.maxPool(x, pooling);
  }
  x = net.relu(net.conv(x, "conv10", { out: classes, kernel: 1 }));
  return net.finish(`squeezenet${version}`, net.softmax(net.flatten(net.globalPool(x))));
}
