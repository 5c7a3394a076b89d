import { WhileOptionsT } from "../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { tfliteModel, type SubgraphSpec, type TensorSpec } from "./tflite-builder.ts";

/** Weights of both signatures, which stand in the file once: outputs are sums of the inputs' first 3 elements, weighted. */
const SHARED: TensorSpec = { name: "weights", shape: [2, 4], data: [1, 2, 3, 0, 4, 5, 6, 0], buffer: "weights" };

/**
 * A model of two signatures and a loop. "encode" (the main subgraph) is a dense layer; "decode" the same weights, tripled, behind a loop of
 * condition `going` and body `turn` that runs once where its counter is given as 0.
 */
export function severalEntries(): Uint8Array {
  const encode: SubgraphSpec = {
    name: "encoder",
    tensors: [{ name: "x", shape: [1, 4] }, SHARED, { name: "sums", shape: [1, 2] }, { name: "y", shape: [1, 2] }],
    operators: [
      { op: "FULLY_CONNECTED", inputs: ["x", "weights", -1], outputs: ["sums"] },
      { op: "RELU", inputs: ["sums"], outputs: ["y"] },
    ],
    inputs: ["x"],
    outputs: ["y"],
  };
  const going: SubgraphSpec = {
    name: "going",
    tensors: [
      { name: "count", type: "int32", shape: [], hasRank: true },
      { name: "state", shape: [1, 4] },
      { name: "one", type: "int32", shape: [], hasRank: true, data: [1] },
      { name: "more", type: "bool", shape: [], hasRank: true },
    ],
    operators: [{ op: "LESS", inputs: ["count", "one"], outputs: ["more"] }],
    inputs: ["count", "state"],
    outputs: ["more"],
  };
  const turn: SubgraphSpec = {
    name: "turn",
    tensors: [
      { name: "count", type: "int32", shape: [], hasRank: true },
      { name: "state", shape: [1, 4] },
      { name: "one", type: "int32", shape: [], hasRank: true, data: [1] },
      { name: "three", shape: [1, 4], data: [3, 3, 3, 3] },
      { name: "counted", type: "int32", shape: [], hasRank: true },
      { name: "tripled", shape: [1, 4] },
    ],
    operators: [
      { op: "ADD", inputs: ["count", "one"], outputs: ["counted"] },
      { op: "MUL", inputs: ["state", "three"], outputs: ["tripled"] },
    ],
    inputs: ["count", "state"],
    outputs: ["counted", "tripled"],
  };
  const decode: SubgraphSpec = {
    name: "decoder",
    tensors: [
      { name: "start", type: "int32", shape: [], hasRank: true },
      { name: "z", shape: [1, 4] },
      { name: "end", type: "int32", shape: [], hasRank: true },
      { name: "tripled", shape: [1, 4] },
      SHARED,
      { name: "sums", shape: [1, 2] },
      { name: "w", shape: [1, 2] },
    ],
    operators: [
      { op: "WHILE", inputs: ["start", "z"], outputs: ["end", "tripled"], options: new WhileOptionsT(1, 2) },
      { op: "FULLY_CONNECTED", inputs: ["tripled", "weights", -1], outputs: ["sums"] },
      { op: "RELU", inputs: ["sums"], outputs: ["w"] },
    ],
    inputs: ["start", "z"],
    outputs: ["w"],
  };
  return tfliteModel({
    ...encode,
    subgraphs: [going, turn, decode],
    signatures: [
      { key: "encode", subgraph: 0, inputs: { x: 0 }, outputs: { y: 3 } },
      { key: "decode", subgraph: 3, inputs: { start: 0, z: 1 }, outputs: { w: 6 } },
    ],
  });
}
