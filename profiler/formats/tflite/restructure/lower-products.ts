import { ABSENT, type TensorId } from "../../../model/model.ts";
import type { Activation, ConvForm, DenseForm } from "../../../neutral/forms.ts";
import { fusedName } from "./fused-activation.ts";
import type { Lowers } from "./lower-rule.ts";
import type { Attributes, OperatorWriter } from "./operator-writer.ts";
import { STORED_AXES, type ConvOperator } from "./weight-layouts.ts";
import { inStoredOrder, writeBias, writeWeights } from "./weight-writer.ts";
import { writePadded } from "./write-padded.ts";

/** The option for an activation that `fusedName` knows. */
export function fusedOption(activation: Activation | undefined): Attributes {
  return { fused_activation_function: (activation && fusedName(activation)) ?? "NONE" };
}

async function conv(form: ConvForm, writer: OperatorWriter): Promise<void> {
  const { weight, bias, strides, dilations, groups } = form;
  const [outputs = 0, , ...kernel] = weight.shape;
  if (kernel.length !== 2) throw writer.error(`TFLite convolves two axes, not ${kernel.length}`);
  const op = operatorOf(form, writer);
  const kept = keptTensors(form, op, writer);
  const weightTensor =
    kept.weight ??
    (await writeWeights(writer, inStoredOrder(weight, STORED_AXES[op]), {
      role: "weight",
      channelAxis: op === "CONV_2D" ? 0 : 3,
      isPerChannel: granularityBefore(writer) !== "tensor",
    }));
  const biasTensor = kept.bias ?? (await writeBias(writer, bias, outputs, weightTensor));
  const { input, padding } = writePadded(form, kernel, writer);
  writer.operator(op, [input, weightTensor, biasTensor], {
    padding,
    stride_w: strides[1] ?? 1,
    stride_h: strides[0] ?? 1,
    ...(op === "DEPTHWISE_CONV_2D" && { depth_multiplier: outputs / groups }),
    ...fusedOption(form.activation),
    dilation_w_factor: dilations[1] ?? 1,
    dilation_h_factor: dilations[0] ?? 1,
  });
}

/** Depthwise when each group is one channel; with one channel altogether both operators do, and a layer stays what it was. */
function operatorOf({ weight, groups }: ConvForm, { layer }: OperatorWriter): ConvOperator {
  const isDepthwise = weight.shape[1] === 1 && (groups > 1 || layer.before?.op === "DEPTHWISE_CONV_2D");
  return isDepthwise ? "DEPTHWISE_CONV_2D" : "CONV_2D";
}

/** Rows stay rows: all axes of the input but the last are kept. */
async function dense(form: DenseForm, writer: OperatorWriter): Promise<void> {
  const { weight, bias } = form;
  const [outputs = 0] = weight.shape;
  const kept = keptTensors(form, "FULLY_CONNECTED", writer);
  const isPerChannel = granularityBefore(writer) === "channel";
  const weightTensor =
    kept.weight ?? (await writeWeights(writer, weight, { role: "weight", channelAxis: 0, isPerChannel }));
  const biasTensor = kept.bias ?? (bias ? await writeBias(writer, bias, outputs, weightTensor) : ABSENT);
  writer.operator("FULLY_CONNECTED", [writer.input, weightTensor, biasTensor], {
    ...fusedOption(form.activation),
    keep_num_dims: writer.shape(writer.input).length !== 2,
  });
}

interface KeptTensors {
  readonly weight?: TensorId;
  readonly bias?: TensorId;
}

/** Tensors of the layer before that hold the same numbers still. A bias in integers goes with its weights' scales. */
function keptTensors(
  form: ConvForm | DenseForm,
  op: string,
  { layer: { before }, isQuantized }: OperatorWriter,
): KeptTensors {
  if (before?.form.kind !== form.kind || before.op !== op) return {};
  const [, weight = ABSENT, bias = ABSENT] = before.node.inputs;
  const keepsWeight = before.form.weight === form.weight;
  const keepsBias = bias !== ABSENT && before.form.bias === form.bias && (keepsWeight || !isQuantized);
  return { ...(keepsWeight && { weight }), ...(keepsBias && { bias }) };
}

function granularityBefore({ layer: { before } }: OperatorWriter): string | undefined {
  const { form } = before ?? {};
  return form?.kind === "conv" || form?.kind === "dense" ? form.weight.quantization?.granularity : undefined;
}

export const LOWER_PRODUCTS: Lowers = { conv, dense };
