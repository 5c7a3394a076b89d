import type { Dimension, Shape } from "../../../model/shape.ts";
import { isSameType, mergeTypes } from "../../../operators/merge-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import { product, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { inferredType, mapShape, runtimeSize } from "./inferred-types.ts";

/** Up to opset 8 a batch axis stands before the scanned one and the lengths of the sequences before all inputs. */
const LAST_WITH_BATCH = 8;

/** A body run once for each slice of the scanned inputs; states are carried from one run to the next, other outputs are stacked. */
export const SCAN: OperatorRule = {
  infer: () => [],
  kind: "control",
  configuration: (view) => (isBatched(view) ? [0] : []),
  control: {
    bodyInputs: (view) => [
      ...states(view).map((state) => inferredType(state.dataType, state.shape?.slice(isBatched(view) ? 1 : 0))),
      ...scanned(view).map((input, position) => {
        const slice = mapShape(input.shape, (shape) => sliceOf(view, shape, position));
        return inferredType(input.dataType, slice);
      }),
    ],
    widened: (view, _body, inputs, outputs) => {
      const count = states(view).length;
      const next = inputs.map((input, position) => {
        const handedOn = position < count ? outputs[position] : undefined;
        if (handedOn === undefined) return input;
        const { dataType, shape } = mergeTypes(input, handedOn, (axis) => runtimeSize(view, `scan${axis}`, position));
        return inferredType(dataType, shape);
      });
      return next.every((merged, position) => isSameType(merged, inputs[position] ?? merged)) ? undefined : next;
    },
    outputs: (view, [outputs = []]) => {
      const count = states(view).length;
      return outputs.map(({ dataType, shape }, position) =>
        inferredType(
          dataType,
          shape && (position < count ? withBatch(view, shape) : stackedShape(view, shape, position - count)),
        ),
      );
    },
    trips: (view) => {
      const [first] = scanned(view);
      if (first?.shape === undefined) return undefined;
      const runs = isBatched(view) ? product(first.shape.slice(0, 2)) : lengthOf(view);
      return typeof runs === "number" ? runs : undefined;
    },
  },
};

function isBatched(view: NodeView): boolean {
  return view.version <= LAST_WITH_BATCH;
}

function allInputs(view: NodeView): InferredType[] {
  return view.inputs.map((_, index) => view.input(index)).slice(isBatched(view) ? 1 : 0);
}

function states(view: NodeView): InferredType[] {
  const inputs = allInputs(view);
  return inputs.slice(0, Math.max(0, inputs.length - view.int("num_scan_inputs", 0)));
}

function scanned(view: NodeView): InferredType[] {
  return allInputs(view).slice(states(view).length);
}

function scanAxis(view: NodeView, attribute: string, position: number, rank: number): number {
  return normalizeAxis(view.ints(attribute)?.[position] ?? 0, rank);
}

function sliceOf(view: NodeView, shape: Shape, position: number): Shape {
  return isBatched(view)
    ? shape.slice(2)
    : shape.toSpliced(scanAxis(view, "scan_input_axes", position, shape.length), 1);
}

function lengthOf(view: NodeView): Dimension {
  const lengths = scanned(view).flatMap(({ shape }, position) => {
    if (shape === undefined) return [];
    return [shape[isBatched(view) ? 1 : scanAxis(view, "scan_input_axes", position, shape.length)] ?? UNKNOWN_SIZE];
  });
  return lengths.find((length) => typeof length === "number") ?? lengths[0] ?? UNKNOWN_SIZE;
}

function withBatch(view: NodeView, shape: Shape): Shape {
  return isBatched(view) ? [scanned(view)[0]?.shape?.[0] ?? UNKNOWN_SIZE, ...shape] : shape;
}

function stackedShape(view: NodeView, slice: Shape, position: number): Shape {
  if (isBatched(view)) return withBatch(view, [lengthOf(view), ...slice]);
  return slice.toSpliced(scanAxis(view, "scan_output_axes", position, slice.length + 1), 0, lengthOf(view));
}
