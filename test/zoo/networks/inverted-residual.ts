import type { Value } from "../network.ts";
import type { NetworkBuilder } from "../network-builder.ts";

export interface InvertedResidual {
  readonly out: number;
  readonly expansion: number;
  readonly kernel: number;
  readonly stride: number;
  readonly activation: "relu" | "relu6";
  /** Share of the block's input channels that squeeze-and-excitation goes through. */
  readonly squeeze?: number;
}

/** Expansion, depthwise convolution, linear projection: the block of MobileNetV2 and of all that came from it. */
export function invertedResidual(net: NetworkBuilder, x: Value, block: InvertedResidual): Value {
  const { out, expansion, kernel, stride, activation, squeeze } = block;
  const inner = channelsOf(x) * expansion;
  let y = x;
  if (expansion !== 1) {
    y = net.conv(y, "expand", { out: inner, kernel: 1, hasBias: false });
    y = net.activation(net.batchNorm(y, "expand_bn"), activation);
  }
  y = net.depthwise(y, "depthwise", { kernel, stride, pad: (kernel - 1) / 2, hasBias: false });
  y = net.activation(net.batchNorm(y, "depthwise_bn"), activation);
  if (squeeze !== undefined) y = squeezeAndExcite(net, y, Math.round(channelsOf(x) * squeeze));
  y = net.batchNorm(net.conv(y, "project", { out, kernel: 1, hasBias: false }), "project_bn");
  return stride === 1 && channelsOf(x) === out ? net.plus(x, y) : y;
}

function squeezeAndExcite(net: NetworkBuilder, x: Value, squeezed: number): Value {
  return net.scope("se", () => {
    const narrow = net.relu(net.conv(net.globalPool(x), "reduce", { out: squeezed, kernel: 1 }));
    const gate = net.activation(net.conv(narrow, "expand", { out: channelsOf(x), kernel: 1 }), "sigmoid");
    return net.times(x, gate);
  });
}

function channelsOf(x: Value): number {
  return x.shape[1] ?? 0;
}
