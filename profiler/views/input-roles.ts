import { ownEntry } from "../own-entry.ts";

/** What operators use their inputs as, by position: what a person looks for among them. Both formats' names, which do not collide. */

const CONVOLVED = ["input", "weight", "bias"] as const;
const NORMALIZED = ["input", "scale", "bias"] as const;
const RECURRENT = ["input", "weight", "recurrence weight", "bias", "sequence lengths", "initial state"] as const;
const TFLITE_GATES = ["input gate", "forget gate", "cell gate", "output gate"] as const;

const ROLES: Readonly<Record<string, readonly string[]>> = {
  // ONNX
  Conv: CONVOLVED,
  ConvTranspose: CONVOLVED,
  FusedConv: [...CONVOLVED, "added"],
  ConvInteger: ["input", "weight", "input zero point", "weight zero point"],
  QLinearConv: [
    "input",
    "input scale",
    "input zero point",
    "weight",
    "weight scale",
    "weight zero point",
    "output scale",
    "output zero point",
    "bias",
  ],
  DeformConv: ["input", "weight", "offset", "bias", "mask"],
  Gemm: CONVOLVED,
  MatMulNBits: ["input", "weight", "scales", "zero points", "group index", "bias"],
  BatchNormalization: ["input", "scale", "bias", "running mean", "running variance"],
  InstanceNormalization: NORMALIZED,
  LayerNormalization: NORMALIZED,
  GroupNormalization: NORMALIZED,
  SkipLayerNormalization: ["input", "added", "scale", "bias", "added bias"],
  PRelu: ["input", "slope"],
  LSTM: [...RECURRENT, "initial cell", "peepholes"],
  GRU: RECURRENT,
  RNN: RECURRENT,
  QuantizeLinear: ["input", "scale", "zero point"],
  DequantizeLinear: ["input", "scale", "zero point"],
  Gather: ["data", "indices"],
  Clip: ["input", "minimum", "maximum"],
  Resize: ["input", "region", "scales", "sizes"],
  Reshape: ["input", "shape"],
  Attention: ["query", "key", "value", "mask", "past key", "past value"],
  // TFLite
  CONV_2D: CONVOLVED,
  CONV_3D: CONVOLVED,
  DEPTHWISE_CONV_2D: CONVOLVED,
  FULLY_CONNECTED: CONVOLVED,
  TRANSPOSE_CONV: ["output shape", "weight", "input", "bias"],
  PRELU: ["input", "slope"],
  GATHER: ["data", "indices"],
  EMBEDDING_LOOKUP: ["indices", "table"],
  SVDF: ["input", "feature weight", "time weight", "bias", "state"],
  RESHAPE: ["input", "shape"],
  UNIDIRECTIONAL_SEQUENCE_RNN: ["input", "weight", "recurrence weight", "bias", "state"],
  UNIDIRECTIONAL_SEQUENCE_LSTM: lstmRoles(),
};

/** Fused LSTM of TFLite: every gate has weights of its own. */
function lstmRoles(): readonly string[] {
  return [
    "input",
    ...TFLITE_GATES.map((gate) => `weight, ${gate}`),
    ...TFLITE_GATES.map((gate) => `recurrence weight, ${gate}`),
    "peephole, input gate",
    "peephole, forget gate",
    "peephole, output gate",
    ...TFLITE_GATES.map((gate) => `bias, ${gate}`),
    "projection weight",
    "projection bias",
    "state",
    "cell state",
  ];
}

/** @param position among the node's inputs, those left out counted */
export function inputRole(op: string, position: number): string | null {
  return ownEntry(ROLES, op)?.[position] ?? null;
}

/** Every role there is, for translators. */
export const INPUT_ROLES: readonly string[] = [...new Set(Object.values(ROLES).flat())].sort();
