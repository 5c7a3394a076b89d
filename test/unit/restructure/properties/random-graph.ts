import fc from "fast-check";

import { imageShape, type Network, type Value } from "../../../zoo/network.ts";
import { NetworkBuilder } from "../../../zoo/network-builder.ts";

/** A part of a network, as data: what a failing property shrinks. */
export interface Block {
  readonly kind: BlockKind;
  /** Output channels, where the part is free to choose. */
  readonly width: number;
  readonly kernel: 1 | 3 | 5;
  readonly stride: 1 | 2;
  readonly hasBias: boolean;
}

/** A network as data: parts one behind the other, and what ends it. */
export interface Sketch {
  readonly blocks: readonly Block[];
  readonly head: keyof typeof HEADS;
}

/** @param longest how many parts at most */
export function sketches(longest: number): fc.Arbitrary<Sketch> {
  const block: fc.Arbitrary<Block> = fc.record({
    kind: fc.constantFrom(...(Object.keys(BLOCKS) as BlockKind[])),
    width: fc.constantFrom(4, 6, 8, 12),
    kernel: fc.constantFrom(1, 3, 5),
    stride: fc.constantFrom(1, 2),
    hasBias: fc.boolean(),
  });
  const head = fc.constantFrom(...(Object.keys(HEADS) as (keyof typeof HEADS)[]));
  return fc.record({ blocks: fc.array(block, { minLength: 1, maxLength: longest }), head });
}

/** The network of a sketch, on images of 10×10: small maps, and sizes that strides do not divide. */
export function networkOf({ blocks, head }: Sketch): Network {
  const net = new NetworkBuilder();
  let x = net.relu(net.conv(net.image(3, 10), "stem", { out: 8, kernel: 3, pad: 1 }));
  blocks.forEach((block, index) => {
    x = net.scope(`block${index}`, () => BLOCKS[block.kind](net, x, block));
  });
  return net.finish("random", HEADS[head](net, x));
}

type BlockKind =
  | "convolution"
  | "normalised"
  | "valid"
  | "dilated"
  | "grouped"
  | "separable"
  | "residual"
  | "projected"
  | "inception"
  | "dense"
  | "shuffled"
  | "gated"
  | "normalisation"
  | "slopes"
  | "maxPool"
  | "averagePool";

type Part = (net: NetworkBuilder, x: Value, block: Block) => Value;

const channelsOf = (x: Value): number => imageShape(x)[1];

const convolution: Part = (net, x, { width: out, kernel, stride, hasBias }) =>
  net.conv(x, "conv", { out, kernel, stride, pad: (kernel - 1) / 2, hasBias });

const normalised: Part = (net, x, block) => net.relu(net.batchNorm(convolution(net, x, block)));

/** A map is pooled while it is larger than the window. */
const isLarge = (x: Value): boolean => imageShape(x)[2] >= 4;

const BLOCKS: Readonly<Record<BlockKind, Part>> = {
  convolution: (net, x, block) => net.relu6(convolution(net, x, block)),
  normalised,
  valid: (net, x, { width: out }) => (isLarge(x) ? net.conv(x, "conv", { out, kernel: 3 }) : x),
  dilated: (net, x, { width: out, hasBias }) => net.conv(x, "conv", { out, kernel: 3, pad: 2, dilation: 2, hasBias }),
  grouped: (net, x, { hasBias, kernel }) => {
    const groups = channelsOf(x) % 2 === 0 ? 2 : 1;
    return net.relu(net.conv(x, "conv", { out: 8, kernel, pad: (kernel - 1) / 2, groups, hasBias }));
  },
  separable: (net, x, { width: out, stride, hasBias }) => {
    const spread = net.batchNorm(net.depthwise(x, "depthwise", { kernel: 3, stride, pad: 1, hasBias }));
    return net.relu6(net.batchNorm(net.conv(net.relu6(spread), "pointwise", { out, kernel: 1, hasBias }), "bn2"));
  },
  residual: (net, x, block) => {
    const inner = normalised(net, x, { ...block, stride: 1 });
    return net.relu(net.plus(net.conv(inner, "back", { out: channelsOf(x), kernel: 1 }), x));
  },
  projected: (net, x, block) => {
    const { width: out, stride } = block;
    const shortcut = net.conv(x, "shortcut", { out, kernel: 1, stride, hasBias: false });
    return net.plus(normalised(net, x, block), net.batchNorm(shortcut, "bn2"));
  },
  inception: (net, x, { width: out }) =>
    net.concat([
      net.relu(net.conv(x, "one", { out: 4, kernel: 1 })),
      net.relu(net.conv(net.conv(x, "reduce", { out: 4, kernel: 1 }), "five", { out, kernel: 5, pad: 2 })),
      net.maxPool(x, { kernel: 3, pad: 1 }),
    ]),
  dense: (net, x, block) => net.concat([x, normalised(net, x, { ...block, stride: 1 })]),
  shuffled: (net, x) => {
    const wide = net.conv(x, "widen", { out: 8, kernel: 1, groups: 1 });
    return net.conv(net.shuffle(wide, 2), "conv", { out: 8, kernel: 3, pad: 1, groups: 2 });
  },
  gated: (net, x) => {
    const squeezed = net.relu(net.conv(net.globalPool(x), "squeeze", { out: 4, kernel: 1 }));
    return net.times(x, net.activation(net.conv(squeezed, "excite", { out: channelsOf(x), kernel: 1 }), "sigmoid"));
  },
  normalisation: (net, x) => net.batchNorm(x),
  slopes: (net, x) => net.prelu(x),
  maxPool: (net, x, { stride }) => (isLarge(x) ? net.maxPool(x, { kernel: 2, stride }) : x),
  averagePool: (net, x, { stride }) => (isLarge(x) ? net.averagePool(x, { kernel: 2, stride }) : x),
};

const HEADS = {
  flattened: (net, x) => net.softmax(net.dense(net.relu(net.dense(net.flatten(x), "hidden", 10)), "classes", 5)),
  pooled: (net, x) => net.dense(net.flatten(net.globalPool(x)), "classes", 5, false),
  map: (net, x) => net.conv(x, "classes", { out: 5, kernel: 1 }),
} satisfies Record<string, (net: NetworkBuilder, x: Value) => Value>;
