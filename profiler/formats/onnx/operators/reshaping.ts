import type { Shape } from "../../../model/shape.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import { reshapeTarget, type NativeLayer } from "../../../neutral/native-layer.ts";
import type { Fold, Operators } from "../../../neutral/operator.ts";
import { reshapedWeights } from "../../../neutral/weights.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import { renamedView, reshapedView } from "../../../operators/reshaped-view.ts";
import { flattenShape, reshapeShape, squeezeShape, unsqueezeShape } from "../../../shapes/reshape.ts";
import { listSetting, mapShape, numbersOf, unknownSizes } from "./inferred-types.ts";

/** The target is an attribute in opset 1 and an input since. */
function reshaped(node: NodeView): Shape | undefined {
  const target = listSetting(node, "shape", 1);
  if (target.kind === "given") {
    return reshapeShape(node.shape(0), target.list, { zeroCopies: !node.flag("allowzero") });
  }
  return target.kind === "open" && target.length !== undefined ? unknownSizes(target.length) : undefined;
}

/** Axes are an attribute before opset 13 and an input since; without any, all sizes of 1 go. */
function squeezed(node: NodeView): Shape | undefined {
  const axes = listSetting(node, "axes", 1);
  const shape = node.shape(0);
  if (axes.kind === "open") return remaining(shape, axes.length, -1);
  return mapShape(shape, (known) => squeezeShape(known, numbersOf(axes)));
}

function unsqueezed(node: NodeView): Shape | undefined {
  const axes = listSetting(node, "axes", 1);
  const shape = node.shape(0);
  if (axes.kind === "open") return remaining(shape, axes.length, 1);
  return mapShape(shape, (known) => unsqueezeShape(known, numbersOf(axes) ?? []));
}

/** The rank is known even when the axes that go or come are not. */
function remaining(shape: Shape | undefined, axes: number | undefined, direction: 1 | -1): Shape | undefined {
  return shape && axes !== undefined ? unknownSizes(shape.length + direction * axes) : undefined;
}

/** Any operator that gives the same elements another shape: the sizes tell which. */
function liftReshape(layer: NativeLayer): Lifted {
  return layer.lifted({ kind: "reshape", target: reshapeTarget(layer.shape(), layer.output().shape) });
}

const foldReshape: Fold = (_, { shape }, input) => {
  const weights = input();
  return weights && reshapedWeights(weights, shape);
};

const RESHAPE = { lift: liftReshape, fold: foldReshape };

/** Operators that give the same bytes another shape or name. */
export const RESHAPING: Operators = {
  Identity: {
    ...renamedView((node) => node.input(0)),
    lift: (layer) => layer.lifted({ kind: "identity" }),
    fold: (_, __, input) => input(),
  },
  Reshape: { ...reshapedView(reshaped), ...RESHAPE },
  Flatten: {
    ...reshapedView((node) => mapShape(node.shape(0), (shape) => flattenShape(shape, node.int("axis", 1)))),
    ...RESHAPE,
  },
  Squeeze: { ...reshapedView(squeezed), ...RESHAPE },
  Unsqueeze: { ...reshapedView(unsqueezed), ...RESHAPE },
};
