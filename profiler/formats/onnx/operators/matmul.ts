import type { DataType } from "../../../model/data-type.ts";
import type { Shape } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { einsumShape } from "../../../shapes/einsum.ts";
import { matmulGeometry, matmulShape, transposeMatrix } from "../../../shapes/matmul.ts";
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

export const MATMUL: Readonly<Record<string, OperatorRule>> = {
  MatMul: matrixProduct(),
  Gemm: matrixProduct({ operands: transposable(), bias: 2 }),
  MatMulInteger: matrixProduct({ outputType: () => "int32", configuration: [2, 3] }),
  // a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point
  QLinearMatMul: matrixProduct({
    right: 3,
    outputType: (view) => view.dataType(7) ?? view.dataType(0),
    configuration: [1, 2, 4, 5, 6, 7],
  }),
  Einsum: EINSUM,
};
