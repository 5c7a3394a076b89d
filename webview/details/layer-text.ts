import { formatShape } from "../../profiler/format-numbers.ts";
import type { FormatId } from "../../profiler/model/format.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import type { LayerDetails, TensorDetails } from "../../profiler/views/layer-details.ts";

/** Where operators of a domain are described; the operator's name is put in. */
const PAGES: Readonly<Record<FormatId, Readonly<Record<string, (op: string) => string>>>> = {
  onnx: {
    "": (op) => `https://onnx.ai/onnx/operators/onnx__${op}.html`,
    "ai.onnx": (op) => `https://onnx.ai/onnx/operators/onnx__${op}.html`,
    "ai.onnx.ml": (op) => `https://onnx.ai/onnx/operators/onnx_aionnxml_${op}.html`,
    "com.microsoft": (op) =>
      `https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.${op}`,
  },
  tflite: { "": (op) => `https://www.tensorflow.org/mlir/tfl_ops#:~:text=tfl.${op.toLowerCase()}` },
};

/** The page that describes an operator; undefined for those of a domain that nobody here knows. Names of a file lead nowhere else. */
export function documentationOf(
  format: FormatId,
  { domain, op }: Pick<LayerDetails, "domain" | "op">,
): string | undefined {
  const page = new Map(Object.entries(PAGES[format])).get(domain);
  return page && /^\w+$/.test(op) ? page(op) : undefined;
}

/** What the file says of a layer, as lines of text to paste into a report. */
export function detailsText(layer: LayerProfile, details: LayerDetails): string {
  const tensor = ({ role, name, dtype, shape }: TensorDetails): string =>
    `  ${role === null ? "" : `${role}: `}${name} ${dtype ?? "unknown"} ${formatShape(shape)}`;
  const list = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [`${title}:`, ...lines];
  return [
    `#${layer.index} ${layer.name}`,
    `${details.domain === "" ? "" : `${details.domain}.`}${details.op} ${details.version}`,
    ...list(
      "attributes",
      details.attributes.map(([name, value]) => `  ${name} = ${value}`),
    ),
    ...list("inputs", details.inputs.map(tensor)),
    ...list("outputs", details.outputs.map(tensor)),
  ].join("\n");
}
