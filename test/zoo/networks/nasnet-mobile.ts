import type { Network, Value } from "../network.ts";
import { NetworkBuilder } from "../network-builder.ts";

/** Channels of the first convolution. */
const STEM = 32;
/** The last cells' output is this many times as wide as a cell of the first stage inside: 1056 / 24 = 44. */
const PENULTIMATE_OVER_FILTERS = 24;

/** Zoph et al. 2017, NASNet-A (4 @ 1056): N = 4 normal cells a stage, 1056 channels before the classifier. */
export function nasnetMobile({ size = 224, classes = 1000, cells = 4, penultimate = 1056 } = {}): Network {
  const net = new NetworkBuilder();
  const filters = penultimate / PENULTIMATE_OVER_FILTERS;
  const stem = net.conv(net.image(3, size), "conv0", { out: STEM, kernel: 3, stride: 2, hasBias: false });
  let current = net.batchNorm(stem, "bn0");
  let previous = current;
  const step = (name: string, cell: typeof normalCell, width: number): void => {
    const next = net.scope(name, () => cell(net, current, previous, width));
    [previous, current] = [current, next];
  };
  step("stem_1", reductionCell, filters / 4);
  step("stem_2", reductionCell, filters / 2);
  for (const stage of [1, 2, 3]) {
    const width = filters * 2 ** (stage - 1);
    if (stage > 1) step(`reduction_${stage - 1}`, reductionCell, width);
    for (let index = 1; index <= cells; index += 1) step(`stage${stage}/normal_${index}`, normalCell, width);
  }
  const pooled = net.globalPool(net.relu(current));
  return net.finish("nasnet_mobile", net.softmax(net.dense(net.flatten(pooled), "fc", classes)));
}

function normalCell(net: NetworkBuilder, current: Value, previous: Value, filters: number): Value {
  const before = adjusted(net, previous, current, filters);
  const here = squeezed(net, current, filters, "squeeze");
  const average = { kernel: 3, pad: "same" } as const;
  const [five, three] = [separable(net, here, filters, 5, 1, "1a"), separable(net, before, filters, 3, 1, "1b")];
  return net.concat([
    before,
    net.plus(five, three),
    net.plus(separable(net, before, filters, 5, 1, "2a"), separable(net, before, filters, 3, 1, "2b")),
    net.plus(net.averagePool(here, average), before),
    net.plus(net.averagePool(before, average), net.averagePool(before, average)),
    net.plus(separable(net, here, filters, 3, 1, "5a"), here),
  ]);
}

function reductionCell(net: NetworkBuilder, current: Value, previous: Value, filters: number): Value {
  const before = adjusted(net, previous, current, filters);
  const here = squeezed(net, current, filters, "squeeze");
  const halving = { kernel: 3, stride: 2, pad: "same" } as const;
  const one = net.plus(separable(net, here, filters, 5, 2, "1a"), separable(net, before, filters, 7, 2, "1b"));
  const two = net.plus(net.maxPool(here, halving), separable(net, before, filters, 7, 2, "2b"));
  const three = net.plus(net.averagePool(here, halving), separable(net, before, filters, 5, 2, "3b"));
  const four = net.plus(net.averagePool(one, { kernel: 3, pad: "same" }), two);
  const five = net.plus(separable(net, one, filters, 3, 1, "5a"), net.maxPool(here, halving));
  return net.concat([two, three, four, five]);
}

/** A separable convolution applied twice, the stride in the first. */
function separable(
  net: NetworkBuilder,
  x: Value,
  filters: number,
  kernel: number,
  stride: number,
  name: string,
): Value {
  return net.scope(`separable_${name}`, () =>
    [stride, 1].reduce((y, step, index) => {
      const spread = net.depthwise(net.relu(y), `depthwise_${index + 1}`, {
        kernel,
        stride: step,
        pad: "same",
        hasBias: false,
      });
      const mixed = net.conv(spread, `pointwise_${index + 1}`, { out: filters, kernel: 1, hasBias: false });
      return net.batchNorm(mixed, `bn_${index + 1}`);
    }, x),
  );
}

function squeezed(net: NetworkBuilder, x: Value, filters: number, name: string): Value {
  return net.batchNorm(net.conv(net.relu(x), name, { out: filters, kernel: 1, hasBias: false }), `${name}_bn`);
}

/** The state before the last, brought to the size and width of a cell; as it is where there is none yet. */
function adjusted(net: NetworkBuilder, previous: Value, current: Value, filters: number): Value {
  const [, channels, height] = previous.shape;
  if (previous === current) return previous;
  if (height === current.shape[2]) return channels === filters ? previous : squeezed(net, previous, filters, "adjust");
  // Factorised reduction: every second pixel, and every second one a row and a column further, half of the channels from each.
  return net.scope("reduce", () => {
    const x = net.relu(previous);
    const every = { kernel: 1, stride: 2 };
    const half = { out: filters / 2, kernel: 1, hasBias: false };
    const shifted = net.crop(net.pad(x, [0, 0, 0, 0], [0, 0, 1, 1]), [0, 0, 1, 1]);
    const halves = [
      net.conv(net.averagePool(x, every), "even", half),
      net.conv(net.averagePool(shifted, every), "odd", half),
    ];
    return net.batchNorm(net.concat(halves));
  });
}
