import type { Network, Value } from "../network.ts";
import { NetworkBuilder } from "../network-builder.ts";

/** What stands between the two pointwise convolutions of a bottleneck. */
type Middle = "regular" | "asymmetric" | { readonly dilation: number };

/** Stages 2 and 3 of the paper's Table 1, alike but for stage 2's halving in front. */
const MIDDLES: readonly Middle[] = [
  "regular",
  { dilation: 2 },
  "asymmetric",
  { dilation: 4 },
  "regular",
  { dilation: 8 },
  "asymmetric",
  { dilation: 16 },
];

/** How much narrower a bottleneck is inside. */
const PROJECTION = 4;

export interface ENetOptions {
  /** Height and width, both multiples of 8. */
  readonly size?: readonly [number, number];
  readonly classes?: number;
}

/** Paszke et al. 2016: segmentation with an encoder of dilated and asymmetric convolutions and a decoder that unpools. */
export function enet({ size = [360, 640], classes = 19 }: ENetOptions = {}): Network {
  const net = new NetworkBuilder();
  const image = net.image(3, size);
  let x = net.scope("initial", () => {
    const conv = net.conv(image, "conv", { out: 13, kernel: 3, stride: 2, pad: 1, hasBias: false });
    return net.prelu(net.batchNorm(net.concat([conv, net.maxPool(image, { kernel: 2, stride: 2 })])));
  });
  const first = net.scope("bottleneck1_0", () => halve(net, x, 64));
  x = first.output;
  for (let index = 1; index <= 4; index += 1)
    x = net.scope(`bottleneck1_${index}`, () => bottleneck(net, x, "regular"));
  const second = net.scope("bottleneck2_0", () => halve(net, x, 128));
  x = second.output;
  for (const stage of [2, 3]) {
    MIDDLES.forEach((middle, index) => {
      x = net.scope(`bottleneck${stage}_${stage === 2 ? index + 1 : index}`, () => bottleneck(net, x, middle));
    });
  }
  x = net.scope("bottleneck4_0", () => double(net, x, 64, second.pooled));
  for (const index of [1, 2]) x = net.scope(`bottleneck4_${index}`, () => bottleneck(net, x, "regular"));
  x = net.scope("bottleneck5_0", () => double(net, x, 16, first.pooled));
  x = net.scope("bottleneck5_1", () => bottleneck(net, x, "regular"));
  return net.finish("enet", net.transposedConv(x, "fullconv", { out: classes, kernel: 2, stride: 2 }));
}

/** Normalised and activated. */
function normal(net: NetworkBuilder, x: Value): Value {
  return net.prelu(net.batchNorm(x));
}

function bottleneck(net: NetworkBuilder, x: Value, middle: Middle): Value {
  const channels = x.shape[1] ?? 0;
  const inner = channels / PROJECTION;
  let y = normal(net, net.conv(x, "project", { out: inner, kernel: 1, hasBias: false }));
  if (middle === "asymmetric") {
    y = net.conv(y, "column", { out: inner, kernel: [5, 1], pad: [2, 0], hasBias: false });
    y = net.conv(y, "row", { out: inner, kernel: [1, 5], pad: [0, 2] });
  } else {
    const dilation = middle === "regular" ? 1 : middle.dilation;
    y = net.conv(y, "conv", { out: inner, kernel: 3, pad: dilation, dilation });
  }
  y = net.batchNorm(net.conv(normal(net, y), "expand", { out: channels, kernel: 1, hasBias: false }), "expand_bn");
  return net.prelu(net.plus(x, y));
}

/** Also gives the pooling of its shortcut, whose places the decoder fills again. */
function halve(net: NetworkBuilder, x: Value, out: number): { readonly output: Value; readonly pooled: Value } {
  const inner = (x.shape[1] ?? 0) / PROJECTION;
  const pooled = net.maxPool(x, { kernel: 2, stride: 2, keepsPlaces: true });
  const shortcut = net.pad(pooled, [0, 0, 0, 0], [0, out - (x.shape[1] ?? 0), 0, 0]);
  let y = normal(net, net.conv(x, "project", { out: inner, kernel: 2, stride: 2, hasBias: false }));
  y = normal(net, net.conv(y, "conv", { out: inner, kernel: 3, pad: 1 }));
  y = net.batchNorm(net.conv(y, "expand", { out, kernel: 1, hasBias: false }), "expand_bn");
  return { output: net.prelu(net.plus(shortcut, y)), pooled };
}

function double(net: NetworkBuilder, x: Value, out: number, pooled: Value): Value {
  const inner = (x.shape[1] ?? 0) / PROJECTION;
  const narrow = net.batchNorm(net.conv(x, "shortcut", { out, kernel: 1, hasBias: false }), "shortcut_bn");
  const shortcut = net.unpool(narrow, pooled);
  let y = normal(net, net.conv(x, "project", { out: inner, kernel: 1, hasBias: false }));
  y = normal(net, net.transposedConv(y, "transposed", { out: inner, kernel: 3, stride: 2 }));
  y = net.batchNorm(net.conv(y, "expand", { out, kernel: 1, hasBias: false }), "expand_bn");
  return net.prelu(net.plus(shortcut, y));
}
