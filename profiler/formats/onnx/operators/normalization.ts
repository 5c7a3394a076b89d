import type { DataType } from "../../../model/data-type.ts";
import { ABSENT, type Attribute } from "../../../model/model.ts";
import type { Shape } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import type { BatchNormForm, Form, GroupNormForm, InstanceNormForm, LayerNormForm } from "../../../neutral/forms.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import { NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";
import type { Lowering, Operator, Operators } from "../../../neutral/operator.ts";
import type { NodeWriter } from "../restructure/node-writer.ts";
import { dataTypeOf } from "../data-types.ts";
import { inferredType, mapShape, sameAs } from "./inferred-types.ts";

/**
 * Operations for each element, from the definitions: sum for the mean 1, difference, square and sum for the variance 3, quotient by
 * the deviation 1, scale and shift 2. The mean's difference is taken once. Roots and quotients of whole groups are not counted.
 */
export const NORMALIZATION_OPS = {
  /** Mean and variance are weights: difference, quotient, scale, shift. */
  batch: 4,
  mean: 1 + 3 + 1,
  layer: 1 + 3 + 1 + 2,
  /** Square, sum, quotient, scale. */
  rms: 4,
  /** Absolute value or square, sum, quotient. */
  lp: 3,
} as const;

/** Square and sum for each neighbour; then factor, bias, power and quotient. */
const LRN_OPS = 4;

/** Rule of a normalisation whose output is like its first input. */
export function normalization(
  opsPerElement: number | ((view: NodeView) => number),
  others: (view: NodeView) => readonly InferredType[] = () => [],
  configuration?: readonly number[],
): OperatorRule {
  return {
    describe: (view) => {
      const operations = typeof opsPerElement === "function" ? opsPerElement(view) : opsPerElement;
      return {
        outputs: [sameAs(view), ...others(view)],
        operation: { kind: "norm", geometry: { opsPerElement: operations } },
      };
    },
    ...(configuration && { configuration }),
    inPlace: [0],
  };
}

/** Mean and inverse deviation of what is normalised together: the axes from `axis` on shrink to 1. */
export function statistics(view: NodeView, axis: number, dataType: DataType | undefined): readonly InferredType[] {
  const shape = mapShape(view.shape(0), (whole): Shape => {
    const first = normalizeAxis(axis, whole.length);
    return whole.map((size, position) => (position < first ? size : 1));
  });
  return [inferredType(dataType, shape), inferredType(dataType, shape)];
}

const DEFAULT_EPSILON = 1e-5;

/** X, scale, B, mean, var. Training also gives the statistics, which up to opset 13 were two pairs. Source: ONNX, BatchNormalization. */
const BATCH_NORMALIZATION: Operator = {
  describe: (view) => {
    const [mean, variance] = [sameAs(view, 3), sameAs(view, 4)];
    const epsilon = view.int("epsilon", DEFAULT_EPSILON);
    return {
      outputs: [sameAs(view), mean, variance, mean, variance],
      operation: { kind: "norm", geometry: { opsPerElement: NORMALIZATION_OPS.batch, epsilon } },
    };
  },
  lift: liftBatchNorm,
  form: "batch-norm",
  inPlace: [0],
  mixesAlong: (view) => (isTraining(view) ? [0] : []),
};

function liftBatchNorm(layer: NativeLayer): Lifted {
  const { view } = layer;
  if (isTraining(view)) throw new NotLiftable("it is in training mode: it normalises by the samples at hand");
  if (!view.flag("spatial", true)) throw new NotLiftable("it normalises each element by itself");
  const form: Form = {
    kind: "batch-norm",
    scale: layer.weights(1),
    shift: layer.weights(2),
    mean: layer.weights(3),
    variance: layer.weights(4),
    epsilon: layer.operation("norm").geometry.epsilon ?? DEFAULT_EPSILON,
  };
  return layer.lifted(form);
}

/**
 * Said by an attribute since opset 14 and before opset 7, and between by asking for more than one output. Source: ONNX,
 * BatchNormalization, versions 1 to 15.
 */
function isTraining(view: NodeView): boolean {
  const [, ...statistics] = view.node.outputs;
  if (statistics.some((id) => id !== ABSENT)) return true;
  return view.flag("training_mode") || (view.version < 7 && !view.flag("is_test"));
}

/** Since then a BatchNormalization outside training needs not say so. */
const FIRST_WITHOUT_IS_TEST = 7;

async function writeBatchNorm(
  { scale, shift, mean, variance, epsilon }: BatchNormForm,
  writer: NodeWriter,
): Promise<void> {
  const inputs = [writer.input];
  for (const [role, weights] of Object.entries({ scale, shift, mean, variance }))
    inputs.push(await writer.weights(role, weights));
  const isTest = writer.opset < FIRST_WITHOUT_IS_TEST ? { is_test: 1 } : {};
  writer.node("BatchNormalization", inputs, { epsilon, ...isTest });
}

/** X, scale, B. Source: ONNX, InstanceNormalization. */
function liftInstanceNorm(layer: NativeLayer): Lifted {
  const epsilon = layer.view.int("epsilon", DEFAULT_EPSILON);
  return layer.lifted({ kind: "instance-norm", scale: layer.weights(1), shift: layer.weights(2), epsilon });
}

/** X, scale, bias: one for each channel since operator set 21, for each group before. Source: ONNX, GroupNormalization. */
function liftGroupNorm(layer: NativeLayer): Lifted {
  const [scale, shift] = [layer.weights(1), layer.weights(2)];
  const epsilon = layer.view.int("epsilon", DEFAULT_EPSILON);
  return layer.lifted({ kind: "group-norm", groups: layer.view.int("num_groups", 1), scale, shift, epsilon });
}

type Deviation = NonNullable<LayerNormForm["by"]>["deviation"];

/** X, scale, bias?; all axes from the given one on. Source: ONNX, LayerNormalization and RMSNormalization. */
function liftLayerNorm(deviation: Deviation): (layer: NativeLayer) => Lifted {
  return (layer) => {
    const { view } = layer;
    const first = layer.axis(view.int("axis", -1));
    const axes = layer.shape().flatMap((_, axis) => (axis >= first ? [axis] : []));
    const isComputed = [1, 2].some((position) => view.has(position) && !layer.isConstant(position));
    if (isComputed) return layer.lifted({ kind: "layer-norm", axes, by: undefined });
    const [scale, shift] = [layer.optionalWeights(1), layer.optionalWeights(2)];
    const by = { deviation, epsilon: view.int("epsilon", DEFAULT_EPSILON) };
    return layer.lifted({ kind: "layer-norm", axes, by, ...(scale && { scale }), ...(shift && { shift }) });
  };
}

function liftLpNorm(layer: NativeLayer): Lifted {
  return layer.lifted({ kind: "layer-norm", axes: [layer.axis(layer.view.int("axis", -1))], by: undefined });
}

async function writeInstanceNorm({ scale, shift }: InstanceNormForm, writer: NodeWriter): Promise<void> {
  const inputs = [writer.input, await writer.weights("scale", scale), await writer.weights("shift", shift)];
  writer.node("InstanceNormalization", inputs, attributesBefore(writer));
}

async function writeGroupNorm({ groups, scale, shift }: GroupNormForm, writer: NodeWriter): Promise<void> {
  const inputs = [writer.input, await writer.weights("scale", scale), await writer.weights("shift", shift)];
  writer.node("GroupNormalization", inputs, { ...attributesBefore(writer), num_groups: groups });
}

async function writeLayerNorm({ scale, shift }: LayerNormForm, writer: NodeWriter): Promise<void> {
  const { before } = writer.layer;
  const attributes = attributesBefore(writer);
  if (before === undefined || scale === undefined)
    throw new LoweringError(`${writer.layer.name}: its scale is computed while the model runs`);
  const inputs = [writer.input, await writer.weights("scale", scale)];
  if (shift) inputs.push(await writer.weights("shift", shift));
  writer.node(before.op, inputs, attributes);
}

/** What these operators say beside their constants stays as it was. */
function attributesBefore({ layer }: NodeWriter): Readonly<Record<string, Attribute>> {
  if (layer.before) return Object.fromEntries(layer.before.node.attributes);
  throw new LoweringError(`${layer.name}: a layer of kind ${layer.form.kind} cannot be made anew`);
}

export const WRITE_NORMALIZATION: Lowering<NodeWriter> = {
  "batch-norm": writeBatchNorm,
  "instance-norm": writeInstanceNorm,
  "group-norm": writeGroupNorm,
  "layer-norm": writeLayerNorm,
};

export const LAYER_NORMALIZATION = normalization(NORMALIZATION_OPS.layer, (view) =>
  statistics(view, view.int("axis", -1), dataTypeOf(view.int("stash_type", 1))),
);

const RMS_NORMALIZATION = normalization(NORMALIZATION_OPS.rms);

/** RMSNormalization before it had that name: ONNX Runtime writes it, in the default domain, with the inverse deviation as an output. */
export const SIMPLIFIED_LAYER_NORMALIZATION: OperatorRule = normalization(NORMALIZATION_OPS.rms, (view) =>
  statistics(view, view.int("axis", -1), dataTypeOf(view.int("stash_type", 1))).slice(0, 1),
);

function liftLocalResponse(layer: NativeLayer): Lifted {
  if (layer.shape().length < 3) throw new NotLiftable("its input has no spatial axes");
  const { view } = layer;
  const size = view.int("size", 1);
  const around = { before: Math.floor((size - 1) / 2), after: Math.ceil((size - 1) / 2) };
  const [alpha, beta, bias] = [view.int("alpha", 1e-4), view.int("beta", 0.75), view.int("bias", 1)];
  return layer.lifted({ kind: "local-response-norm", ...around, alpha: alpha / size, beta, bias });
}

export const NORMALIZATION: Operators = {
  BatchNormalization: BATCH_NORMALIZATION,
  InstanceNormalization: { ...normalization(NORMALIZATION_OPS.layer), lift: liftInstanceNorm },
  LayerNormalization: { ...LAYER_NORMALIZATION, lift: liftLayerNorm("from-mean") },
  GroupNormalization: { ...normalization(NORMALIZATION_OPS.layer), lift: liftGroupNorm },
  RMSNormalization: { ...RMS_NORMALIZATION, lift: liftLayerNorm("from-zero") },
  SimplifiedLayerNormalization: { ...SIMPLIFIED_LAYER_NORMALIZATION, lift: liftLayerNorm("from-zero") },
  LRN: { ...normalization((view) => 2 * view.int("size", 1) + LRN_OPS), lift: liftLocalResponse },
  MeanVarianceNormalization: {
    ...normalization(NORMALIZATION_OPS.mean),
    // The batch is among those that it takes where the node says none. Source: ONNX, MeanVarianceNormalization.
    mixesAlong: (view) => view.ints("axes") ?? [0, 2, 3],
  },
  LpNormalization: {
    ...normalization(NORMALIZATION_OPS.lp),
    lift: liftLpNorm,
    mixesAlong: (view) => [view.int("axis", -1)],
  },
};
