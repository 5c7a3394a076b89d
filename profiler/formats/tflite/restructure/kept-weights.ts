import { ABSENT, type TensorId } from "../../../model/model.ts";
import type { ConvForm, DenseForm } from "../../../neutral/forms.ts";
import type { OperatorWriter } from "./operator-writer.ts";

interface KeptTensors {
  readonly weight?: TensorId;
  readonly bias?: TensorId;
}

/** Tensors of the layer before that hold the same numbers still. A bias in integers goes with its weights' scales. */
export function keptTensors(
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

/** How the layer before scaled its weights. */
export function granularityBefore({ layer: { before } }: OperatorWriter): string | undefined {
  const { form } = before ?? {};
  return form?.kind === "conv" || form?.kind === "dense" ? form.weight.quantization?.granularity : undefined;
}
