import { totalEnergy } from "../cost/energy.ts";
import { formatBytes, formatShare } from "../format-numbers.ts";
import type { LayerProfile } from "../profile.ts";
import type { Finding, Subject } from "./diagnosis.ts";
import type { Rule, Threshold } from "./rule.ts";

/** A share is no news while every layer has about the same: one that stands out has at least twice what an equal part would be. */
const OUTSTANDING = 2;

export function shareThreshold(share: number, of: string): Threshold {
  return { default: share, minimum: 0, maximum: 1, isInteger: false, description: `Share of ${of}, between 0 and 1.` };
}

/** Layers that alone have more than a share of a total. */
export const SHARE_RULES: readonly Rule[] = [
  {
    code: "parameters-share",
    title: "Most of the parameters in one layer",
    severity: "information",
    summary: "A layer that alone has more than a share of the model’s parameters.",
    explanation:
      "Download size and memory traffic follow the parameters, and one layer decides them: making others smaller changes little. In classifiers of the AlexNet kind it is the first dense layer.",
    literature: ["Han et al., Learning both Weights and Connections, NIPS 2015"],
    threshold: shareThreshold(0.25, "the model’s parameters"),
    find: (subject, threshold) =>
      outstanding(subject, threshold, {
        what: "parameters",
        total: subject.profile.totals.parameters,
        value: ({ parameters }) => parameters,
      }),
  },
  {
    code: "macs-share",
    title: "Most of the arithmetic in one layer",
    severity: "information",
    summary: "A layer that alone has more than a share of the model’s multiply-accumulates.",
    explanation: "Whatever is done to the other layers, the model takes at least this layer’s time.",
    literature: ["Howard et al., MobileNets, 2017"],
    threshold: shareThreshold(0.25, "the model’s MACs"),
    find: (subject, threshold) =>
      outstanding(subject, threshold, { what: "MACs", total: subject.profile.totals.macs, value: ({ macs }) => macs }),
  },
  {
    code: "energy-share",
    title: "Most of the energy in one layer",
    severity: "information",
    summary: "A layer that alone takes more than a share of the model’s estimated energy.",
    explanation:
      "A word from DRAM costs more than a hundred times a multiplication: large weights and large maps take the energy, not only arithmetic. The details of the layer on the page divide its energy into arithmetic, weights and activations.",
    literature: ["Horowitz, Computing’s Energy Problem, ISSCC 2014", "Han et al., EIE, ISCA 2016"],
    threshold: shareThreshold(0.25, "the model’s estimated energy"),
    find: (subject, threshold) =>
      outstanding(subject, threshold, {
        what: "estimated energy",
        total: subject.profile.totals.energyPicojoules,
        value: ({ energy }) => energy && totalEnergy(energy),
      }),
  },
  {
    code: "peak-memory",
    title: "One layer decides the peak memory",
    severity: "information",
    summary: "A layer whose own inputs and outputs fill more than a share of the model’s peak memory.",
    explanation:
      "The arena is as large as the step that needs most of it. A layer that needs nearly all of it alone sets the memory of the whole inference: smaller maps or fewer channels there make the model fit where nothing else does.",
    literature: ["Sandler et al., MobileNetV2, CVPR 2018, section 5.1", "Lin et al., MCUNet, NeurIPS 2020"],
    threshold: shareThreshold(0.8, "the model’s peak memory"),
    find: atPeak,
  },
  {
    code: "data-movement",
    title: "Time goes into moving data",
    severity: "information",
    summary: "A layer that only rearranges numbers and takes more than a share of the estimated latency.",
    explanation:
      "Transposes, concatenations, slices and padding compute nothing, and cost what their bytes cost to move. Those between two layouts often come from the converter and can be avoided there; those without effect can be removed.",
    literature: ["Ma et al., ShuffleNet V2, ECCV 2018: element-wise operations are not negligible"],
    threshold: shareThreshold(0.05, "the model’s estimated latency"),
    find: (subject, threshold) =>
      outstanding(subject, threshold, {
        what: "estimated latency, and computes nothing",
        total: subject.profile.totals.latencySeconds,
        value: ({ kind, latencySeconds }) => (kind === "data-movement" ? latencySeconds : null),
        among: ({ latencySeconds }) => latencySeconds,
      }),
  },
];

interface Measure {
  readonly what: string;
  readonly total: number;
  readonly value: (layer: LayerProfile) => number | null;
  /** Whose equal part a share is compared with; `value` where it is left out. */
  readonly among?: (layer: LayerProfile) => number | null;
}

function outstanding(
  subject: Subject,
  threshold: number,
  { what, total, value, among = value }: Measure,
): readonly Finding[] {
  const layers = subject.counted();
  const sharers = layers.filter((layer) => (among(layer) ?? 0) > 0).length;
  const least = Math.max(threshold, OUTSTANDING / sharers);
  return layers.flatMap((layer): readonly Finding[] => {
    const share = total > 0 ? (value(layer) ?? 0) / total : 0;
    if (share < least) return [];
    return [{ layer: layer.index, message: `${layer.op} has ${formatShare(share)} of the model’s ${what}.` }];
  });
}

/** Layers that may write over their input take less than both, and are left out. */
function atPeak(subject: Subject, threshold: number): readonly Finding[] {
  const { peakMemoryBytes } = subject.profile.totals;
  if (!peakMemoryBytes) return [];
  const shares = subject.counted().flatMap(({ index, op, activationBytes }) => {
    const isInPlace = (subject.layers[index]?.inPlace.length ?? 0) > 0;
    return isInPlace || !activationBytes ? [] : [{ index, op, bytes: activationBytes }];
  });
  const sorted = shares.map(({ bytes }) => bytes).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return shares
    .filter(({ bytes }) => bytes >= Math.max(threshold * peakMemoryBytes, OUTSTANDING * median))
    .map(({ index, op, bytes }) => {
      const share = formatShare(bytes / peakMemoryBytes);
      return {
        layer: index,
        message: `Inputs and outputs of this ${op} alone (${formatBytes(bytes)}) are ${share} of the peak memory.`,
      };
    });
}
