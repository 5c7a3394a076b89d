import { ABSENT, type TensorId } from "../../../model/model.ts";
import { newWeights, type FormOf } from "../../../neutral/forms.ts";
import { permutedWeights } from "../../../neutral/stored-weights.ts";
import type { Lowers } from "./lower-rule.ts";
import type { NodeWriter } from "./node-writer.ts";

type Dense = FormOf<"dense">;

/** Before, Gemm's C was no optional input, and was stretched only with an attribute. */
const FIRST_WITH_OPTIONAL_C = 11;
const FIRST_WITH_BROADCAST = 7;
/** Since then a BatchNormalization outside training needs not say so. */
const FIRST_WITHOUT_IS_TEST = 7;

/** A Gemm on matrices; a MatMul and an Add on everything else. */
async function dense(form: Dense, writer: NodeWriter): Promise<void> {
  const isMatMul = writer.layer.before?.node.op === "MatMul";
  await (writer.rank(writer.input) === 2 && !isMatMul ? gemm(form, writer) : matMul(form, writer));
}

async function gemm({ weight, bias }: Dense, writer: NodeWriter): Promise<void> {
  const { weight: stored, isTransposed } = await gemmWeight(weight, writer);
  const inputs = [writer.input, stored];
  if (bias) inputs.push(await writer.weights("bias", bias));
  else if (writer.opset < FIRST_WITH_OPTIONAL_C) inputs.push(await zeroBias(weight, writer));
  const broadcast = writer.opset < FIRST_WITH_BROADCAST ? { broadcast: 1 } : {};
  writer.node("Gemm", inputs, { ...broadcast, ...(isTransposed && { transB: 1 }) });
}

/** The weight as it stands in the file, when it is that of the Gemm before and nothing scales it. */
async function gemmWeight(
  weight: Dense["weight"],
  writer: NodeWriter,
): Promise<{ readonly weight: TensorId; readonly isTransposed: boolean }> {
  const { form, node } = writer.layer.before ?? {};
  const isSame = form?.kind === "dense" && form.weight === weight && node?.op === "Gemm";
  if (isSame && (node.attributes.get("alpha") ?? 1) === 1)
    return { weight: node.inputs[1] ?? ABSENT, isTransposed: node.attributes.get("transB") === 1 };
  return { weight: await writer.weights("weight", weight), isTransposed: true };
}

function zeroBias({ shape: [outputs = 0], dataType }: Dense["weight"], writer: NodeWriter): Promise<TensorId> {
  return writer.weights("bias", newWeights([outputs], new Float32Array(outputs), dataType));
}

async function matMul({ weight, bias }: Dense, writer: NodeWriter): Promise<void> {
  const { form, node } = writer.layer.before ?? {};
  const isSame = form?.kind === "dense" && form.weight === weight && node?.op === "MatMul";
  const stored = isSame ? (node.inputs[1] ?? ABSENT) : await writer.weights("weight", permutedWeights(weight, [1, 0]));
  if (bias === undefined) {
    writer.node("MatMul", [writer.input, stored]);
    return;
  }
  const product = writer.tensor("product");
  writer.node("MatMul", [writer.input, stored], {}, [product]);
  writer.helper("add-bias", "Add", [product, await writer.weights("bias", bias)], {}, writer.output);
}

async function batchNorm(
  { scale, shift, mean, variance, epsilon }: FormOf<"batch-norm">,
  writer: NodeWriter,
): Promise<void> {
  const inputs = [writer.input];
  for (const [role, weights] of Object.entries({ scale, shift, mean, variance }))
    inputs.push(await writer.weights(role, weights));
  const isTest = writer.opset < FIRST_WITHOUT_IS_TEST ? { is_test: 1 } : {};
  writer.node("BatchNormalization", inputs, { epsilon, ...isTest });
}

export const LOWER_PRODUCTS: Lowers = { dense, "batch-norm": batchNorm };
