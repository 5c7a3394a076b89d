import { formatBytes, formatShare } from "../format-numbers.ts";
import type { LayerProfile } from "../profile.ts";
import { answersTo } from "../restructure/registry.ts";
import { isRefusal } from "../restructure/restructuring.ts";
import type { Finding, Subject } from "./diagnosis.ts";
import type { Rule } from "./rule.ts";
import { shareThreshold } from "./share-rules.ts";

/** What follows from what the layers are. */
export const STRUCTURE_RULES: readonly Rule[] = [
  {
    code: "no-effect",
    title: "Layer without effect",
    severity: "warning",
    summary: "A layer that passes its input on unchanged, or computes at every load what the file could hold.",
    explanation:
      "Exporters leave Identity, Dropout, Cast and Reshape behind that change nothing. Each costs a call and a look-up; removing them is exact.",
    literature: ["Jia et al., TASO, SOSP 2019"],
    threshold: null,
    find: (subject) => candidatesOf(subject, "no-effect"),
  },
  {
    code: "unfused-batch-norm",
    title: "Batch normalisation that is not folded",
    severity: "warning",
    summary: "A batch normalisation whose scale and shift fit into the weights of a layer beside it.",
    explanation:
      "In inference a batch normalisation multiplies and adds constants. Folded into the convolution beside it, it costs nothing: no parameters, no pass over the map. Folding is exact.",
    literature: ["Jacob et al., Quantization and Training of Neural Networks, CVPR 2018, section 3.2"],
    threshold: null,
    find: (subject) => candidatesOf(subject, "unfused-batch-norm"),
  },
  {
    code: "late-downsampling",
    title: "Downsampling comes late",
    severity: "information",
    summary:
      "A convolution with more than a share of the MACs on maps that a pool or stride behind it makes smaller anyway.",
    explanation:
      "Halving width and height before a convolution instead of behind it leaves a quarter of its MACs and memory. Networks for phones downsample early (MobileNet reaches 1/4 after two layers); SqueezeNet argues for large maps late in the network, for accuracy’s sake, so the edit needs training.",
    literature: [
      "He, Sun, Convolutional Neural Networks at Constrained Time Cost, CVPR 2015",
      "Iandola et al., SqueezeNet, 2016, strategy 3 (the other way round)",
    ],
    threshold: shareThreshold(0.1, "the model’s MACs"),
    find: lateDownsampling,
  },
  {
    code: "dense-head",
    title: "Dense layers dominate the file",
    severity: "warning",
    summary: "A convolutional network whose dense layers hold more than a share of its weights.",
    explanation:
      "Flattened maps make the first dense layer huge: of VGG-16’s 553 MB, FC6 has 411 MB. Global average pooling does without that layer; low rank keeps most of the accuracy with a fraction of the weights.",
    literature: ["Lin et al., Network in Network, ICLR 2014", "Denton et al., NIPS 2014"],
    threshold: shareThreshold(0.5, "the bytes of all weights"),
    find: denseHead,
  },
  {
    code: "large-kernel",
    title: "Large kernel",
    severity: "information",
    summary: "A convolution over all channels with a kernel of at least this size in two directions.",
    explanation:
      "A 5×5 kernel takes 25 products a channel pair where two 3×3 kernels see as much with 18, and 5×1 with 1×5 with 10. Depthwise convolutions are left alone: their kernels are cheap.",
    literature: [
      "Simonyan, Zisserman, Very Deep Convolutional Networks, ICLR 2015",
      "Szegedy et al., Rethinking the Inception Architecture, CVPR 2016",
    ],
    threshold: {
      default: 5,
      minimum: 2,
      maximum: 64,
      isInteger: true,
      description: "Least height and width of a kernel that is called large.",
    },
    find: largeKernels,
  },
  {
    code: "float64",
    title: "Computed in 64 bits",
    severity: "warning",
    summary: "A layer that computes in 64-bit floating point.",
    explanation:
      "Phones have no fast units for doubles, and many operators of mobile runtimes do not take them at all. Doubles often come from NumPy’s default type: convert the model to 32-bit floats.",
    literature: [],
    threshold: null,
    find: ({ profile }) =>
      profile.layers
        .filter(({ role, outputs }) => role === "compute" && outputs[0]?.dtype === "float64")
        .map(({ index, op }) => ({ layer: index, message: `This ${op} computes in 64-bit floating point.` })),
  },
];

/** Every single layer that the best answer to a diagnostic takes. */
function candidatesOf(subject: Subject, code: string): readonly Finding[] {
  const { graph } = subject;
  const [best] = answersTo(code);
  return (best?.find(graph) ?? []).flatMap((finding): readonly Finding[] => {
    if (isRefusal(finding) || finding.target === "") return [];
    const [row, ...others] = [finding.target, ...namesOf(subject, finding.layers)]
      .flatMap((name) => graph.layer(name) ?? [])
      .flatMap((layer) => subject.rowsOf(layer));
    if (row === undefined) return [];
    return [{ layer: row, message: finding.why, related: [...new Set(others)].filter((other) => other !== row) }];
  });
}

function namesOf({ graph }: Subject, ids: readonly number[]): readonly string[] {
  const wanted = new Set(ids);
  return graph.layers.filter(({ id }) => wanted.has(id)).map(({ name }) => name);
}

function lateDownsampling(subject: Subject, threshold: number): readonly Finding[] {
  const { layers, totals } = subject.profile;
  return candidatesOf(subject, "late-downsampling").flatMap((finding): readonly Finding[] => {
    const layer = layers[finding.layer];
    const share = totals.macs > 0 ? (layer?.macs ?? 0) / totals.macs : 0;
    const isGlobal = (finding.related ?? []).some((row) => isOnePlace(layers[row]));
    if (share < threshold || isGlobal) return [];
    const message = `${formatShare(share)} of the model’s MACs run here, on maps that are made smaller behind it: ${finding.message}.`;
    return [{ ...finding, message }];
  });
}

/** A pool over everything is the end of the network and no downsampling. */
function isOnePlace(layer: LayerProfile | undefined): boolean {
  const sizes = layer?.outputs[0]?.shape?.slice(1) ?? [];
  return sizes.filter((size) => size !== 1).length <= 1;
}

function denseHead(subject: Subject, threshold: number): readonly Finding[] {
  const { profile, graph } = subject;
  if (graph.layersOf("conv").length === 0) return [];
  const dense = profile.layers
    .filter(({ kind, isCounted, weightBytes }) => kind === "dense" && isCounted && (weightBytes ?? 0) > 0)
    .sort((a, b) => (b.weightBytes ?? 0) - (a.weightBytes ?? 0));
  const bytes = dense.reduce((sum, { weightBytes }) => sum + (weightBytes ?? 0), 0);
  const share = profile.totals.weightBytes > 0 ? bytes / profile.totals.weightBytes : 0;
  const [largest, ...others] = dense;
  if (largest === undefined || share < threshold) return [];
  const who = others.length === 0 ? "This dense layer holds" : `${dense.length} dense layers hold`;
  const most = others.length === 0 ? "" : `, this one ${formatBytes(largest.weightBytes ?? 0)}`;
  const message = `${who} ${formatShare(share)} of the weights’ bytes (${formatBytes(bytes)}${most}).`;
  return [{ layer: largest.index, message, related: others.map(({ index }) => index) }];
}

function largeKernels(subject: Subject, threshold: number): readonly Finding[] {
  return subject.graph.layersOf("conv").flatMap((layer): readonly Finding[] => {
    const [, perGroup = 1, ...kernel] = layer.form.weight.shape;
    if (perGroup === 1 && layer.form.groups > 1) return [];
    if (kernel.filter((size) => size >= threshold).length < 2) return [];
    const products = kernel.reduce((product, size) => product * size, 1);
    const message = `The kernel is ${kernel.join("×")}: ${products} products for each pair of channels.`;
    return subject.rowsOf(layer).map((row) => ({ layer: row, message }));
  });
}
