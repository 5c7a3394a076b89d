import type { Dimension, Shape } from "../../../model/shape.ts";
import type { MatmulGeometry } from "../../../operators/operation.ts";
import { inferredType, unknownSizes } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { product, quotient, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { matmulGeometry, matmulShape, transposeMatrix } from "../../../shapes/matmul.ts";
import { ShapeError } from "../../../shapes/shape-error.ts";
import { ABSENT } from "../../../model/model.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import type { DenseForm } from "../../../neutral/forms.ts";
import { NotLiftable } from "../../../neutral/native-layer.ts";
import type { Lowering, Operator } from "../../../neutral/operator.ts";
import { fusedOption } from "../restructure/fused-activation.ts";
import { granularityBefore, keptTensors } from "../restructure/kept-weights.ts";
import type { OperatorWriter } from "../restructure/operator-writer.ts";
import type { TfliteLayer } from "../restructure/tflite-layer.ts";
import { writeBias, writeWeights } from "../restructure/weight-writer.ts";
import { fusedActivation, ofRank, outputType, type Rules } from "./common.ts";

/** Weights are units × inputs; the data is taken as rows of as many elements. */
const FULLY_CONNECTED: Operator<TfliteLayer> = {
  lift: liftFullyConnected,
  describe: (view) => {
    const shape = connected(view);
    // Weights shuffled for ARM need the input in a layout of its own: the second output is its workspace.
    const workspace = view.text("weights_format") === "SHUFFLED4x16INT8" ? [inferredType("uint8", view.shape(0))] : [];
    return {
      outputs: [inferredType(outputType(view), shape), ...workspace],
      operation: { kind: "dense", geometry: connectedGeometry(view) },
    };
  },
};

function connected(view: NodeView): Shape | undefined {
  const input = view.shape(0);
  const weights = ofRank(view.shape(1), 2);
  const columns = weights?.[0] ?? UNKNOWN_SIZE;
  if (input === undefined) return undefined;
  if (view.flag("keep_num_dims")) {
    checkInner(input.at(-1), weights?.[1]);
    return [...input.slice(0, -1), columns];
  }
  return [rowsOf(input, weights), columns];
}

function connectedGeometry(view: NodeView): MatmulGeometry {
  const input = view.shape(0);
  const weights = view.shape(1);
  return {
    batch: 1,
    rows: input === undefined ? UNKNOWN_SIZE : rowsOf(input, weights),
    inner: weights?.[1] ?? UNKNOWN_SIZE,
    columns: weights?.[0] ?? UNKNOWN_SIZE,
    hasBias: view.has(2),
    ...fusedActivation(view),
  };
}

/** @throws ShapeError when the elements do not make whole rows */
function rowsOf(input: Shape, weights: Shape | undefined): Dimension {
  const inner = weights?.[1];
  if (inner === undefined) return UNKNOWN_SIZE;
  const rows = quotient(input, [inner]);
  if (typeof rows === "number" && !Number.isInteger(rows)) {
    throw new ShapeError(
      `the ${String(product(input))} elements of [${input.join(", ")}] are not rows of ${String(inner)}`,
    );
  }
  return rows;
}

function checkInner(found: Dimension | undefined, expected: Dimension | undefined): void {
  if (typeof found === "number" && typeof expected === "number" && found !== expected) {
    throw new ShapeError(`rows of ${found} elements for weights that take ${expected}`);
  }
}

const BATCH_MATMUL: OperatorRule = {
  describe: (view) => {
    const [left, right] = operands(view);
    const geometry = { ...matmulGeometry(left, right), hasBias: false };
    return {
      outputs: [inferredType(outputType(view), matmulShape(left, right))],
      operation: { kind: view.input(1).constant === undefined ? "matmul" : "dense", geometry },
    };
  },
};

/** As the product sees them; adj_x and adj_y say that an operand is stored transposed. */
function operands(view: NodeView): readonly [Shape | undefined, Shape | undefined] {
  const stored = (index: number, isTransposed: boolean): Shape | undefined =>
    isTransposed ? transposeMatrix(view.shape(index)) : view.shape(index);
  return [stored(0, view.flag("adj_x")), stored(1, view.flag("adj_y"))];
}

/** Axes are batched, contracted or free: the output has them in this order, the left operand's free ones first. */
const STABLEHLO_DOT_GENERAL: OperatorRule = {
  describe: (view) => {
    const known = dotSizes(view);
    const { batch, rows, inner, columns } = known ?? UNKNOWN_DOT;
    const sizes = { batch: product(batch), rows: product(rows), inner: product(inner), columns: product(columns) };
    return {
      outputs: [inferredType(outputType(view), known && [...batch, ...rows, ...columns])],
      operation: { kind: "matmul", geometry: { ...sizes, hasBias: false } },
    };
  },
};

const UNKNOWN_DOT = { batch: unknownSizes(1), rows: unknownSizes(1), inner: unknownSizes(1), columns: unknownSizes(1) };

function dotSizes(view: NodeView): typeof UNKNOWN_DOT | undefined {
  const left = view.shape(0);
  const right = view.shape(1);
  if (left === undefined || right === undefined) return undefined;
  const axes = (name: string): readonly number[] => view.ints(name) ?? [];
  const pick = (shape: Shape, chosen: readonly number[]): Shape => chosen.map((axis) => shape[axis] ?? UNKNOWN_SIZE);
  const batch = axes("lhs_batching_dimensions");
  const contracted = axes("lhs_contracting_dimensions");
  const used = [...axes("rhs_batching_dimensions"), ...axes("rhs_contracting_dimensions")];
  return {
    batch: pick(left, batch),
    inner: pick(left, contracted),
    rows: left.filter((_, axis) => !batch.includes(axis) && !contracted.includes(axis)),
    columns: right.filter((_, axis) => !used.includes(axis)),
  };
}

/** Rows are the last axis of the input, or all of it taken as rows of as many elements as the weights take. */
function liftFullyConnected(layer: TfliteLayer): Lifted {
  const { view } = layer;
  if (view.text("weights_format", "DEFAULT") !== "DEFAULT") throw new NotLiftable("its weights are shuffled");
  const weight = layer.weights(1);
  const shape = layer.shape();
  if (shape.at(-1) !== weight.shape[1]) throw new NotLiftable("it flattens its input itself");
  if (shape.length !== 2 && !view.flag("keep_num_dims")) throw new NotLiftable("it flattens all axes but the last");
  return layer.lifted({ kind: "dense", weight, bias: layer.optionalWeights(2), activation: layer.fused() });
}

/** Rows stay rows: all axes of the input but the last are kept. */
async function writeDense(form: DenseForm, writer: OperatorWriter): Promise<void> {
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

export const WRITE_DENSE: Lowering<OperatorWriter> = { dense: writeDense };

/** Two activations; a constant factor is no layer that is restructured. */
function liftBatchMatmul(layer: TfliteLayer): Lifted {
  if (layer.isConstant(0) || layer.isConstant(1)) throw new NotLiftable("a factor of its product is constant");
  const [isLeftTransposed, isRightTransposed] = [layer.view.flag("adj_x"), layer.view.flag("adj_y")];
  return layer.lifted({ kind: "product", isLeftTransposed, isRightTransposed }, [0, 1]);
}

/** Matrix products. */
export const DENSE: Rules = {
  FULLY_CONNECTED,
  BATCH_MATMUL: { ...BATCH_MATMUL, lift: liftBatchMatmul },
  STABLEHLO_DOT_GENERAL,
};
