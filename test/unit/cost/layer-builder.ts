import type { Layer, LayerTensor } from "../../../profiler/layers/layer.ts";
import type { DataType } from "../../../profiler/model/data-type.ts";
import type { Node } from "../../../profiler/model/model.ts";
import { elementsOf, type Shape } from "../../../profiler/model/shape.ts";
import { bytesOf } from "../../../profiler/model/data-type.ts";
import type { ConstantOrigin } from "../../../profiler/operators/inferred-type.ts";

/** Layers as inference would list them, made by hand. */

type TensorOptions = Partial<Pick<LayerTensor, "use" | "constant" | "container" | "isVariable">> & {
  readonly dataType?: DataType;
};

/** A float32 tensor whose key is its name. */
export function tensor(name: string, shape: Shape | undefined, options: TensorOptions = {}): LayerTensor {
  return { dataType: "float32", use: "data", ...options, name, key: name, shape };
}

export function omitted(): LayerTensor {
  return { dataType: undefined, shape: undefined, name: "", key: "", use: "data" };
}

/** Where a weight comes from: keep the object to use one weight twice. */
export function origin(name: string, shape: Shape, dataType: DataType = "float32"): ConstantOrigin {
  const elements = elementsOf(shape);
  return { name, elements, dataType, storedBytes: elements === undefined ? undefined : bytesOf(dataType, elements) };
}

export function weight(name: string, shape: Shape, dataType: DataType = "float32"): LayerTensor {
  return tensor(name, shape, { dataType, constant: origin(name, shape, dataType) });
}

type LayerOptions = Partial<Omit<Layer, "name" | "node">>;

/** One row; `operation` defaults to an element-wise one of one operation an element. */
export function layer(name: string, options: LayerOptions): Layer {
  return {
    op: "Test",
    operation: { kind: "elementwise", geometry: { opsPerElement: 1 } },
    path: [],
    inputs: [],
    outputs: [],
    role: "compute",
    repeats: 1,
    isCounted: true,
    isView: false,
    inPlace: [],
    notes: [],
    ...options,
    name,
    node: NODE,
  };
}

export function listed(...rows: readonly Layer[]): readonly Layer[] {
  return rows;
}

const NODE: Node = {
  index: 0,
  name: "",
  domain: "",
  op: "Test",
  version: 1,
  inputs: [],
  outputs: [],
  attributes: new Map(),
  bodies: [],
};
