import type { Network } from "../network.ts";
import { macs, parameters, parametersUnnormalised, type Figure } from "../published.ts";
import { alexnet } from "./alexnet.ts";
import { bert } from "./bert.ts";
import { enet } from "./enet.ts";
import { googlenet } from "./googlenet.ts";
import { inceptionV3 } from "./inception-v3.ts";
import { mnasnet } from "./mnasnet.ts";
import { mobilenetLayer, mobilenetV1 } from "./mobilenet-v1.ts";
import { mobilenetV2 } from "./mobilenet-v2.ts";
import { nasnetMobile } from "./nasnet-mobile.ts";
import { resnet } from "./resnet.ts";
import { shufflenetV1 } from "./shufflenet-v1.ts";
import { squeezenet } from "./squeezenet.ts";
import { vgg } from "./vgg.ts";

/** A network of the literature and what its paper says of it. */
export interface ZooEntry {
  readonly title: string;
  /** Paper and table of the figures. */
  readonly source: string;
  readonly build: () => Network;
  readonly figures: readonly Figure[];
  /**
   * Parameters to the last one, as the framework releases everybody loads have them: all of them, moving averages of batch normalisation
   * included.
   */
  readonly released?: { readonly parameters: number; readonly by: string };
}

const ALEXNET = "Krizhevsky et al. 2012; figures by layer: Han et al. 2015 (Deep Compression), Table 2";
const MOBILENET = "Howard et al. 2017 (MobileNets)";
const SHUFFLENET = "Zhang et al. 2017 (ShuffleNet)";
const RESNET = "He et al. 2015, Table 1";
const MNASNET = "Tan et al. 2018, Table 1";
const KERAS = "Keras";
const TORCHVISION = "torchvision";

/** The paper counts no batch normalisation. */
const mobilenet = (
  options: Parameters<typeof mobilenetV1>[0],
  title: string,
  table: number,
  figures: readonly Figure[],
  released?: number,
): ZooEntry => ({
  title,
  source: `${MOBILENET}, Table ${table}`,
  build: () => mobilenetV1(options),
  figures,
  ...(released === undefined ? {} : { released: { parameters: released, by: KERAS } }),
});

const layer = (
  title: string,
  options: Parameters<typeof mobilenetLayer>[0],
  mults: string,
  weights: string,
): ZooEntry => ({
  title: `one layer, D_K 3: ${title}`,
  source: `${MOBILENET}, Table 3`,
  build: () => mobilenetLayer(options),
  figures: [macs(mults), parameters(weights)],
});

const shufflenet = (
  options: Parameters<typeof shufflenetV1>[0] & { groups: number; scale: number },
  table: number,
  printed: string,
): ZooEntry => ({
  title: `ShuffleNet ${options.scale}×, g=${options.groups}`,
  source: `${SHUFFLENET}, Table ${table}`,
  build: () => shufflenetV1(options),
  figures: [macs(printed, { percent: 3 })],
});

const conv = (index: number): RegExp => new RegExp(`/conv${index}/`);
const fc = (index: number): RegExp => new RegExp(`/fc${index}/`);

export const ZOO: readonly ZooEntry[] = [
  {
    title: "AlexNet",
    source: ALEXNET,
    build: () => alexnet(),
    figures: [
      macs("724"),
      parameters("61"),
      ...["105", "223", "149", "112", "74"].map((printed, index) => macs(printed, { part: conv(index + 1) })),
      ...["0.035", "0.307", "0.884", "0.663", "0.442"].map((printed, index) =>
        parameters(printed, {
          part: conv(index + 1),
          without: "biases",
          note: "Weights only, cut: conv3 is 384 × 256 × 3 × 3 = 884,736, and 885,120 with its biases",
        }),
      ),
      ...["37", "16", "4"].flatMap((printed, index) => [
        macs(printed, { part: fc(index + 6) }),
        parameters(printed, { part: fc(index + 6) }),
      ]),
    ],
    released: { parameters: 60_965_224, by: "Caffe" },
  },
  {
    title: "VGG-16",
    source: "Simonyan, Zisserman 2014, Table 2",
    build: () => vgg(16),
    figures: [macs("15300", { part: /\/conv/, percent: 1 }), parameters("138")],
    released: { parameters: 138_357_544, by: TORCHVISION },
  },
  {
    title: "VGG-19",
    source: "Simonyan, Zisserman 2014, Table 2 (144); He et al. 2015 (19.6 billion)",
    build: () => vgg(19),
    figures: [macs("19600", { percent: 1 }), parameters("144")],
    released: { parameters: 143_667_240, by: TORCHVISION },
  },
  {
    title: "GoogLeNet",
    source: "Szegedy et al. 2014; 1,550 and 6.8 as in MobileNets, Table 8",
    build: () => googlenet(),
    figures: [
      macs("1550", {
        percent: 3,
        note: "The paper's Table 1 sums to 1,502 with 34 for conv1, whose 112 × 112 × 64 × 3 × 7 × 7 are 118",
      }),
      parameters("6.8", {
        percent: 3,
        note: "The paper's Table 1 gives conv1 2.7 K; 64 × 3 × 7 × 7 are 9.4 K; biases are not in it",
      }),
    ],
    released: { parameters: 6_998_552, by: "Caffe" },
  },
  {
    title: "Inception-v3",
    source: "Szegedy et al. 2015 (under 25 million); Zoph et al. 2017, Table 2 (5.72 billion, 23.8)",
    build: () => inceptionV3(),
    figures: [macs("5720", { percent: 0.5 }), parameters("23.8")],
    released: {
      parameters: 23_851_784 + 17_216,
      by: `${KERAS}, and the 17,216 scales of normalisation that it leaves out`,
    },
  },
  {
    title: "ResNet-50",
    source: RESNET,
    build: () => resnet(50),
    figures: [
      macs("3800", { percent: 2, note: "3,858 with its classifier and every shortcut" }),
      parametersUnnormalised("25.5"),
    ],
    released: { parameters: 25_557_032 + 53_120, by: `${TORCHVISION}, and 2 × 26,560 moving averages` },
  },
  {
    title: "ResNet-50, halving in the 3×3 convolution",
    source: "Goyal et al. 2017; torchvision",
    build: () => resnet(50, { halves: "3x3" }),
    figures: [macs("4089"), parameters("25.6")],
    released: { parameters: 25_557_032 + 53_120, by: `${TORCHVISION}, and 2 × 26,560 moving averages` },
  },
  {
    title: "ResNet-152",
    source: `${RESNET}; parameters: torchvision`,
    build: () => resnet(152),
    figures: [macs("11300", { percent: 1 })],
    released: { parameters: 60_192_808 + 151_424, by: `${TORCHVISION}, and 2 × 75,712 moving averages` },
  },
  {
    title: "SqueezeNet 1.0",
    source: "Iandola et al. 2016, Table 1 (1.25); 820 is the arithmetic of its layers",
    build: () => squeezenet("1.0"),
    figures: [macs("820", { percent: 1 }), parameters("1.25")],
    released: { parameters: 1_248_424, by: TORCHVISION },
  },
  {
    title: "SqueezeNet 1.0 at 227",
    source: `${MOBILENET}, Table 9`,
    build: () => squeezenet("1.0", { size: 227 }),
    figures: [
      macs("850", { percent: 3, note: "Table 9 prints 1,700, two operations a MAC: 2 × 833 are 1,665" }),
      parameters("1.25"),
    ],
  },
  {
    title: "SqueezeNet 1.1",
    source: "the authors' repository: 2.4 times less computation than 1.0",
    build: () => squeezenet("1.1"),
    figures: [macs("349")],
    released: { parameters: 1_235_496, by: TORCHVISION },
  },
  mobilenet({}, "MobileNet 1.0", 6, [macs("569"), parametersUnnormalised("4.2")], 4_253_864),
  mobilenet({ width: 0.75 }, "MobileNet 0.75", 6, [macs("325"), parametersUnnormalised("2.6")], 2_601_976),
  mobilenet({ width: 0.5 }, "MobileNet 0.5", 6, [macs("149"), parametersUnnormalised("1.3")], 1_342_536),
  mobilenet({ width: 0.25 }, "MobileNet 0.25", 6, [macs("41"), parametersUnnormalised("0.5")], 475_544),
  mobilenet({ size: 192 }, "MobileNet 1.0 at 192", 7, [macs("418"), parametersUnnormalised("4.2")], 4_253_864),
  mobilenet({ size: 160 }, "MobileNet 1.0 at 160", 7, [macs("290"), parametersUnnormalised("4.2")], 4_253_864),
  mobilenet({ size: 128 }, "MobileNet 1.0 at 128", 7, [macs("186"), parametersUnnormalised("4.2")], 4_253_864),
  mobilenet(
    { width: 0.5, size: 160 },
    "0.50 MobileNet-160",
    9,
    [macs("76"), parametersUnnormalised("1.32")],
    1_342_536,
  ),
  mobilenet({ convolutions: "plain" }, "Conv MobileNet", 4, [
    macs("4866", {
      part: /conv/,
      note: "Without the classifier's 1024 × 1000 = 1.02, which the separable network's 569 holds",
    }),
    parametersUnnormalised("29.3"),
  ]),
  mobilenet({ isShallow: true }, "Shallow MobileNet", 5, [macs("307"), parametersUnnormalised("2.9")]),
  layer("convolution", { convolutions: "plain" }, "462", "2.36"),
  layer("separable", { convolutions: "separable" }, "52.3", "0.27"),
  layer("α 0.75", { convolutions: "separable", channels: 384 }, "29.6", "0.15"),
  layer("ρ 0.714", { convolutions: "separable", channels: 384, size: 10 }, "15.1", "0.15"),
  {
    title: "MobileNetV2",
    source: "Sandler et al. 2018, Table 4",
    build: () => mobilenetV2(),
    figures: [macs("300"), parametersUnnormalised("3.4")],
    released: { parameters: 3_538_984, by: KERAS },
  },
  shufflenet({ scale: 2, groups: 3 }, 5, "524"),
  shufflenet({ scale: 1.5, groups: 3 }, 5, "292"),
  shufflenet({ scale: 1, groups: 8 }, 5, "140"),
  shufflenet({ scale: 1, groups: 1 }, 1, "143"),
  shufflenet({ scale: 1, groups: 2 }, 1, "140"),
  shufflenet({ scale: 1, groups: 3 }, 1, "137"),
  shufflenet({ scale: 1, groups: 4 }, 1, "133"),
  { title: "MnasNet-A1", source: MNASNET, build: () => mnasnet("A1"), figures: [macs("312"), parameters("3.9")] },
  {
    title: "MnasNet-B1",
    source: `${MNASNET}; authors' release`,
    build: () => mnasnet("B1"),
    figures: [macs("315"), parameters("4.4")],
    released: { parameters: 4_383_312 + 37_920, by: `${TORCHVISION}, and 2 × 18,960 moving averages` },
  },
  {
    title: "ENet at 640×360",
    source: "Paszke et al. 2016, Table 3",
    build: () => enet(),
    figures: [
      parameters("0.37"),
      {
        of: "operations",
        printed: "3830",
        percent: 6,
        note: "2 × 1,724 of its convolutions and 192 others are 3,639; the paper does not say which others it counts",
      },
    ],
  },
  {
    title: "NASNet-A mobile",
    source: "Zoph et al. 2017, Table 3",
    build: () => nasnetMobile(),
    figures: [macs("564"), parameters("5.3")],
    released: { parameters: 5_326_716, by: KERAS },
  },
  {
    title: "BERT-Tiny",
    source: "Turc et al. 2019, Table 1",
    build: () => bert(),
    figures: [parameters("4.4")],
    // Of the scale in attention: one factor a layer.
    released: { parameters: 4_385_920 + 2, by: "Google, and one factor of 1/√64 a layer" },
  },
];
