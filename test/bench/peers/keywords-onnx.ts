import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { ExternalDataFolder } from "../../../profiler/bytes/external-data-folder.ts";
import { readModel } from "../../../profiler/formats/formats.ts";
import type { Form } from "../../../profiler/neutral/forms.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { graph, node, onnxModel, tensor, value, type OnnxNode, type OnnxTensor } from "../../builders/onnx-builder.ts";

/**
 * The keywords' network, which is a TFLite file, as an ONNX file with the same float weights: peers of ONNX alone can be measured on it.
 * Its input has one channel, so that samples are the same in both layouts. The batch is dynamic.
 * @param path of kws_dscnn_float.tflite
 */
export async function keywordsOnnx(path: string): Promise<Uint8Array> {
  const lifted = liftModel(await readModel(await FileSource.open(path), new ExternalDataFolder(path)));
  const nodes: OnnxNode[] = [];
  const weights: OnnxTensor[] = [];
  const add = (op: string, constants: readonly string[], attributes: Parameters<typeof node>[3] = {}): void => {
    const before = nodes.at(-1)?.output?.[0] ?? "input";
    nodes.push(node(op, [before, ...constants], [`${op}${nodes.length}`], attributes));
  };
  for (const { form } of lifted.layers) {
    const name = `layer${nodes.length}`;
    if (form.kind === "conv" || form.kind === "dense") {
      const { weight, bias } = form;
      weights.push(tensor(`${name}.weight`, "float32", weight.shape, Array.from(await weight.read())));
      if (bias) weights.push(tensor(`${name}.bias`, "float32", bias.shape, Array.from(await bias.read())));
      const constants = bias ? [`${name}.weight`, `${name}.bias`] : [`${name}.weight`];
      if (form.kind === "conv") {
        const { strides, groups, padsBegin, padsEnd } = form;
        add("Conv", constants, { strides, group: groups, pads: [...padsBegin, ...padsEnd] });
      } else {
        add("Flatten", []);
        add("Gemm", constants, { transB: 1 });
      }
      if (form.activation) add("Relu", []);
    } else if (form.kind === "pool") add("GlobalAveragePool", []);
    else if (form.kind === "softmax") add("Softmax", [], { axis: 1 });
    else if (!PASSED.has(form.kind)) throw new TypeError(`${form.kind} has no ONNX form here`);
  }
  const last = nodes.at(-1)?.output?.[0] ?? "";
  return onnxModel({
    graph: graph(nodes, {
      inputs: [value("input", "float32", ["batch", 1, 49, 10])],
      outputs: [value(last, "float32", ["batch", 12])],
      initializers: weights,
    }),
  });
}

const PASSED: ReadonlySet<Form["kind"]> = new Set(["reshape"]);
