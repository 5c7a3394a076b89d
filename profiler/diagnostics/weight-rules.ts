import { formatShare } from "../format-numbers.ts";
import { NEAR_ZERO } from "../views/weight-statistics.ts";
import type { LayerWeights, Rule } from "./rule.ts";

/** Fewer numbers lie on some grid by chance. */
const FEWEST_ELEMENTS = 16;

/** Distance from the grid, in steps, that rounding to float32 explains. */
const GRID_TOLERANCE = 0.01;

/** Values of an 8-bit integer. */
const LEVELS = 256;

/** What only the weights' numbers tell. */
export const WEIGHT_RULES: readonly Rule[] = [
  {
    code: "dead-channels",
    title: "Dead or nearly dead channels",
    severity: "information",
    summary: "Output channels whose weights are next to nothing beside the layer’s largest channel.",
    explanation:
      "A channel whose filter is zero gives the same number everywhere, its bias: everything behind it can take that into its own bias, and the channel can go. Training with weight decay leaves such channels behind batch normalisations.",
    literature: [
      "Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017",
      "Mehta et al., On Implicit Filter Level Sparsity, CVPR 2019",
    ],
    threshold: {
      default: 0.001,
      minimum: 0,
      maximum: 1,
      isInteger: false,
      description: "Norm of a channel’s weights, relative to the layer’s largest, below which it is called dead.",
    },
    findInWeights: deadChannels,
  },
  {
    code: "int8-weights",
    title: "Float weights that fit in 8 bits",
    severity: "information",
    summary: "Weights stored as floating point whose values all lie on a grid of at most 256 steps.",
    explanation:
      "Such weights were quantized once and converted back to floats, or clustered in training. Stored as 8-bit integers with a scale they lose nothing and take a quarter of the bytes.",
    literature: ["Jacob et al., CVPR 2018"],
    threshold: null,
    findInWeights: (weights) => (weights.isFloat && isGridded(weights) ? GRIDDED : undefined),
  },
  {
    code: "near-zero-weights",
    title: "Weights next to zero",
    severity: "information",
    summary: `Weights stored as floating point of which most are within ${formatShare(NEAR_ZERO)} of the layer’s largest.`,
    explanation:
      "What is so small beside the others adds next to nothing to an output. Pruned, such weights take no space in the file: it holds those that stay, and the gaps between them. The layer computes as before, and as fast.",
    literature: ["Han et al., Learning both Weights and Connections, NIPS 2015", "Hassibi, Stork, NIPS 1992"],
    threshold: {
      default: 0.5,
      minimum: 0,
      maximum: 1,
      isInteger: false,
      description: "Share of a layer’s weights next to zero, between 0 and 1, from which the layer is reported.",
    },
    findInWeights: nearZero,
  },
  {
    code: "uneven-channels",
    title: "Channels of very different ranges",
    severity: "information",
    summary: "Output channels whose largest weights differ so much that one scale for all of them is too coarse.",
    explanation:
      "Quantized with one scale for the tensor, a channel whose largest weight is a sixteenth of the layer’s keeps 4 of 8 bits. A scale for each channel keeps all of them; where a runtime takes only one scale, ranges are equalized across layers first.",
    literature: ["Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, ICCV 2019"],
    threshold: {
      default: 16,
      minimum: 1,
      maximum: 1e6,
      isInteger: false,
      description: "Largest range of a channel divided by the smallest one, from which the layer is reported.",
    },
    findInWeights: unevenChannels,
  },
];

const GRIDDED =
  "All weights lie on a grid of at most 256 steps: as 8-bit integers they would take a quarter of the bytes.";

function deadChannels({ shape, elements }: LayerWeights, threshold: number): string | undefined {
  const norms = channels(shape, elements).map((channel) => Math.sqrt(channel.reduce((sum, w) => sum + w * w, 0)));
  const largest = norms.reduce((most, norm) => Math.max(most, norm), 0);
  const dead = norms.flatMap((norm, channel) => (norm <= threshold * largest ? [channel] : []));
  if (largest === 0 || dead.length === 0) return undefined;
  const share = formatShare(dead.length / norms.length);
  const which = dead.length <= LISTED ? dead.join(", ") : `${dead.slice(0, LISTED).join(", ")}, …`;
  return `${dead.length} of ${norms.length} output channels (${share}) have next to no weights: ${which}.`;
}

const LISTED = 8;

function nearZero({ elements, isFloat }: LayerWeights, threshold: number): string | undefined {
  if (!isFloat || elements.length < FEWEST_ELEMENTS) return undefined;
  const bound = NEAR_ZERO * largestOf(elements);
  let count = 0;
  for (const element of elements) if (Math.abs(element) <= bound) count += 1;
  const share = count / elements.length;
  if (bound === 0 || share < threshold) return undefined;
  return `${formatShare(share)} of the weights are within ${formatShare(NEAR_ZERO)} of the largest: pruned, they take no space.`;
}

/** Channels without weights have no range: they are dead, and another rule tells. */
function unevenChannels({ shape, elements, isFloat }: LayerWeights, threshold: number): string | undefined {
  if (!isFloat) return undefined;
  const ranges = channels(shape, elements).map(largestOf);
  const largest = ranges.reduce((most, range) => Math.max(most, range), 0);
  const alive = ranges.filter((range) => range > DEAD * largest);
  const smallest = alive.reduce((least, range) => Math.min(least, range), largest);
  const few = alive.filter((range) => range * threshold < largest).length;
  if (few === 0) return undefined;
  return `The ranges of the output channels differ ${(largest / smallest).toFixed(0)} times: with one scale for all, ${few} of ${ranges.length} keep fewer than ${Math.max(1, Math.floor(8 - Math.log2(threshold)))} of 8 bits.`;
}

/** Of the largest range: less than 8 bits could tell anyway. */
const DEAD = 1e-3;

function largestOf(elements: Float32Array): number {
  return elements.reduce((most, element) => Math.max(most, Math.abs(element)), 0);
}

/** On one grid for all, or on one for each channel. */
function isGridded({ shape, elements }: LayerWeights): boolean {
  if (isOnGrid(elements)) return true;
  const all = channels(shape, elements);
  return all.length > 1 && all.every(isOnGrid);
}

/** A step must divide every distance: it is the smallest distance, or a part of it where the grid is thinly taken. */
function isOnGrid(elements: Float32Array): boolean {
  if (elements.length < FEWEST_ELEMENTS) return false;
  const distinct = new Set<number>();
  for (const element of elements) if (distinct.add(element).size > LEVELS) return false;
  const levels = [...distinct].sort((a, b) => a - b);
  const [lowest = 0] = levels;
  const range = (levels.at(-1) ?? lowest) - lowest;
  const gap = levels.slice(1).reduce((least, level, index) => Math.min(least, level - (levels[index] ?? 0)), Infinity);
  // Of one value alone there is no gap: a dead or constant channel is on every grid, and says nothing.
  if (!Number.isFinite(range) || !Number.isFinite(gap) || gap <= 0) return distinct.size === 1;
  const parts = Math.floor(((LEVELS - 1) * gap * (1 + GRID_TOLERANCE)) / range);
  return Array.from({ length: parts }, (_, part) => gap / (part + 1)).some((step) =>
    levels.every((level) => Math.abs((level - lowest) / step - Math.round((level - lowest) / step)) <= GRID_TOLERANCE),
  );
}

function channels([count = 1]: readonly number[], elements: Float32Array): readonly Float32Array[] {
  const size = count > 0 ? elements.length / count : 0;
  return Array.from({ length: count }, (_, channel) => elements.subarray(channel * size, (channel + 1) * size));
}
