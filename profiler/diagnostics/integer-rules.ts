import type { Layer, LayerTensor } from "../layers/layer.ts";
import { isFloat, type DataType } from "../model/data-type.ts";
import type { Finding, Subject } from "./diagnosis.ts";
import type { Rule } from "./rule.ts";

/** What stays float in a model that is quantized already. */
export const INTEGER_RULES: readonly Rule[] = [
  {
    code: "float-in-integers",
    title: "Float layer inside an integer network",
    severity: "warning",
    summary:
      "A layer that computes in float, by what the runtime fuses, in a model that computes most of its products in integers.",
    explanation:
      "A QuantizeLinear and a DequantizeLinear around a layer do not make it compute in integers: ONNX Runtime fuses them only where both are there, in types and with scales that its kernels take. Otherwise the layer decodes its weights at every run and computes in float, slower than the float model did. Quantize what it makes, give zero points explicitly, or quantize the float model again.",
    literature: ["Jacob et al., CVPR 2018", "ONNX Runtime 1.27.0, optimizer/qdq_transformer"],
    threshold: null,
    find: floatsAmongIntegers,
  },
  {
    code: "not-in-litert-micro",
    title: "Not accepted by LiteRT Micro",
    severity: "information",
    summary: "An operator of a TFLite model in 8-bit integers that the runtime for microcontrollers does not run.",
    explanation:
      "LiteRT Micro (TensorFlow Lite for Microcontrollers) has kernels for about a hundred operators, with limits of their own: int8 activations with int8 weights and nothing hybrid, a bias in int32, up to four or five axes, up to ten tensors joined, no sizes that are computed while the model runs, no sparse tensors. On phones such a model runs; on a microcontroller it ends with an error when it is prepared. Conditions are those of the runtime’s source; no file was run on a microcontroller.",
    literature: ["David et al., TensorFlow Lite Micro, MLSys 2021", "tflite-micro, tensorflow/lite/micro/kernels"],
    threshold: null,
    find: ({ layers, microcontrollerRefusals }) =>
      layers.flatMap(({ node, op }, row): readonly Finding[] => {
        const reason = microcontrollerRefusals.get(node);
        return reason === undefined
          ? []
          : [{ layer: row, message: `LiteRT Micro does not accept this ${op}: ${reason}.` }];
      }),
  },
];

/** MACs in floats of more than this share of all: the model is a float one, of which a part is quantized. */
const MOST_FLOAT = 0.5;

function floatsAmongIntegers({ layers, profile }: Subject): readonly Finding[] {
  const macsOf = (row: number): number => profile.layers[row]?.macs ?? 0;
  const rows = layers.flatMap(({ role, isCounted }, row) => (role === "compute" && isCounted ? [row] : []));
  const floats = rows.filter((row) => isFloatRow(layers[row]));
  const integers = rows.filter((row) => macsOf(row) > 0 && isInteger(dataOf(layers[row])?.dataType));
  const total = [...floats, ...integers].reduce((sum, row) => sum + macsOf(row), 0);
  const inFloat = floats.reduce((sum, row) => sum + macsOf(row), 0);
  if (integers.length === 0 || inFloat > MOST_FLOAT * total) return [];
  const around = new Surroundings(layers);
  return floats.flatMap((row): readonly Finding[] => {
    const layer = layers[row];
    if (layer === undefined || (macsOf(row) === 0 && !around.isBetweenPairs(layer))) return [];
    return [
      { layer: row, message: `This ${layer.op} computes in float among layers of integers: ${around.why(layer)}.` },
    ];
  });
}

/** Numbers that only change their type are no computation. */
function isFloatRow(layer: Layer | undefined): boolean {
  const type = dataOf(layer)?.dataType;
  if (layer === undefined || type === undefined || layer.computesIn !== undefined) return false;
  return isFloat(type) && layer.operation.kind !== CONVERSION && !layer.isView;
}

const CONVERSION: Layer["operation"]["kind"] = "quantize";

function dataOf(layer: Layer | undefined): LayerTensor | undefined {
  return layer?.inputs.find(({ use, constant }) => use === "data" && constant === undefined);
}

function isInteger(type: DataType | undefined): boolean {
  return type === "int8" || type === "uint8" || type === "int16" || type === "uint16";
}

/** Which layers make and read a tensor. */
class Surroundings {
  readonly #makers = new Map<string, Layer>();
  readonly #readers = new Map<string, Layer[]>();

  constructor(layers: readonly Layer[]) {
    for (const layer of layers) {
      for (const { key } of layer.outputs) if (key !== "") this.#makers.set(key, layer);
      for (const { key } of layer.inputs) {
        const known = this.#readers.get(key);
        if (known) known.push(layer);
        else if (key !== "") this.#readers.set(key, [layer]);
      }
    }
  }

  /** Its input comes from integers, and its output becomes integers again. */
  isBetweenPairs(layer: Layer): boolean {
    return this.#comesFromIntegers(layer) && this.#behind(layer).some(isConversion);
  }

  why(layer: Layer): string {
    if (!this.#comesFromIntegers(layer)) return "what it reads is not quantized";
    const behind = this.#behind(layer);
    if (!behind.some(isConversion))
      return behind.length === 0
        ? "what it makes leaves the model as float"
        : `${behind[0]?.name ?? ""} reads what it makes as float`;
    if (behind.length > 1) return "others than one quantization read what it makes";
    return "the runtime has no integer kernel for it, or none that takes these types, scales and zero points";
  }

  #comesFromIntegers(layer: Layer): boolean {
    const maker = this.#makers.get(dataOf(layer)?.key ?? "");
    return maker !== undefined && isConversion(maker);
  }

  #behind(layer: Layer): readonly Layer[] {
    return layer.outputs.flatMap(({ key }) => this.#readers.get(key) ?? []);
  }
}

function isConversion({ operation }: Layer): boolean {
  return operation.kind === CONVERSION;
}
