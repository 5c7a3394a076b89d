import type { Network, Value } from "../network.ts";
import { NetworkBuilder } from "../network-builder.ts";

export interface MobileNetOptions {
  /** α: thins every layer. */
  readonly width?: number;
  /** The input's size, 224 times ρ. */
  readonly size?: number;
  readonly classes?: number;
  /** "plain" has a full 3×3 convolution in place of each depthwise and pointwise pair ("Conv MobileNet"). */
  readonly convolutions?: "separable" | "plain";
  /** Without the five layers of 14×14×512. */
  readonly isShallow?: boolean;
}

/** Output channels and stride of each pair, Table 1 of the paper; its last pair's stride of 2 keeps the size there, so it is 1. */
const PAIRS = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
] as const;
const FIRST_OF_FIVE = 6;
const BEHIND_THE_FIVE = 11;

/** Howard et al. 2017. */
export function mobilenetV1(options: MobileNetOptions = {}): Network {
  const { width = 1, size = 224, classes = 1000, convolutions = "separable", isShallow = false } = options;
  const net = new NetworkBuilder();
  const normal = (x: Value): Value => net.relu6(net.batchNorm(x));
  const thin = (channels: number): number => Math.round(channels * width);
  const kernel = { kernel: 3, pad: "same", hasBias: false } as const;

  let x = net.scope("conv1", () =>
    normal(net.conv(net.image(3, size), "conv", { ...kernel, out: thin(32), stride: 2 })),
  );
  PAIRS.forEach(([channels, stride], index) => {
    if (isShallow && index >= FIRST_OF_FIVE && index < BEHIND_THE_FIVE) return;
    const out = thin(channels);
    x = net.scope(`block${index + 1}`, () => {
      if (convolutions === "plain") return normal(net.conv(x, "conv", { ...kernel, out, stride }));
      const spread = normal(net.depthwise(x, "depthwise", { ...kernel, stride }));
      return normal(net.conv(spread, "pointwise", { out, kernel: 1, hasBias: false }));
    });
  });
  const name = `mobilenet_v1${convolutions === "plain" ? "_conv" : ""}${isShallow ? "_shallow" : ""}_${width}_${size}`;
  return net.finish(name, net.softmax(net.dense(net.flatten(net.globalPool(x)), "fc", classes)));
}

export interface SingleLayerOptions {
  readonly convolutions: "separable" | "plain";
  readonly channels?: number;
  readonly size?: number;
}

/** The one inner layer that Table 3 of the paper thins step by step: D_K 3, M = N, no bias and no normalisation. */
export function mobilenetLayer({ convolutions, channels = 512, size = 14 }: SingleLayerOptions): Network {
  const net = new NetworkBuilder();
  const x = net.image(channels, size);
  const kernel = { kernel: 3, pad: 1, hasBias: false };
  const output =
    convolutions === "plain"
      ? net.conv(x, "conv", { ...kernel, out: channels })
      : net.conv(net.depthwise(x, "depthwise", kernel), "pointwise", { out: channels, kernel: 1, hasBias: false });
  return net.finish(`mobilenet_layer_${convolutions}_${channels}_${size}`, output);
}
