import { bitsOf, isInteger } from "../../../model/data-type.ts";
import { elementsOf } from "../../../model/shape.ts";
import { convForm } from "../../../neutral/window-forms.ts";
import type { Weights } from "../../../neutral/weights.ts";
import { NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";
import { dequantizedElements, permutedWeights } from "../../../neutral/stored-weights.ts";
import { liftBlockProduct } from "./block-products.ts";
import type { Lift } from "./lift-rule.ts";

/** Operators on stored integers, as ONNX Runtime's quantizer writes them (QOperator): scales and zero points are inputs. */

const FEWEST_BITS = 8;

interface Places {
  readonly stored: number;
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Weights as the real numbers they stand for. @param axis of the output channels. @throws {NotLiftable} */
function weightsAt(layer: NativeLayer, { stored, scale, zeroPoint }: Places, axis: number): Weights {
  const [integers, scales, zeros] = [layer.constant(stored), layer.constant(scale), layer.constant(zeroPoint)];
  if (integers === undefined || scales === undefined) throw new NotLiftable("its weights are not constants");
  const { dataType, shape } = integers;
  if (!isInteger(dataType) || (bitsOf(dataType) ?? 0) < FEWEST_BITS)
    throw new NotLiftable(`its weights are ${dataType}`);
  const isOne = elementsOf(scales.shape) === 1;
  const known = layer.view.numbers(scale);
  const points = layer.view.has(zeroPoint) ? layer.view.numbers(zeroPoint) : [0];
  const along = isOne ? undefined : axis;
  const granularity = isOne ? { granularity: "tensor" as const } : { granularity: "channel" as const, axis };
  return {
    shape,
    dataType,
    ...(known && points && { quantization: { ...granularity, scales: known, zeroPoints: points } }),
    read: async () =>
      dequantizedElements(await integers.read(), shape, {
        axis: along,
        scales: await scales.read(),
        zeroPoints: (await zeros?.read()) ?? [0],
      }),
  };
}

/** A bias in the scales of input and weights multiplied. */
function biasAt(layer: NativeLayer, position: number, inputScale: number, weightScale: number): Weights | undefined {
  if (!layer.view.has(position)) return undefined;
  const stored = layer.constant(position);
  const [input, weight] = [layer.constant(inputScale), layer.constant(weightScale)];
  if (!stored || !input || !weight) throw new NotLiftable("its bias is not a constant");
  const { shape, dataType } = stored;
  return {
    shape,
    dataType,
    read: async () => {
      const [scale = 1] = await input.read();
      const scales = (await weight.read()).map((each) => each * scale);
      const axis = scales.length > 1 ? shape.length - 1 : undefined;
      return dequantizedElements(await stored.read(), shape, { axis, scales, zeroPoints: [0] });
    },
  };
}

const CONV: Lift = (layer) => {
  const weight = weightsAt(layer, { stored: 3, scale: 4, zeroPoint: 5 }, 0);
  const bias = biasAt(layer, 8, 1, 4);
  if (layer.view.flag("channels_last")) throw new NotLiftable("it has its channels last");
  return layer.lifted(convForm(layer.operation("conv").geometry, { weight, bias }));
};

const MATMUL: Lift = (layer) => {
  const stored = weightsAt(layer, { stored: 3, scale: 4, zeroPoint: 5 }, 1);
  if (stored.shape.length !== 2) throw new NotLiftable("its weights are not a matrix");
  return layer.lifted({
    kind: "dense",
    weight: permutedWeights(stored, [1, 0]),
    bias: undefined,
    activation: undefined,
  });
};

const GEMM: Lift = (layer) => {
  const { view } = layer;
  const alpha = view.attribute("alpha") ?? 1;
  if (view.flag("transA") || alpha !== 1) throw new NotLiftable("it transposes or scales its input");
  const isTransposed = view.flag("transB");
  const stored = weightsAt(layer, { stored: 3, scale: 4, zeroPoint: 5 }, isTransposed ? 0 : 1);
  const weight = isTransposed ? stored : permutedWeights(stored, [1, 0]);
  return layer.lifted({ kind: "dense", weight, bias: biasAt(layer, 6, 1, 4), activation: undefined });
};

const elementwise =
  (fn: "add" | "multiply"): Lift =>
  (layer) => {
    if (layer.isConstant(0) || layer.isConstant(3)) throw new NotLiftable("one of its operands is a constant");
    return layer.lifted(
      { kind: "elementwise", fn, constant: undefined, isConstantFirst: false, activation: undefined },
      [0, 3],
    );
  };

const CONCAT: Lift = (layer) => {
  const positions = layer.view.inputs.flatMap((_, position) =>
    position >= 2 && (position - 2) % 3 === 0 ? [position] : [],
  );
  const rank = layer.output().shape?.length;
  if (rank === undefined) throw new NotLiftable("its rank is unknown");
  return layer.lifted(
    { kind: "concat", axis: layer.axis(layer.view.int("axis", 0), rank), activation: undefined },
    positions,
  );
};

const UNARY: Lift = (layer) => layer.lifted({ kind: "unary", fn: undefined });

const GLOBAL_POOL: Lift = (layer) => {
  if (layer.view.flag("channels_last") || layer.shape().length < 3) throw new NotLiftable("it has its channels last");
  const none: readonly number[] = [];
  const windows = { kernel: none, strides: none, dilations: none, padsBegin: none, padsEnd: none };
  return layer.lifted({
    kind: "pool",
    mode: "average",
    isGlobal: true,
    ...windows,
    countsPadding: false,
    ceils: false,
    activation: undefined,
  });
};

export const LIFT_QUANTIZED: Readonly<Record<string, Lift>> = {
  MatMulNBits: liftBlockProduct,
  QLinearConv: CONV,
  QLinearMatMul: MATMUL,
  QGemm: GEMM,
  QLinearAdd: elementwise("add"),
  QLinearMul: elementwise("multiply"),
  QLinearConcat: CONCAT,
  QLinearSigmoid: UNARY,
  QLinearLeakyRelu: UNARY,
  QLinearGlobalAveragePool: GLOBAL_POOL,
};
