import { fixed, NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";
import type { Lift } from "./lift-rule.ts";

/** X, shape. Source: ONNX, Expand. */
const EXPAND: Lift = (layer) => layer.lifted({ kind: "expand", target: layer.view.numbers(1) });

function depthToSpace(kind: "depth-to-space" | "space-to-depth"): Lift {
  return (layer) =>
    layer.lifted({
      kind,
      block: layer.view.int("blocksize", 1),
      isGrouped: kind === "depth-to-space" && layer.view.text("mode", "DCR") === "CRD",
    });
}

/** One position alone: several would be another order of the elements. */
const GATHER: Lift = (layer) => {
  const index = scalarIndex(layer);
  const axis = layer.axis(layer.view.int("axis", 0));
  const size = fixed(layer.shape()[axis], "the size of its input");
  return layer.lifted({ kind: "select", axis, index: index < 0 ? index + size : index });
};

function scalarIndex({ view }: NativeLayer): number {
  const index = view.shape(1)?.length === 0 ? view.number(1) : undefined;
  if (index === undefined) throw new NotLiftable("it picks several elements, or others at each run");
  return index;
}

export const LIFT_REARRANGED: Readonly<Record<string, Lift>> = {
  Expand: EXPAND,
  DepthToSpace: depthToSpace("depth-to-space"),
  SpaceToDepth: depthToSpace("space-to-depth"),
  Gather: GATHER,
};
