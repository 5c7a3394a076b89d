import { ABSENT } from "../../../model/model.ts";
import type { DenseForm } from "../../../neutral/forms.ts";
import { fusedOption } from "./fused-activation.ts";
import { granularityBefore, keptTensors } from "./kept-weights.ts";
import type { Lowers } from "./lower-rule.ts";
import type { OperatorWriter } from "./operator-writer.ts";
import { writeBias, writeWeights } from "./weight-writer.ts";

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

export const LOWER_PRODUCTS: Lowers = { dense };
