import type { Network, Value } from "../network.ts";
import { NetworkBuilder } from "../network-builder.ts";

/** Output channels of stage 2 by number of groups, Table 1 of the paper; each later stage doubles them. */
const CHANNELS = { 1: 144, 2: 200, 3: 240, 4: 272, 8: 384 } as const;
const UNITS = [4, 8, 4];
const FIRST_CHANNELS = 24;

export interface ShuffleNetOptions {
  readonly groups?: keyof typeof CHANNELS;
  /** Times the channels of every layer: "1.5×". */
  readonly scale?: number;
  readonly size?: number;
  readonly classes?: number;
}

/** Zhang et al. 2017. */
export function shufflenetV1({ groups = 3, scale = 1, size = 224, classes = 1000 }: ShuffleNetOptions = {}): Network {
  const net = new NetworkBuilder();
  const first = net.conv(net.image(3, size), "conv1", {
    out: FIRST_CHANNELS * scale,
    kernel: 3,
    stride: 2,
    pad: 1,
    hasBias: false,
  });
  let x = net.maxPool(net.relu(net.batchNorm(first, "bn1")), { kernel: 3, stride: 2, pad: 1 });
  UNITS.forEach((units, stage) => {
    const out = CHANNELS[groups] * scale * 2 ** stage;
    net.scope(`stage${stage + 2}`, () => {
      for (let index = 0; index < units; index += 1) {
        // The first pointwise layer has too few input channels for groups.
        const isFirst = stage === 0 && index === 0;
        x = net.scope(`unit${index}`, () =>
          unit(net, x, { out, stride: index === 0 ? 2 : 1, groups, firstGroups: isFirst ? 1 : groups }),
        );
      }
    });
  });
  const name = `shufflenet_v1_${scale}x_g${groups}`;
  return net.finish(name, net.softmax(net.dense(net.flatten(net.globalPool(x)), "fc", classes)));
}

interface Unit {
  readonly out: number;
  readonly stride: number;
  readonly groups: number;
  readonly firstGroups: number;
}

/** Pointwise group convolution, shuffle, depthwise, pointwise group convolution; a halving unit is joined to its pooled input. */
function unit(net: NetworkBuilder, x: Value, { out, stride, groups, firstGroups }: Unit): Value {
  const kept = stride === 1 ? 0 : (x.shape[1] ?? 0);
  const pointwise = (y: Value, name: string, channels: number, count: number): Value =>
    net.batchNorm(
      net.conv(y, `gconv${name}`, { out: channels, kernel: 1, groups: count, hasBias: false }),
      `bn${name}`,
    );
  let y = net.relu(pointwise(x, "1", out / 4, firstGroups));
  if (groups > 1) y = net.shuffle(y, groups);
  y = net.batchNorm(net.depthwise(y, "depthwise", { kernel: 3, stride, pad: 1, hasBias: false }), "bn_depthwise");
  y = pointwise(y, "2", out - kept, groups);
  if (stride === 1) return net.relu(net.plus(x, y));
  return net.relu(net.concat([net.averagePool(x, { kernel: 3, stride, pad: 1, countsPadding: true }, "shortcut"), y]));
}
