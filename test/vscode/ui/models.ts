import { graph, node, onnxModel, value } from "../../builders/onnx-builder.ts";
import { tfliteModel } from "../../builders/tflite-builder.ts";

/** Models made on the spot, for what no sample shows. */

/** `rows` activations, one after the other, named /block.0/Relu, /block.1/Sigmoid, … */
export function longChain(rows: number): Uint8Array {
  const ops = ["Relu", "Sigmoid", "Tanh"];
  const nodes = Array.from({ length: rows }, (_, row) => {
    const op = ops[row % ops.length] ?? "Relu";
    return node(op, [`t${row}`], [`t${row + 1}`], {}, { name: `/block.${row}/${op}` });
  });
  const input = value("t0", "float32", [1, 8, 4, 4]);
  return onnxModel({ graph: graph(nodes, { inputs: [input], outputs: [`t${rows}`] }) });
}

/** A row that Edgewise has no rule for, behind one that it has. */
export function unknownOperator(): Uint8Array {
  const nodes = [
    node("Relu", ["x"], ["y"], {}, { name: "known" }),
    node("FoldSpace", ["y"], ["z"], {}, { name: "mystery", domain: "com.acme" }),
  ];
  const model = { graph: graph(nodes, { inputs: [value("x", "float32", [1, 4])], outputs: ["z"] }) };
  return onnxModel({ ...model, opset: { "": 17, "com.acme": 1 } });
}

/** Sums two inputs of 1×4×4×8. */
export function tfliteSum(): Uint8Array {
  const shape = [1, 4, 4, 8];
  return tfliteModel({
    tensors: ["left", "right", "sum"].map((name) => ({ name, shape })),
    operators: [{ op: "ADD", inputs: ["left", "right"], outputs: ["sum"] }],
    inputs: ["left", "right"],
    outputs: ["sum"],
  });
}
