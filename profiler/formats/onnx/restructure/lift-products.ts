import { ABSENT } from "../../../model/model.ts";
import { elementsOf } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import { computedWeights, reshapedWeights, type Form, type Weights } from "../../../neutral/forms.ts";
import { permutedWeights } from "../../../neutral/stored-weights.ts";
import type { Lift } from "./lift-rule.ts";
import { NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";

/** alpha · A · B + beta · C, A and B transposed where asked for. Source: ONNX, Gemm. */
const GEMM: Lift = (layer) => {
  const { view } = layer;
  if (view.flag("transA")) throw new NotLiftable("it transposes its input");
  const stored = layer.weights(1);
  const oriented = view.flag("transB") ? stored : permutedWeights(stored, [1, 0]);
  const weight = scaled(oriented, view.int("alpha", 1));
  const [outputs = 0] = weight.shape;
  const bias = layer.optionalWeights(2);
  return dense(layer, weight, bias && scaled(stretched(bias, outputs), view.int("beta", 1)));
};

/** A times a constant matrix B (in×out). Source: ONNX, MatMul. */
const MATMUL: Lift = (layer) => {
  if (layer.isConstant(0)) throw new NotLiftable("its weights are the left factor");
  if (!layer.isConstant(1)) throw new NotLiftable("it multiplies two activations");
  const stored = layer.weights(1);
  if (stored.shape.length !== 2) throw new NotLiftable("its weights are no matrix");
  return dense(layer, permutedWeights(stored, [1, 0]), undefined);
};

function dense(layer: NativeLayer, weight: Weights, bias: Weights | undefined): ReturnType<Lift> {
  return layer.lifted({ kind: "dense", weight, bias, activation: undefined });
}

/** X, scale, B, mean, variance. Source: ONNX, BatchNormalization. */
const BATCH_NORM: Lift = (layer) => {
  const { view } = layer;
  if (isTraining(view)) throw new NotLiftable("it is in training mode: it normalises by the samples at hand");
  if (!view.flag("spatial", true)) throw new NotLiftable("it normalises each element by itself");
  const form: Form = {
    kind: "batch-norm",
    scale: layer.weights(1),
    shift: layer.weights(2),
    mean: layer.weights(3),
    variance: layer.weights(4),
    epsilon: view.int("epsilon", 1e-5),
  };
  return layer.lifted(form);
};

/**
 * Said by an attribute since opset 14 and before opset 7, and between by asking for more than one output. Source: ONNX,
 * BatchNormalization, versions 1 to 15.
 */
function isTraining(view: NodeView): boolean {
  const [, ...statistics] = view.node.outputs;
  if (statistics.some((id) => id !== ABSENT)) return true;
  return view.flag("training_mode") || (view.version < 7 && !view.flag("is_test"));
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

export const LIFT_PRODUCTS: Readonly<Record<string, Lift>> = {
  Gemm: GEMM,
  MatMul: MATMUL,
  BatchNormalization: BATCH_NORM,
};
