import type { Network, Pair, Value } from "../network.ts";
import { NetworkBuilder, type ConvOptions } from "../network-builder.ts";

type Conv = (x: Value, name: string, options: ConvOptions) => Value;

/** Szegedy et al. 2015, as it was published with weights (and as torchvision has it), without the auxiliary classifier. */
export function inceptionV3({ size = 299, classes = 1000 } = {}): Network {
  const net = new NetworkBuilder();
  const conv: Conv = (x, name, options) =>
    net.scope(name, () => net.relu(net.batchNorm(net.conv(x, "conv", { ...options, hasBias: false }))));
  const pooling = { kernel: 3, stride: 2 };

  let x = conv(net.image(3, size), "conv1a", { out: 32, kernel: 3, stride: 2 });
  x = conv(x, "conv2a", { out: 32, kernel: 3 });
  x = net.maxPool(conv(x, "conv2b", { out: 64, kernel: 3, pad: 1 }), pooling);
  x = conv(x, "conv3b", { out: 80, kernel: 1 });
  x = net.maxPool(conv(x, "conv4a", { out: 192, kernel: 3 }), pooling);
  for (const [name, pooled] of [
    ["mixed_5b", 32],
    ["mixed_5c", 64],
    ["mixed_5d", 64],
  ] as const) {
    x = net.scope(name, () => grid35(net, conv, x, pooled));
  }
  x = net.scope("mixed_6a", () => reduceTo17(net, conv, x));
  for (const [name, inner] of [
    ["mixed_6b", 128],
    ["mixed_6c", 160],
    ["mixed_6d", 160],
    ["mixed_6e", 192],
  ] as const) {
    x = net.scope(name, () => grid17(net, conv, x, inner));
  }
  x = net.scope("mixed_7a", () => reduceTo8(net, conv, x));
  for (const name of ["mixed_7b", "mixed_7c"]) x = net.scope(name, () => grid8(net, conv, x));
  return net.finish("inception_v3", net.softmax(net.dense(net.flatten(net.globalPool(x)), "fc", classes)));
}

/** 7 wide or 7 high, padded to keep the size. */
const WIDE = { kernel: [1, 7] as Pair, pad: [0, 3] as Pair };
const HIGH = { kernel: [7, 1] as Pair, pad: [3, 0] as Pair };

function pooledBranch(net: NetworkBuilder, conv: Conv, x: Value, out: number): Value {
  return conv(net.averagePool(x, { kernel: 3, pad: 1 }), "branch_pool", { out, kernel: 1 });
}

function grid35(net: NetworkBuilder, conv: Conv, x: Value, pooled: number): Value {
  let double = conv(x, "branch3x3dbl_1", { out: 64, kernel: 1 });
  double = conv(double, "branch3x3dbl_2", { out: 96, kernel: 3, pad: 1 });
  return net.concat([
    conv(x, "branch1x1", { out: 64, kernel: 1 }),
    conv(conv(x, "branch5x5_1", { out: 48, kernel: 1 }), "branch5x5_2", { out: 64, kernel: 5, pad: 2 }),
    conv(double, "branch3x3dbl_3", { out: 96, kernel: 3, pad: 1 }),
    pooledBranch(net, conv, x, pooled),
  ]);
}

function reduceTo17(net: NetworkBuilder, conv: Conv, x: Value): Value {
  const double = conv(conv(x, "branch3x3dbl_1", { out: 64, kernel: 1 }), "branch3x3dbl_2", {
    out: 96,
    kernel: 3,
    pad: 1,
  });
  return net.concat([
    conv(x, "branch3x3", { out: 384, kernel: 3, stride: 2 }),
    conv(double, "branch3x3dbl_3", { out: 96, kernel: 3, stride: 2 }),
    net.maxPool(x, { kernel: 3, stride: 2 }),
  ]);
}

function grid17(net: NetworkBuilder, conv: Conv, x: Value, inner: number): Value {
  let single = conv(x, "branch7x7_1", { out: inner, kernel: 1 });
  single = conv(single, "branch7x7_2", { out: inner, ...WIDE });
  let double = conv(x, "branch7x7dbl_1", { out: inner, kernel: 1 });
  double = conv(double, "branch7x7dbl_2", { out: inner, ...HIGH });
  double = conv(double, "branch7x7dbl_3", { out: inner, ...WIDE });
  double = conv(double, "branch7x7dbl_4", { out: inner, ...HIGH });
  return net.concat([
    conv(x, "branch1x1", { out: 192, kernel: 1 }),
    conv(single, "branch7x7_3", { out: 192, ...HIGH }),
    conv(double, "branch7x7dbl_5", { out: 192, ...WIDE }),
    pooledBranch(net, conv, x, 192),
  ]);
}

function reduceTo8(net: NetworkBuilder, conv: Conv, x: Value): Value {
  let seven = conv(x, "branch7x7x3_1", { out: 192, kernel: 1 });
  seven = conv(conv(seven, "branch7x7x3_2", { out: 192, ...WIDE }), "branch7x7x3_3", { out: 192, ...HIGH });
  return net.concat([
    conv(conv(x, "branch3x3_1", { out: 192, kernel: 1 }), "branch3x3_2", { out: 320, kernel: 3, stride: 2 }),
    conv(seven, "branch7x7x3_4", { out: 192, kernel: 3, stride: 2 }),
    net.maxPool(x, { kernel: 3, stride: 2 }),
  ]);
}

function grid8(net: NetworkBuilder, conv: Conv, x: Value): Value {
  const fork = (y: Value, name: string): readonly Value[] => [
    conv(y, `${name}a`, { out: 384, kernel: [1, 3], pad: [0, 1] }),
    conv(y, `${name}b`, { out: 384, kernel: [3, 1], pad: [1, 0] }),
  ];
  const double = conv(conv(x, "branch3x3dbl_1", { out: 448, kernel: 1 }), "branch3x3dbl_2", {
    out: 384,
    kernel: 3,
    pad: 1,
  });
  return net.concat([
    conv(x, "branch1x1", { out: 320, kernel: 1 }),
    ...fork(conv(x, "branch3x3_1", { out: 384, kernel: 1 }), "branch3x3_2"),
    ...fork(double, "branch3x3dbl_3"),
    pooledBranch(net, conv, x, 192),
  ]);
}
