import { elementsOf, type Dimension, type Shape } from "../../../model/shape.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import { reshapeTarget } from "../../../neutral/native-layer.ts";
import type { Fold } from "../../../neutral/operator.ts";
import { reshapedWeights } from "../../../neutral/weights.ts";
import { inferredType, unknownSizes } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { reshapedView } from "../../../operators/reshaped-view.ts";
import { reshapeShape, squeezeShape, unsqueezeShape } from "../../../shapes/reshape.ts";
import type { TfliteLayer } from "../restructure/tflite-layer.ts";
import { elementBytes, listInput, outputType, type Rules } from "./common.ts";

/** The target is an input, or an option in old files; a lone 0 there stood for a scalar. */
function reshaped(node: NodeView): Shape | undefined {
  const option = node.ints("new_shape");
  const isOldScalar = option?.length === 1 && option[0] === 0;
  const target = node.has(1) ? listInput(node, 1) : isOldScalar ? [] : (option ?? []);
  const input = node.shape(0);
  if (target === undefined) return undefined;
  if (node.has(1) && node.value(1) === undefined) return target;
  return input === undefined
    ? openTarget(target)
    : reshapeShape(input, adapted(input, target, node), { zeroCopies: false });
}

const openTarget = (target: readonly Dimension[]): Shape =>
  target.map((size) => (size === -1 ? (unknownSizes(1)[0] ?? 0) : size));

/**
 * Converters write the batch they were run with into the target where the model's own source left it open. When the input has another
 * size now, the first size of such a target is what is left.
 */
function adapted(input: Shape, target: readonly Dimension[], node: NodeView): readonly Dimension[] {
  const [first, ...rest] = target;
  const asked = elementsOf(target);
  const found = elementsOf(input);
  const isFixed = asked !== undefined && found !== undefined && !target.includes(-1) && first !== undefined;
  if (!isFixed || asked === found) return target;
  const others = elementsOf(rest) ?? 0;
  if (others === 0 || found % others !== 0) return target;
  node.note("The stored target shape does not fit the input: its first size is computed.");
  return [-1, ...rest];
}

function squeezed(node: NodeView): Shape | undefined {
  const shape = node.shape(0);
  return shape && squeezeShape(shape, node.ints("squeeze_dims"));
}

function expanded(node: NodeView): Shape | undefined {
  const shape = node.shape(0);
  const axis = node.number(1);
  if (shape === undefined) return undefined;
  return axis === undefined ? unknownSizes(shape.length + 1) : unsqueezeShape(shape, [axis]);
}

/** The same bytes as elements of another width: the last axis splits, or is joined. */
const BITCAST: OperatorRule = {
  infer: (node) => {
    const type = outputType(node);
    const shape = node.shape(0);
    const from = elementBytes(node.dataType(0));
    const to = elementBytes(type);
    if (shape === undefined || from === undefined || to === undefined) return [inferredType(type, undefined)];
    if (from === to) return [inferredType(type, shape)];
    return [inferredType(type, from > to ? [...shape, from / to] : shape.slice(0, -1))];
  },
  kind: "reshape",
  isView: true,
  inPlace: [0],
};

/** Any operator that gives the same elements another shape: the sizes tell which. */
function liftReshape(layer: TfliteLayer): Lifted {
  return layer.lifted({ kind: "reshape", target: reshapeTarget(layer.shape(), layer.output().shape) });
}

const foldReshape: Fold = (_, { shape }, input) => {
  const weights = input();
  return weights && reshapedWeights(weights, shape);
};

const RESHAPE = { lift: liftReshape, fold: foldReshape };

/** Operators that give the same bytes another shape or name. */
export const RESHAPING: Rules = {
  RESHAPE: { ...reshapedView(reshaped), ...RESHAPE },
  SQUEEZE: { ...reshapedView(squeezed), ...RESHAPE },
  EXPAND_DIMS: { ...reshapedView(expanded), ...RESHAPE },
  BITCAST,
  STABLEHLO_RESHAPE: {
    ...reshapedView((node) =>
      node.declaredOutput(0)?.shape?.map((size) => (typeof size === "number" ? size : (unknownSizes(1)[0] ?? 0))),
    ),
    configuration: [],
  },
};
