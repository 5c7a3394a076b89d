import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import { TFLITE_OPERATORS } from "../../../profiler/formats/tflite/operators/index.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { inferGraph, type InferredGraph, type InferredNode } from "../../../profiler/operators/infer.ts";
import { bindInputs } from "../../../profiler/bindings.ts";
import { NO_GROUPS } from "../../../profiler/layers/operator-group.ts";
import { listLayers } from "../../../profiler/layers/list-layers.ts";
import { costLayers } from "../../../profiler/cost/cost-layers.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { tfliteModel, type OperatorSpec, type TensorSpec, type TfliteSpec } from "../../builders/tflite-builder.ts";

export function readBytes(bytes: Uint8Array): Promise<Model> {
  return readTflite(new MemorySource("test.tflite", bytes));
}

export function readSpec(spec: TfliteSpec): Promise<Model> {
  return readBytes(tfliteModel(spec));
}

/** Inference over the main entry, with the sizes of the file. */
export function infer(model: Model): InferredGraph {
  const context = { model, operators: TFLITE_OPERATORS, checksDeclared: true };
  return inferGraph(context, model.entries[0].graph, bindInputs(model, {}).inferredTypes);
}

/** A case of one operator: what it is given, and what comes out. Tensors with data are constants, all others inputs. */
export interface OperatorCase {
  readonly op: OperatorSpec["op"];
  readonly inputs: readonly (TensorSpec | undefined)[];
  readonly options?: OperatorSpec["options"];
  readonly customOptions?: Uint8Array;
  /** Types of the outputs; their stored shapes are deliberately wrong, so that a copied one would show. */
  readonly outputs?: readonly TensorSpec["type"][];
}

const WRONG_SHAPE = [91, 97];

export async function inferOperator(operator: OperatorCase): Promise<InferredNode & { shapes: readonly unknown[] }> {
  const given = operator.inputs.filter((tensor) => tensor !== undefined);
  const outputs = (operator.outputs ?? ["float32"]).map((type): TensorSpec => ({
    ...(type && { type }),
    shape: WRONG_SHAPE,
  }));
  const tensors = [...given, ...outputs];
  const isInput = (tensor: TensorSpec): boolean => tensor.data === undefined && tensor.isVariable !== true;
  const model = await readSpec({
    tensors,
    inputs: given.flatMap((tensor, index) => (isInput(tensor) ? [index] : [])),
    outputs: outputs.map((_, index) => given.length + index),
    operators: [
      {
        op: operator.op,
        inputs: operator.inputs.map((tensor) => (tensor === undefined ? -1 : given.indexOf(tensor))),
        outputs: outputs.map((_, index) => given.length + index),
        ...(operator.options && { options: operator.options }),
        ...(operator.customOptions && { customOptions: operator.customOptions }),
      },
    ],
  });
  const graph = infer(model);
  const [node] = graph.nodes;
  if (node === undefined) throw new Error("the operator was lost");
  return { ...node, shapes: node.node.outputs.map((id) => graph.inferredTypes[id]?.shape) };
}

/** MACs of the layers, in order. */
export function macs(model: Model): readonly (number | null)[] {
  const { layers } = listLayers([{ name: "main", inferred: infer(model), isProfiled: true }], NO_GROUPS);
  const costed = costLayers(layers, {
    fileBytes: model.fileBytes,
    hardware: DEFAULT_HARDWARE,
    inputKeys: [],
    outputKeys: [],
  });
  return costed.layers.map((layer) => layer.macs);
}
