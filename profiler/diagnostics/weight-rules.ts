import { formatShare } from "../format-numbers.ts";
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
      "Such weights were quantized once and widened again, or clustered in training. Stored as 8-bit integers with a scale they lose nothing, and the file loses three quarters.",
    literature: ["Jacob et al., CVPR 2018"],
    threshold: null,
    findInWeights: (weights) => (weights.isFloat && isGridded(weights) ? GRIDDED : undefined),
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
