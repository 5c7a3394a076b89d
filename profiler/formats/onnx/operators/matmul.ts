import { ABSENT, type TensorId } from "../../../model/model.ts";
import type { DataType } from "../../../model/data-type.ts";
import { elementsOf, type Shape } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { einsumShape } from "../../../shapes/einsum.ts";
import { matmulGeometry, matmulShape, transposeMatrix } from "../../../shapes/matmul.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import type { DenseForm } from "../../../neutral/forms.ts";
import { computedWeights, newWeights, reshapedWeights, type Weights } from "../../../neutral/weights.ts";
import { NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";
import type { Lowering, Operators } from "../../../neutral/operator.ts";
import { permutedWeights } from "../../../neutral/stored-weights.ts";
import { blockCoding, writeBlockProduct } from "../restructure/block-products.ts";
import type { NodeWriter } from "../restructure/node-writer.ts";
import { fusedActivation } from "./fused-activation.ts";

/** Two matrices as they are multiplied, after whatever transposing the operator does. */
export interface Operands {
  readonly left: Shape | undefined;
  readonly right: Shape | undefined;
}

/** Where an operator has its matrices, and in which it differs from MatMul. */
export interface ProductForm {
  /** Positions of the matrices; by default 0 and 1. */
  readonly left?: number;
  readonly right?: number;
  readonly bias?: number;
  /** Default: the shapes of the inputs as they are. */
  readonly operands?: (view: NodeView) => Operands;
  /** Default: the left operand's. */
  readonly outputType?: (view: NodeView) => DataType | undefined;
  readonly configuration?: readonly number[];
  readonly weightElements?: OperatorRule["weightElements"];
  readonly computesIn?: OperatorRule["computesIn"];
  /** Default: the attribute `activation`. */
  readonly activation?: string;
}

/** Rule of a matrix product: dense when one of the matrices is a weight. Source: ONNX, MatMul. */
export function matrixProduct(form: ProductForm = {}): OperatorRule {
  const { left = 0, right = 1, bias = -1 } = form;
  const operandsOf = form.operands ?? ((view) => ({ left: view.shape(left), right: view.shape(right) }));
  return {
    describe: (view) => {
      const operands = operandsOf(view);
      const dataType = form.outputType ? form.outputType(view) : view.dataType(left);
      const isDense = [left, right].some((position) => view.input(position).constant !== undefined);
      const fused = form.activation === undefined ? fusedActivation(view) : { activation: form.activation };
      const geometry = { ...matmulGeometry(operands.left, operands.right), hasBias: view.has(bias), ...fused };
      return {
        outputs: [{ dataType, shape: matmulShape(operands.left, operands.right) }],
        operation: { kind: isDense ? "dense" : "matmul", geometry },
      };
    },
    ...(form.configuration && { configuration: form.configuration }),
    ...(form.weightElements && { weightElements: form.weightElements }),
    ...(form.computesIn && { computesIn: form.computesIn }),
  };
}

/** Operands at two positions, transposed as the attributes `transA` and `transB` say. */
export function transposable(left = 0, right = 1): (view: NodeView) => Operands {
  return (view) => ({
    left: view.flag("transA") ? transposeMatrix(view.shape(left)) : view.shape(left),
    right: view.flag("transB") ? transposeMatrix(view.shape(right)) : view.shape(right),
  });
}

const EINSUM: OperatorRule = {
  describe: (view) => ({
    outputs: [{ dataType: view.dataType(0), shape: einsumOf(view).shape }],
    operation: {
      kind: "einsum",
      geometry: { equation: view.text("equation", ""), indices: einsumOf(view).indices, operands: view.inputs.length },
    },
  }),
};

function einsumOf(view: NodeView) {
  return einsumShape(
    view.text("equation", ""),
    view.inputs.map((input) => input?.shape),
  );
}

/** alpha · A · B + beta · C, A and B transposed where asked for. Source: ONNX, Gemm. */
function liftGemm(layer: NativeLayer): Lifted {
  const { view } = layer;
  if (view.flag("transA")) throw new NotLiftable("it transposes its input");
  const stored = layer.weights(1);
  const oriented = view.flag("transB") ? stored : permutedWeights(stored, [1, 0]);
  const weight = scaled(oriented, view.int("alpha", 1));
  const [outputs = 0] = weight.shape;
  const bias = layer.optionalWeights(2);
  return denseLayer(layer, weight, bias && scaled(stretched(bias, outputs), view.int("beta", 1)));
}

/** A times a constant matrix B (in×out). Source: ONNX, MatMul. */
function liftMatMul(layer: NativeLayer): Lifted {
  if (layer.isConstant(0)) throw new NotLiftable("its weights are the left factor");
  if (!layer.isConstant(1))
    return layer.lifted({ kind: "product", isLeftTransposed: false, isRightTransposed: false }, [0, 1]);
  const stored = layer.weights(1);
  if (stored.shape.length !== 2) throw new NotLiftable("its weights are not a matrix");
  return denseLayer(layer, permutedWeights(stored, [1, 0]), undefined);
}

function denseLayer(layer: NativeLayer, weight: Weights, bias: Weights | undefined): Lifted {
  return layer.lifted({ kind: "dense", weight, bias, activation: undefined });
}

function scaled(weights: Weights, factor: number): Weights {
  if (factor === 1) return weights;
  return computedWeights(
    weights.shape,
    async () => (await weights.read()).map((element) => element * factor),
    weights.dataType,
  );
}

/** A bias of one number for each output, whatever the shape it is broadcast from. @throws {NotLiftable} */
function stretched(bias: Weights, outputs: number): Weights {
  const elements = elementsOf(bias.shape);
  if (bias.shape.at(-1) === outputs && elements === outputs)
    return bias.shape.length === 1 ? bias : reshapedWeights(bias, [outputs]);
  if (elements !== 1) throw new NotLiftable("its bias differs from row to row");
  return computedWeights(
    [outputs],
    async () => new Float32Array(outputs).fill((await bias.read())[0] ?? 0),
    bias.dataType,
  );
}

/** Before, Gemm's C was no optional input, and was stretched only with an attribute. */
const FIRST_WITH_OPTIONAL_C = 11;
const FIRST_WITH_BROADCAST = 7;
/** A Gemm on matrices; a MatMul and an Add on everything else; a MatMulNBits where weights are for it. */
async function writeDense(form: DenseForm, writer: NodeWriter): Promise<void> {
  const coding = blockCoding(form, writer);
  if (coding) return writeBlockProduct(form, coding, writer);
  const isMatMul = writer.layer.before?.node.op === "MatMul";
  await (writer.rank(writer.input) === 2 && !isMatMul ? gemm(form, writer) : matMul(form, writer));
}

async function gemm({ weight, bias }: DenseForm, writer: NodeWriter): Promise<void> {
  const { weight: stored, isTransposed } = await gemmWeight(weight, writer);
  const inputs = [writer.input, stored];
  if (bias) inputs.push(await writer.bias(bias, stored));
  else if (writer.opset < FIRST_WITH_OPTIONAL_C) inputs.push(await zeroBias(weight, writer));
  const broadcast = writer.opset < FIRST_WITH_BROADCAST ? { broadcast: 1 } : {};
  writer.node("Gemm", inputs, { ...broadcast, ...(isTransposed && { transB: 1 }) });
}

/** The weight as it stands in the file, when it is that of the Gemm before and nothing scales it. */
async function gemmWeight(
  weight: Weights,
  writer: NodeWriter,
): Promise<{ readonly weight: TensorId; readonly isTransposed: boolean }> {
  const { form, node } = writer.layer.before ?? {};
  const isSame = form?.kind === "dense" && form.weight === weight && node?.op === "Gemm";
  if (isSame && (node.attributes.get("alpha") ?? 1) === 1)
    return { weight: node.inputs[1] ?? ABSENT, isTransposed: node.attributes.get("transB") === 1 };
  return { weight: await writer.weights("weight", weight), isTransposed: true };
}

function zeroBias({ shape: [outputs = 0], dataType }: Weights, writer: NodeWriter): Promise<TensorId> {
  return writer.weights("bias", newWeights([outputs], new Float32Array(outputs), dataType));
}

/** inFeatures × outFeatures; weights that the file decodes are turned when they are. */
async function matMulWeight(weight: Weights, writer: NodeWriter): Promise<TensorId> {
  if (weight.coding === undefined) return writer.weights("weight", permutedWeights(weight, [1, 0]), 1);
  // Integers that something turns behind their DequantizeLinear are no longer computed with.
  if (weight.coding.kind === "integers") {
    const { coding: _, ...plain } = weight;
    return writer.weights("weight", permutedWeights(plain, [1, 0]), 1);
  }
  return writer.draft.once(weight, "turned", async () => {
    const turned = writer.tensor("weight.turned");
    writer.helper("weight.turn", "Transpose", [await writer.weights("weight", weight)], { perm: [1, 0] }, turned);
    return turned;
  });
}

async function matMul({ weight, bias }: DenseForm, writer: NodeWriter): Promise<void> {
  const { form, node } = writer.layer.before ?? {};
  const isSame = form?.kind === "dense" && form.weight === weight && node?.op === "MatMul";
  const stored = isSame ? (node.inputs[1] ?? ABSENT) : await matMulWeight(weight, writer);
  if (bias === undefined) {
    writer.node("MatMul", [writer.input, stored]);
    return;
  }
  const product = writer.tensor("product");
  writer.node("MatMul", [writer.input, stored], {}, [product]);
  writer.helper("add-bias", "Add", [product, await writer.weights("bias", bias)], {}, writer.output);
}

export const WRITE_PRODUCTS: Lowering<NodeWriter> = { dense: writeDense };

export const MATMUL: Operators = {
  MatMul: { ...matrixProduct(), lift: liftMatMul },
  Gemm: { ...matrixProduct({ operands: transposable(), bias: 2 }), lift: liftGemm },
  MatMulInteger: matrixProduct({ outputType: () => "int32", configuration: [2, 3] }),
  // a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point
  QLinearMatMul: matrixProduct({
    right: 3,
    outputType: (view) => view.dataType(7) ?? view.dataType(0),
    configuration: [1, 2, 4, 5, 6, 7],
  }),
  Einsum: EINSUM,
};
